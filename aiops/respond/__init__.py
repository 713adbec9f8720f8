"""Playbooks: format, matching, guards, dry runs, guarded runs and their audit trail.

Read `format`, `steps` and `parameters` (a document), `catalogue`, `matching` and `situation` (which one fits),
`plans` and `guards` (a dry run), `runs`, `execution` and `rollback` (a run), `audit` and `history` (what happened),
`transport` (requests), `step_registry` and `systems` (kinds of steps, and where they are sent), `gate` (what may be
sent), `lint` and `playbook_tests` (checks of a document).

May import: durations, errors, http, matchers, options, patterns, ports, private, records, registry,
score, step_kinds, topology, wording, yaml_depth.
"""
