"""Notifications: which endpoint is notified of what, and the delivery of the outbox.

Read `policy`, `news`, `routes` and `inhibition` (the decision, inside the store's transaction), `held_openings` (what
waits, looked at again), then `dispatcher` (delivery), `endpoint_queue`, `rate` and `retry` (pace), `outcomes` (what an
answer changes), `worker_threads`, `status` (health and metrics).

May import: config, engine, errors, http, ports, records, routing, store, telemetry,
topology, verdict, wording.
"""
