"""One HTTP toolkit for pages, connectors and sinks: server, client, and the guards of both.

Server: `server`, `client_connections`, `body`, `multipart`, `auth`, `site_address`, `attempts`, `prefix`. Client:
`client`, `connections`, `proxies`, `network_guard`, `answers`, `signing`, `redaction`.

May import: errors, ports, version.
"""
