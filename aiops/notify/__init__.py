"""Notifications: which endpoint is notified of what, and the delivery of the outbox.

Read `policy` and `news` (the decision, inside the store's transaction), then `dispatcher` (delivery),
`endpoint_queue`, `rate` and `retry` (pace), `outcomes` (what an answer changes), `worker_threads`, `status` (health
and metrics).

May import: config, engine, errors, http, ports, records, store, telemetry, wording.
"""
