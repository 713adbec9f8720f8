"""What the tests of the documentation share: the tables of a page, and what the code says should be in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import Struct

from aiops.options import describe

ROOT = Path(__file__).parents[2]
_CELL = re.compile(r"(?<!\\)\|")


class Row(NamedTuple):
    """One row of a reference table: the name of a key or field, its type and its default as they are written."""

    name: str
    kind: str
    default: str


class Table(NamedTuple):
    """A table of a page: the heading above it, its header, and its cells."""

    heading: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def reference(self) -> list[Row]:
        """The rows as names, types and defaults, without code marks."""
        return [Row(*(cell.strip("`").replace("\\|", "|") for cell in row[:3])) for row in self.rows]


def tables_of(page: Path) -> list[Table]:
    """All tables of a page."""
    found: list[Table] = []
    heading, fenced, inside = "", False, False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            heading = line.lstrip("# ")
        if fenced or not line.startswith("|"):
            inside = False
            continue
        cells = tuple(cell.strip() for cell in _CELL.split(line.strip().strip("|")))
        if not inside:
            found.append(Table(heading, cells, []))
        elif not set("".join(cells)) <= set("-: "):
            found[-1].rows.append(cells)
        inside = True
    return found


def rows_of(struct: type[Struct], *, unfold: bool = True, base: type[Struct] | None = None) -> list[Row]:
    """The rows that a table about a Struct must have; without those of `base`."""
    return [Row(*option[:3]) for option in describe(struct, unfold=unfold, without=base)]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def tables() -> Callable[[str], list[Table]]:
    """A function from the name of a page in `docs/` to its tables."""
    return lambda name: tables_of(ROOT / "docs" / name)


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[Row]]:
    """See `rows_of`."""
    return rows_of
