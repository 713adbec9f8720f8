"""Detectors: the registered algorithms, and the rows that they are trained on.

Read `plugins` (the entry points), `rows` (features of an archive), then `training`. Versions are in `aiops.lifecycle`.

May import: engine, errors, ports, records, registry.
"""
