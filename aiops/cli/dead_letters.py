"""`aiops dead-letters`: rejected input with the reasons; it works with and without a running daemon."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.outbox import open_store
from aiops.cli.terminal import clean, console_for
from aiops.records.decode import format_time
from aiops.store import audit

# The store keeps no more.
_MAX_LETTERS = 100_000


def dead_letters_command(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=_MAX_LETTERS, help="Number of entries to list, newest first.")
    ] = 100,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """List dead letters with their reasons, newest first."""
    database = open_store(config, sets, state)
    try:
        found = audit.letters(database.reader, limit=limit)
    finally:
        database.close()
    if as_json:
        print_json([_plain(letter) for letter in found])
        return
    if not found:
        console_for().print("no dead letters")
        return
    table = Table("number", "at", "source", "place", "reason", box=None, header_style="bold", pad_edge=False)
    for letter in found:
        cells = (letter.source, letter.place, letter.reason)
        table.add_row(str(letter.number), format_time(letter.at), *(Text(clean(cell)) for cell in cells))
    console_for().print(table)


def _plain(letter: audit.Letter) -> dict[str, Any]:
    """Convert a dead letter to plain values; bytes that are not UTF-8 become U+FFFD."""
    return {
        "number": letter.number,
        "at": format_time(letter.at),
        "source": letter.source,
        "place": letter.place,
        "reason": letter.reason,
        "input": letter.raw.decode("utf-8", "replace"),
    }
