"""`aiops run`: run the daemon in the foreground."""

from __future__ import annotations

import typer

from aiops.cli.command_options import ConfigOption, SetOption


def run_command(config: ConfigOption = None, sets: SetOption = None) -> None:
    """Run the daemon: sources, engine, store, notifications, API and pages, until SIGTERM or Ctrl-C.

    Without a configuration it accepts alerts over HTTP on loopback and keeps its state in the state directory. SIGHUP
    reloads endpoints, routes, inhibition rules and the log level.
    """
    # Imported here: other commands do not wait for the daemon's libraries.
    from aiops.app.run import Runner

    Runner(config, sets or (), lambda line: typer.echo(f"aiops: {line}")).run()
