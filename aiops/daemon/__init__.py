"""The daemon: the threads around the engine, from the inbox to the store.

Read `daemon` (start and stop), `opening` and `recovery` (the state at the start), `inbox`, `admission`, `pump`
(commit, process, store) and `frame_processing`. Then the jobs beside them: `snapshots`, `retention_job`, `scrubber`,
`ticks`, `sources`, `runs`, `collecting` (with `collect_queue`), `replay_jobs` (with `replay_process` and
`replay_uploads`), `retrain_job` (with `retrain_process`). Last, what it shows: `health`, `model_watching`, `figures`,
`arrivals`, `pump_metrics`, `control` and `control_handlers`. `parts` lists what `aiops.app` puts together.

May import: backoff, collect, config, detectors, durations, engine, errors, http, journal, model_state, ports, private,
records, registry, replay_keys, respond, step_kinds, store, telemetry, topology, trainers, version, views, wording.
"""
