"""Detectors: the registry of fitted models, and the rows that they are trained on.

Read `plugins` (the entry points), `rows` (features of an archive), `training`, then `registry` (versions on disk).

May import: engine, errors, ports, records, registry.
"""
