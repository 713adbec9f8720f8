"""Kits for authors of plugins and playbooks, and daemons, brokers and clusters for tests.

Read `sources`, `sinks`, `steps`, `databases` and `playbooks` (conformance kits), `receiver` (an HTTP server that
records), `daemon_process` (`aiops run` in a process), `kafka`, `postgresql` and what they start, `kubernetes_server` (a
stand-in for a Kubernetes API server).

May import: app, daemon, detectors, errors, ports, records, registry, respond, step_kinds, topology.
"""
