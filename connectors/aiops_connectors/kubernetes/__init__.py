"""Kubernetes: typed operations on workloads, pods and nodes, as what is read before, sent, and read afterwards.

Read `form` (a step as it is written), `names` and `resources` (URLs), `objects` (answers), `refusals` (what is never
changed), then one module an operation: `restart`, `scaling`, `rollback`, `cordon`, `eviction`. `rollouts` reads whether
a rollout worked, `dry_runs` what a server-side dry run answered.

May import: durations, errors, step_kinds.
"""
