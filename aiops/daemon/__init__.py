"""The daemon: the threads around the engine, from the inbox to the store.

Read `daemon` (start and stop), `opening` and `recovery` (the state at the start), `inbox`, `admission`, `pump`
(commit, process, store) and `frame_processing`. Then the jobs beside them: `snapshots`, `retention_job`, `scrubber`,
`ticks`, `sources`, `runs`. Last, what it shows: `health`, `pump_metrics`, `control` and `control_handlers`. `parts`
lists what `aiops.app` puts together.

May import: backoff, config, detectors, durations, engine, errors, http, journal, ports, records, registry, respond,
store, telemetry, topology, version, wording.
"""
