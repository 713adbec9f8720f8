"""HTTP ingest: alerts posted by monitoring tools.

Read `source` (the server), `ingest` (one request), `options`, `admission` (who may send), `address_token`,
`client_certificates`.

May import: errors, http, options, ports, records, telemetry, version, aiops_connectors.mapping,
aiops_connectors.payloads, aiops_connectors.signatures.
"""
