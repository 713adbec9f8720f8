"""The command line: `aiops COMMAND`."""

from __future__ import annotations

from typing import Annotated

import typer

from aiops import __version__
from aiops.cli.replay import replay_command
from aiops.cli.simulate import simulate_command

app = typer.Typer(
    name="aiops",
    help="An alert correlation engine: alert storms in, a handful of explained incidents out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("replay")(replay_command)
app.command("simulate")(simulate_command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiops {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Alert storms in, a handful of explained incidents out."""
