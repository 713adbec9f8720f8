"""Logs, metrics and traces of the process itself.

Read `logs` and `log_repeats`, `metrics` (the text format of Prometheus), `trace` (spans as the rest of the code sees
them), `tracing`, `exports` and `otel` (export to a collector, loaded only where it is configured).

May import: config, errors, http, version.
"""
