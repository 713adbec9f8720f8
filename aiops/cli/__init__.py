"""The command line, `aiops`.

Read `app` (all commands), then one module a command or group. `terminal`, `render`, `summary` and the `*_view`
modules print; `errors` turns exceptions into one line and an exit code.

May import: app, archive, backtest, config, daemon, detectors, durations, engine, errors, http, journal, lifecycle,
matchers, migration, model_state, notebook, notify, options, ports, private, records, registry, replay_keys, respond,
routing, score, search, sending, simulate, store, sweep, topology, trainers, training, verdict, version, views,
wording, workloads, zones.
"""


def main() -> None:
    """Run the command line."""
    from aiops.cli.app import app
    from aiops.cli.errors import errors_as_lines

    with errors_as_lines():
        app()
