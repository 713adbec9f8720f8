"""Incidents: open, update, merge, split, resolve and reopen them; group alerts during a storm.

On the way of an alert: `episodes` (streams in their clusters), `repeats`, `storm_grouping`, `assignment` (the cluster),
`triage` (incident or background), `noise_gate` (with `sights`), `opening`. As time passes: `expiry`, `lifecycle`,
`due`, `silence_checks`. The rest holds (`clusters`, `returns`, `state`, `storm`) and shows (`incident_record`,
`summary`, `affected`, `coverage`, `announced`, `identities`).

May import: engine.correlate, engine.dedup, engine.detect, engine.noise, engine.silences, errors, ports, records,
topology, wording.
"""
