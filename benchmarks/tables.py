"""Tables of a benchmark, printed for a person and kept as rows for a file of results."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.page import write

Cell = str | float | int | None
WIDTH = 110


class Tables:
    """What a suite found: rows of named cells, each with the `table` that it stands in."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Cell]] = []
        self._console = Console(width=WIDTH)

    def show(self, table: Table) -> None:
        """Print a table and keep its rows; cells that are numbers become numbers."""
        self._console.print(table)
        title = " ".join(str(table.title or "").split())
        names = _distinct([str(column.header) for column in table.columns])
        for cells in zip(*(column.cells for column in table.columns), strict=True):
            self.add(title, dict(zip(names, map(str, cells), strict=True)))

    def add(self, title: str, cells: Mapping[str, Cell]) -> None:
        """Keep a row that was printed otherwise."""
        self.rows.append({"table": title, **{name: _number(cell) for name, cell in cells.items()}})

    def write(self, path: Path | None) -> None:
        """The rows as JSON, where a file is wanted."""
        if path is not None:
            write(path, self.rows)


def _distinct(names: list[str]) -> list[str]:
    """Names of columns; the first is `row`, and one that comes again takes the name before it along."""
    found: list[str] = []
    for name in names:
        text = name or "row"
        found.append(text if text not in found else f"{found[-1]} {text}")
    return found


def _number(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return cell


def parser(text: str | None) -> argparse.ArgumentParser:
    """The command line of a suite."""
    made = argparse.ArgumentParser(description=(text or "").splitlines()[0])
    made.add_argument("--json", type=Path, help="write the rows as JSON")
    return made
