"""Connectors: sources of records, sinks of notifications, and mappings of foreign payloads.

A file or a folder a technology: `kafka`, `http`, `file`; `pagerduty`, `jsm`, `slack`, `teams`, `alertmanager`,
`webhook`, `email`, `chat`, `template`; `kubernetes` is a kind of steps. They share `sinks`, `texts` and `payloads`, and
`mapping`, the language of `mappings/*.yaml`.

May import: archive, backoff, durations, errors, http, options, patterns, ports, records, step_kinds, telemetry,
testing, verdict, version, wording, yaml_depth, zones.
"""
