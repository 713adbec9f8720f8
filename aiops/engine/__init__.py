"""The engine: a pure function from state and records to state and events.

No clock, I/O, thread or randomness inside. Read `engine` (`step`), `pipeline` (the way of one alert) and `arrival`
(what is carried along it); then the rooms in the order of the pipeline: `dedup`, `silences`, `detect`, `correlate`,
`incidents`; `drift` watches. `rank` orders causes and playbooks, `operator_actions` and `incident_actions` apply what
people do, `events` is the output, `snapshot` the state as bytes. Parts are compiled with mypyc.

May import: durations, errors, matchers, model_state, patterns, ports, records, topology, wording, workloads, zones.
"""
