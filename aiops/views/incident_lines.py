"""The list of incidents: lines, counts of facets, and what was meant by a query that finds nothing."""

from __future__ import annotations

import sqlite3
from typing import Literal

from msgspec import Struct, field

from aiops.errors import AiopsError, UsageError
from aiops.records import LABELS, Cause
from aiops.search import lines, listing
from aiops.search.conditions import Wanted
from aiops.search.listing import Order
from aiops.search.suggestions import Suggestion, suggestions
from aiops.verdict.certainty import certainty

_SEPARATOR = "~"


class Line(Struct):
    """An incident in a list.

    `verdict` is a sentence with the cause, empty where none is clear; `perhaps` then names suspects. `alert` and
    `entity` are the worst ones, `more` counts further entities. `state` is the status, or snoozed, or recent: resolved
    within the last hour.
    """

    id: str
    version: int
    status: Literal["open", "acknowledged", "resolved", "merged"]
    state: lines.State
    severity: Literal["critical", "high", "warning", "info", "ok"]
    title: str
    verdict: str
    opened_at: float
    last_alert_at: float
    resolved_at: float | None
    snoozed_until: float | None
    alert_count: int
    owner: str | None
    alert: str
    entity: str
    more: int
    entity_count: int
    cause: str | None
    confidence: Literal["low", "medium", "high"] | None
    probability: float | None
    certainty: str
    reason: str
    perhaps: list[str]
    services: list[str]
    sources: list[str]
    teams: list[str]
    storm: bool
    merged_into: str | None


class Lines(Struct):
    """A page of incidents. `next` is the value of `before` for the page that follows.

    With facets: `total` of all pages, `facets` with the count of each value, by name. The counts of a facet leave out
    its own choice. `suggestions` are given where nothing was found.
    """

    incidents: list[Line]
    next: str | None = None
    total: int | None = None
    facets: dict[str, dict[str, int]] | None = None
    suggestions: list[Suggestion] = field(default_factory=list)


def read(
    reader: sqlite3.Connection, wanted: Wanted, order: Order, *, limit: int, before: str | None, with_facets: bool
) -> Lines:
    """Return a page of lines; raise `UsageError` for a position of another order."""
    found = stored(reader, wanted, order, limit=limit, before=before)
    page = Lines([line_of(one) for one in found], next_position(found, order, limit))
    if with_facets:
        counted = listing.facets(reader, wanted)
        page.total, page.facets = counted.total, named(counted.counts)
    if not found and before is None:
        page.suggestions = suggestions(reader, wanted.query)
    return page


def stored(
    reader: sqlite3.Connection, wanted: Wanted, order: Order, *, limit: int, before: str | None
) -> list[lines.Line]:
    """Return stored lines after a position; raise `AiopsError` for the store of an earlier release."""
    try:
        return listing.lines(reader, wanted, order, limit=limit, before=position_of(before, order))
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        raise AiopsError(
            "store: an earlier release wrote it, without lines of incidents; start the daemon of this release once"
        ) from None


def next_position(found: list[lines.Line], order: Order, limit: int) -> str | None:
    """Return the position after the last line; None if there are no more."""
    if len(found) < limit:
        return None
    # `repr` gives the shortest text that parses to the same number.
    *keys, id = listing.position(found[-1], order)
    return _SEPARATOR.join([*(repr(key).removesuffix(".0") for key in keys), str(id)])


def position_of(text: str | None, order: Order) -> tuple[float | str, ...] | None:
    """Return the keys of a position; raise `UsageError` for one of another order."""
    if text is None:
        return None
    count = len(listing.SORTS[order.sort]) + order.is_grouped
    *keys, id = text.split(_SEPARATOR, count)
    try:
        if len(keys) == count:
            return (*map(float, keys), id)
    except ValueError:
        pass
    raise UsageError(f"before: expected the value of `next` of a list in the same order; got {text[:60]!r}")


_SAME = tuple(name for name in Line.__struct_fields__ if name not in ("severity", "certainty", "storm"))


def line_of(one: lines.Line) -> Line:
    """Return a stored line for people."""
    cause = Cause(one.cause, probability=one.probability, confidence=one.confidence or "low") if one.cause else None
    sure = "confirmed" if one.is_confirmed else certainty(cause) if cause is not None else ""
    return Line(
        **{name: getattr(one, name) for name in _SAME},
        severity=LABELS[one.severity],  # type: ignore[arg-type]
        certainty=sure,
        storm=one.is_storm,
    )


def named(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return counts with severities by their words, the most severe first."""
    severities = sorted(counts.get("severity", {}).items(), key=lambda pair: -int(pair[0]))
    return counts | {"severity": {LABELS[int(level)]: number for level, number in severities}}
