"""Composition: the one package that builds collaborators and hands them to each other.

Read `run` (`aiops run`: build, start, obey signals, stop), then `build` (the daemon of a configuration), `engine`
(the engine and its plugins), `dispatcher` (endpoints and sinks), `routing` (routes and inhibition), `runs` (guarded
runs), `collecting` (read-only diagnosis) and `signals`.

May import: collect, config, daemon, detectors, engine, errors, http, notify, pages, ports, private, records, registry,
respond, routing, step_kinds, store, telemetry, topology, web, wording.
"""
