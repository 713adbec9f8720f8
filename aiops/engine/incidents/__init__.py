"""Incidents: open, update, merge, split, resolve and reopen them; group alerts during a storm.

Read `clusters` (members and their end), `triage` (incident or background), `lifecycle`, `storm` and `storm_grouping`,
`summary` (the incident as people see it), `actions` (what operators do), `announced` (what was reported of it).

May import: engine.correlate, engine.dedup, engine.detect, engine.silences, errors, ports, records, topology, wording.
"""
