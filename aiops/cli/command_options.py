"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.completion import incident_ids

ConfigOption = Annotated[Path | None, typer.Option(help="Configuration, TOML.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Setting section.key=value; repeatable.")]
StateOption = Annotated[Path | None, typer.Option("--state", help="The daemon's state directory.")]
ActorOption = Annotated[str | None, typer.Option("--as", help="Name of the person; default: your user name.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="Remark for the audit.")]
IdArgument = Annotated[str, typer.Argument(help="The incident's id, or its beginning.", autocompletion=incident_ids)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TableJsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
