"""Read-only diagnosis: requests of collectors, their answers as tables, and findings in them.

Read `requests` (a collector to one GET or one statement), `kubernetes_paths`, `readers`, `http_reader` and
`database_reader` (the answer, bounded), `sqlite_reader` (a plugin of the group `aiops.databases`), `tables` and
`json_paths` (the answer as rows), `secrets` (what is hidden), `evidence` (what a playbook rules for), `budget` (how
much is read).

May import: durations, errors, http, matchers, patterns, ports, records, respond, step_kinds, topology, wording.
"""
