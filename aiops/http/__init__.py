"""One HTTP toolkit for the pages, the connectors and the sinks: server, client, and what keeps both safe.

Server: `server`, `client_connections`, `body`, `auth`, `site_address`, `attempts`, `prefix`. Client: `client`,
`connections`, `network_guard`, `answers`, `signing`, `redaction`.

May import: errors, ports, version.
"""
