"""HTTP ingest: alerts posted by monitoring tools.

Read `source` (the server), `ingest` (one request), `options`, `signatures` (signed webhooks), `alertmanager_api`.

May import: errors, http, options, ports, records, telemetry, version, aiops_connectors.mapping,
aiops_connectors.payloads.
"""
