"""Databases that collectors read: one statement on a read-only transaction, bounded on the server.

Read `postgresql` (the plugin), `select_text` (what a statement may be), `sessions` (how a session is opened and ended)
and `roles` (what the role of a session may not be). `example` is a real server for tests.

May import: errors, http, step_kinds, testing.
"""
