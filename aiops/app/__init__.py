"""Composition: the one package that builds collaborators and hands them to each other.

Read `run` (`aiops run`: build, start, obey signals, stop), then `build` (the daemon of a configuration), `engine`
(the engine and its plugins), `dispatcher` (endpoints and sinks), `runs` (guarded runs) and `signals`.

May import: config, daemon, detectors, engine, errors, http, notify, ports, private, records, registry, respond,
store, telemetry, topology, web, wording.
"""
