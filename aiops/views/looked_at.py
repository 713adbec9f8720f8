"""Reads of other systems when an incident opened, each with its answer, or why there is none.

The answers are texts of other systems, bounded and without credentials; page, Markdown and terminal escape them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from aiops.store.findings import Reading, readings_of
from aiops.wording import plural

LINE = "line"


class LookedAt(Struct):
    """One read.

    `took_s` is in seconds; `columns` and `rows` are the answer, `more` counts rows that are left out. `reason` is why
    there is no answer; `found` are the sentences that the playbook looked for. `is_text`: the answer is lines of text.
    """

    name: str
    playbook: str
    system: str
    source: str
    state: str
    at: float
    took_s: float
    reason: str
    request: str
    columns: list[str]
    rows: list[list[str]]
    more: int
    note: str
    found: list[str]
    is_text: bool

    @property
    def outcome(self) -> str:
        """Return what came of it, in a few words: `3 rows`, `nothing found`, or the reason."""
        if self.state == "reading":
            return "being read"
        if self.state != "done":
            return self.reason
        count = len(self.rows) + self.more
        return plural(count, "line" if self.is_text else "row") if count else "nothing found"


def looked_at(connection: sqlite3.Connection, incident: str) -> list[LookedAt]:
    """Return the reads for an incident, in their order; none where the store of an older release is read."""
    try:
        return [_looked(one) for one in readings_of(connection, incident)]
    except sqlite3.OperationalError:
        return []


def answer_text(one: LookedAt) -> str:
    """Return an answer as lines: text as it is, a table with blanks between its columns.

    >>> answer_text(_sample(["pod", "value"], [["cart-1", "3"], ["a", "12"]])).splitlines()
    ['pod     value', 'cart-1  3', 'a       12']
    """
    more = [f"… and {plural(one.more, 'more row')}"] if one.more else []
    if one.is_text:
        return "\n".join([*(row[0] for row in one.rows), *more])
    table = [one.columns, *one.rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(one.columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, *more])


def _looked(one: Reading) -> LookedAt:
    answer = one.answer
    return LookedAt(
        one.collector,
        one.playbook,
        one.system,
        one.source,
        one.state,
        one.at,
        one.took_s,
        one.reason,
        answer.request,
        answer.columns,
        answer.rows,
        answer.more,
        answer.note,
        [each.sentence for each in answer.found],
        answer.columns == [LINE],
    )


def _sample(columns: list[str], rows: Sequence[list[str]]) -> LookedAt:
    return LookedAt("", "", "", "", "done", 0.0, 0.0, "", "", columns, list(rows), 0, "", [], columns == [LINE])
