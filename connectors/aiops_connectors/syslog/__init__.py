"""Syslog as a source: messages over UDP, TCP and TLS (RFC 5424 to 5426, RFC 6587).

Read `source` (the listener), `frames` (messages of a stream), `options`.

May import: errors, http, options, ports, records, aiops_connectors.mapping, aiops_connectors.payloads.
"""
