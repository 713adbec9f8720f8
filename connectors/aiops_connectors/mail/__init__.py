"""Alerts by e-mail: a Maildir that a mail server fills, or an SMTP or LMTP listener.

Read `source` (both), `maildir`, `listener`, `options`.

May import: errors, http, options, ports, records, aiops_connectors.mapping, aiops_connectors.payloads.
"""
