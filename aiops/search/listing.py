"""A page of lines, the counts of facets, and the totals that every page shows.

A list reads lines only, never bodies. Statements differ by the number of values, which are all bound. Counts are made
by SQLite and come as one row of JSON: each row that crosses into Python waits for its turn with the engine's threads.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from aiops.search.conditions import AGES, FACETS, RANK, RECENT_S, STATE, Bound, Wanted, base, misses
from aiops.search.indexing import LISTS
from aiops.search.lines import Line

Sort = Literal["severity", "last", "opened", "alerts"]
SORTS: dict[str, tuple[str, ...]] = {
    "severity": ("severity", "last_alert_at"),
    "last": ("last_alert_at",),
    "opened": ("opened_at",),
    "alerts": ("alert_count", "last_alert_at"),
}
# The values of a facet that are shown, the most frequent first.
MAX_FACET = 12
MAX_LIMIT = 1_000
_COLUMNS = Line.__struct_fields__
_STORED = tuple(name for name in _COLUMNS if name not in ("state", "rank"))
_SELECTED = ", ".join([*(f"l.{name}" for name in _STORED), f"{STATE} as state", f"{RANK} as rank"])
# Facets whose values are lists, each in a column of that name.
_NAMED = ("service", "source", "team")
_AGE = " + ".join(f"(l.opened_at > :now - {age})" for age in AGES.values())
_FLAGS = frozenset(("is_cut", "is_confirmed", "is_storm"))


class Order(Struct, frozen=True):
    """The order of a list, within the groups of the page if `is_grouped`."""

    sort: Sort = "opened"
    is_ascending: bool = False
    is_grouped: bool = False


class Facets(Struct):
    """Counts of the present result: by facet and value, by rank, and of all that is listed.

    The counts of a facet are those without its own choice: they show what choosing another value would give.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    total: int = 0


class Totals(Struct):
    """Incidents that need somebody: open, acknowledged, and open or acknowledged ones that are critical."""

    open: int
    acknowledged: int
    critical: int


def lines(
    connection: sqlite3.Connection,
    wanted: Wanted,
    order: Order,
    *,
    limit: int = 100,
    before: tuple[float | str, ...] | None = None,
) -> list[Line]:
    """Return a page of lines after the `position` of the last line of the page before."""
    bound = _bound(wanted)
    chosen = misses(wanted, bound)
    where = " and ".join([base(wanted, bound), *(f"not ({missed})" for missed in chosen.values())])
    if before is not None:
        where += f" and {_after(order, before, bound)}"
    direction = "asc" if order.is_ascending else "desc"
    keys = [f"l.{name} {direction}" for name in (*SORTS[order.sort], "id")]
    ranked = ["rank desc"] if order.is_grouped else []
    found = connection.execute(
        f"select {_SELECTED} from incident_lines l where {where}"  # noqa: S608
        f" order by {', '.join([*ranked, *keys])} limit {bound.name(max(1, min(limit, MAX_LIMIT)))}",
        bound.values,
    ).fetchall()
    return [_line(row) for row in found]


def position(line: Line, order: Order) -> tuple[float | str, ...]:
    """Return the position of a line in an order: its keys and its id."""
    keys = tuple(float(getattr(line, name)) for name in SORTS[order.sort])
    return (*((float(line.rank),) if order.is_grouped else ()), *keys, line.id)


def facets(connection: sqlite3.Connection, wanted: Wanted) -> Facets:
    """Return all counts of the present result."""
    found = levels(connection, wanted)
    found.counts |= names(connection, wanted)
    return found


def levels(connection: sqlite3.Connection, wanted: Wanted) -> Facets:
    """Return the counts of facets that an incident has one value of, and of the groups.

    Incidents are counted by all these values together, which are few, and summed here: one pass for five facets.
    """
    bound = _bound(wanted)
    chosen = misses(wanted, bound)
    columns = [STATE, RANK, "l.severity", "coalesce(l.owner, '')", "l.is_storm", _AGE, *chosen.values()]
    numbers = ", ".join(str(number + 1) for number in range(len(columns)))
    statement = (
        f"select json_group_array(json_array({', '.join(f'c{number}' for number in range(len(columns)))}, number)) from"  # noqa: S608
        f" (select {', '.join(f'{one} as c{number}' for number, one in enumerate(columns))}, count(*) as number"
        f" from incident_lines l where {base(wanted, bound)} group by {numbers})"
    )
    return _summed(msgspec.json.decode(connection.execute(statement, bound.values).fetchone()[0]), list(chosen))


def names(connection: sqlite3.Connection, wanted: Wanted) -> dict[str, dict[str, int]]:
    """Return the counts of facets that an incident has several values of: services, sources and teams.

    The lists of all incidents come as one text and are counted here: `json_each` takes three times as long.
    """
    bound = _bound(wanted)
    chosen = misses(wanted, bound)
    columns = []
    for facet in _NAMED:
        others = [f"not ({missed})" for name, missed in chosen.items() if name != facet]
        columns.append(f"'[' || group_concat(case when {' and '.join(others) or '1'} then l.{facet}s end) || ']'")
    statement = f"select {', '.join(columns)} from incident_lines l where {base(wanted, bound)}"  # noqa: S608
    row = connection.execute(statement, bound.values).fetchone()
    return {facet: _most(text) for facet, text in zip(_NAMED, row, strict=True)}


