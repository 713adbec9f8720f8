"""Callbacks: what people do with an incident at a pager or in a chat, from the webhooks of these.

Read `callback` (the shared part), `pagerduty`, `jsm`, `slack`.

May import: errors, ports, records, aiops_connectors.payloads, aiops_connectors.signatures.
"""
