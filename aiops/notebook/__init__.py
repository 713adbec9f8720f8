"""The Python face: replays as frames and pictures, and an engine to feed by hand.

`replaying` (the function `aiops.replay`) → `result` (frames, comparison, pictures) → `frames`, `timeline_picture`,
`graph_picture`; `streaming` (the class `aiops.Engine`). The names that people use are those of `aiops` itself, which
loads them at their first use. Only `frames` imports pandas and only `graph_picture` networkx, each when the first
frame or picture is made. A replay needs neither.

`sweep_picture` draws what `aiops replay --sweep` found.

May import: app, archive, backtest, config, engine, errors, journal, records, sweep, topology, web, wording.
"""