def totals(connection: sqlite3.Connection) -> Totals:
    """Return the counts that every page shows."""
    found = connection.execute(
        "select json_array(coalesce(sum(status = 'open'), 0), coalesce(sum(status = 'acknowledged'), 0),"
        " coalesce(sum(severity = 4), 0)) from incident_lines where status in ('open', 'acknowledged')"
    ).fetchone()[0]
    return Totals(*msgspec.json.decode(found))


def _bound(wanted: Wanted) -> Bound:
    return Bound({"now": wanted.now, "recent": wanted.now - RECENT_S})


def _after(order: Order, before: tuple[float | str, ...], bound: Bound) -> str:
    keys = ", ".join(f"l.{name}" for name in (*SORTS[order.sort], "id"))
    given = before[1:] if order.is_grouped else before
    further = f"({keys}) {'>' if order.is_ascending else '<'} {bound.names(given)}"
    if not order.is_grouped:
        return further
    rank = bound.name(before[0])
    return f"(({RANK}) < {rank} or (({RANK}) = {rank} and {further}))"


def _summed(rows: list[list[Any]], chosen: list[str]) -> Facets:
    """Sum the counts of combinations; a facet counts what misses none of the other facets' choices."""
    found = Facets({name: {} for name in FACETS})
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for state, rank, severity, owner, is_storm, age, *flags, number in rows:
        missed = [name for name, flag in zip(chosen, flags, strict=True) if flag]
        if not missed:
            found.groups[rank] = found.groups.get(rank, 0) + number
            found.total += number
        values = {"status": state, "severity": str(severity), "owner": owner, "storm": "yes" if is_storm else "no"}
        for name, value in values.items():
            if not missed or missed == [name]:
                counts[name][value] += number
        if not missed or missed == ["age"]:
            # An incident of the last quarter of an hour is one of the last day, too.
            counts["age"].update(dict.fromkeys(list(AGES)[len(AGES) - age :], number))
    found.counts = {name: dict(counter.most_common(MAX_FACET)) for name, counter in counts.items()}
    return found


def _most(text: str | None) -> dict[str, int]:
    lists = msgspec.json.decode(text, type=list[list[str]]) if text is not None else []
    counter = Counter(chain.from_iterable(lists))
    most = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(most[:MAX_FACET])


def _line(row: tuple[Any, ...]) -> Line:
    fields: dict[str, Any] = dict(zip((*_STORED, "state", "rank"), row, strict=True))
    for name in LISTS:
        fields[name] = msgspec.json.decode(fields[name], type=list[str])
    for name in _FLAGS:
        fields[name] = bool(fields[name])
    return Line(**fields)


class Busy(Struct):
    """Serious incidents that opened of late and have not ended.

    `services` are counted; `since` is when the first of them opened.
    """

    incidents: int
    alerts: int
    services: int
    since: float


def busy(connection: sqlite3.Connection, now: float, within_s: float) -> Busy | None:
    """Return the critical and high incidents that opened within a time; None without any."""
    found = connection.execute(
        # The plus keeps SQLite from the index by status, which has many more of them.
        "select json_array(count(*), sum(alert_count), min(opened_at), (select count(distinct j.value) from"
        " incident_lines o, json_each(o.services) j where +o.status in ('open', 'acknowledged') and o.severity >= 3"
        " and o.opened_at > :from and o.opened_at <= :now)) from incident_lines where +status in"
        " ('open', 'acknowledged') and severity >= 3 and opened_at > :from and opened_at <= :now",
        {"from": now - within_s, "now": now},
    ).fetchone()[0]
    count, alerts, since, services = msgspec.json.decode(found)
    return Busy(count, alerts, services, since) if count else None


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return True if no incident was ever stored, or none is left."""
    return connection.execute("select 1 from incidents limit 1").fetchone() is None


def lines_of(connection: sqlite3.Connection, ids: Sequence[str], now: float = 0.0) -> list[Line]:
    """Return the lines of incidents in the order of `ids`; unknown ones are left out."""
    bound = _bound(Wanted(now=now))
    found = connection.execute(
        f"select {_SELECTED} from incident_lines l where l.id in {bound.names(ids)}",  # noqa: S608
        bound.values,
    ).fetchall()
    known = {line.id: line for line in map(_line, found)}
    return [known[id] for id in dict.fromkeys(ids) if id in known]


def open_near(connection: sqlite3.Connection, at: float, id: str, limit: int) -> tuple[list[Line], int]:
    """Return the open incidents that opened nearest to a time, without `id`, and how many are open."""
    # The plus keeps SQLite at the index by time: it reads a few rows on each side.
    sides = [
        f"l.opened_at {side} :at and +l.status in ('open', 'acknowledged') and l.id <> :id" for side in (">=", "<")
    ]
    found: list[Line] = []
    for where, direction in zip(sides, ("asc", "desc"), strict=True):
        rows = connection.execute(
            f"select {_SELECTED} from incident_lines l where {where} order by l.opened_at {direction} limit :limit",  # noqa: S608
            {"now": at, "recent": at, "at": at, "id": id, "limit": limit},
        )
        found += map(_line, rows)
    found.sort(key=lambda line: (abs(line.opened_at - at), line.id))
    count = connection.execute(
        "select count(*) from incident_lines where status in ('open', 'acknowledged') and id <> ?", (id,)
    ).fetchone()[0]
    return found[:limit], int(count)
