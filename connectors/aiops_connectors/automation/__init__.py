"""Steps that start a job of an automation system, and read how it ends.

Read `job`, then one system: `awx`, `rundeck`, `stackstorm`, `argo`, `ssm`. What a job does is its author's business:
none counts as reversible, and a playbook that may run it without a person needs a rollback of its own.

May import: durations, errors, patterns, step_kinds.
"""
