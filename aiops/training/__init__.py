"""Training: the pipeline that makes versions of models and measures them beside what serves.

Read `order` (what is to be done), `pipeline` (fit, split, judge), `history` and `lessons` (what is learned from),
`paired` (the intervals); then the trainers, `causes`, `playbooks`, `similar`, `detect` and `grouping`. `job` is the
process that does it, `process` starts and bounds it.

May import: app, archive, backtest, config, daemon, detectors, durations, engine, errors, journal, lifecycle,
model_state, options, ports, records, score, sweep, topology, trainers, version, wording.
"""
