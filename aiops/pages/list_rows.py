"""Rows of the list, in groups by need: what hurts, the likely cause and the last hour of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from aiops.records import LABELS, Cause
from aiops.search.lines import Line
from aiops.verdict.certainty import certainty

GROUPS = {
    5: "Nobody on it",
    4: "Acknowledged",
    3: "Snoozed",
    2: "Resolved in the last hour",
    1: "Resolved earlier",
    0: "Merged into others",
}


class Row(Struct):
    """One incident as the list shows it."""

    line: Line
    severity: str
    title: str
    hurts: str
    sure: str
    perhaps: str
    spark: Sequence[int]

    @property
    def is_over(self) -> bool:
        """Return True for an incident that has ended."""
        return self.line.rank < 3


class Group(Struct):
    """Incidents that need the same; `count` is of all pages."""

    title: str
    count: int
    rows: list[Row]


def groups_of(lines: Sequence[Line], sparks: Mapping[str, Sequence[int]], counts: Mapping[int, int]) -> list[Group]:
    """Return the groups of a page of lines, which come by rank."""
    return [
        Group(GROUPS[rank], counts.get(rank, 0), [row_of(line, sparks.get(line.id, ())) for line in found])
        for rank, found in groupby(lines, key=lambda line: line.rank)
    ]


def row_of(line: Line, spark: Sequence[int]) -> Row:
    """Return an incident for people: the verdict where a cause is clear, else the worst alert."""
    cause = Cause(line.cause, probability=line.probability, confidence=line.confidence or "low") if line.cause else None
    sure = "confirmed" if line.is_confirmed else certainty(cause) if cause is not None else ""
    title = line.verdict or (line.title if line.is_storm else line.alert) or line.title or line.id
    perhaps = " or ".join(line.perhaps)
    return Row(line, LABELS[line.severity], title, _hurts(line, title), sure, perhaps, spark)


def _hurts(line: Line, title: str) -> str:
    """Return the worst alert, unless the title is it, and the entities."""
    least = "at least " if line.is_cut else ""
    more = f" and {least}{line.more:,} more" if line.more else ""
    where = f"{line.entity}{more}" if line.entity and line.entity != title else ""
    alert = line.alert if line.alert not in (title, line.entity) and not line.is_storm else ""
    return " · ".join(part for part in (alert, where) if part)
