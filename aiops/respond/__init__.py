"""Playbooks: format, matching, guards, dry runs, guarded runs and their audit trail.

Read `format`, `steps` and `parameters` (a document), `catalogue`, `matching` and `situation` (which one fits),
`plans` and `guards` (a dry run), `runs`, `execution` and `rollback` (a run), `audit` and `history` (what happened),
`transport` (requests), `lint` and `playbook_tests` (checks of a document).

May import: durations, errors, http, matchers, patterns, ports, private, records, topology, wording, yaml_depth.
"""
