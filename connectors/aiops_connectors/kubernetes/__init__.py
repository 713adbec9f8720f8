"""Kubernetes: typed operations on workloads, pods and nodes, as the requests of their steps.

Read `form` (a step as it is written), `names` and `resources` (URLs), `objects` (answers), `refusals` (what is never
changed), then one module an operation: `restart`, `scaling`, `rollback`, `cordon`, `eviction`. `rollouts` reads whether
a rollout worked; `patches` are the conditions of a change.

May import: durations, errors, step_kinds.
"""
