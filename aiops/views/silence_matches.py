"""Matches of a silence in the history: the alerts of the last minutes, or of a day.

The history is read, not the engine: it is at most ten seconds old, and a busy engine delays no page. Cost: 2 µs for a
silence and an alert stream.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from aiops.engine.silences.silences import selector
from aiops.matchers import Matcher
from aiops.records import LABELS, Alert
from aiops.store.alert_values import COLUMNS, nearest_name, nearest_value, values
from aiops.views.one_line import one_line

# Streams that are compared: the newest. A site with more has a storm, and a person sees the bound.
MAX_STREAMS = 5_000
MAX_SHOWN, MAX_TEXT = 50, 300

_RECENT = """
select e.seq, s.fingerprint, s.name, s.entity, s.service, s.source, s.labels, e.severity, e.message, e.count, e.last_at,
    e.ended_at is null, e.incident, e.disposition
from alert_episodes e join alert_streams s on s.id = e.stream
where e.seq in (
    select max(seq) from (
        select seq, stream from alert_episodes where ended_at is null
        union all select seq, stream from (
            select seq, stream from alert_episodes where ended_at >= ? order by ended_at desc limit ?
        )
    ) group by stream
) order by e.seq desc limit ?
"""


class Recent(Struct):
    """A stream that fires, or ended of late; `count` are the alerts of its newest episode."""

    seq: int
    fingerprint: str
    name: str
    entity: str
    service: str | None
    source: str | None
    labels: dict[str, str]
    severity: str
    message: str
    count: int
    last_at: float
    is_firing: bool
    incident: str | None
    disposition: str


class MatchedIncident(Struct):
    """An open incident of matched streams that fire; `others` are its firing streams that do not match."""

    id: str
    title: str
    matched: int
    others: int


class Matched(Struct):
    """The recent alert streams that matchers match.

    `streams` counts those that fire or ended of late, `firing` those of them that fire now. `shown` are the first ones,
    the worst first. `is_cut`: there were more recent streams than are compared.
    """

    streams: int
    firing: int
    shown: list[Recent]
    incidents: list[MatchedIncident]
    is_cut: bool


class Meant(Struct):
    """A matcher that nothing in the history matches, and the nearest one that something does."""

    got: str
    meant: str | None


def recent(reader: sqlite3.Connection, since: float) -> list[Recent]:
    """Return the streams that fire now, or ended since then, the newest first."""
    most = MAX_STREAMS + 1
    return [_recent(row) for row in reader.execute(_RECENT, (since, most, most))]


def matched(reader: sqlite3.Connection, matchers: Iterable[Matcher], among: Sequence[Recent]) -> Matched:
    """Return what matchers match among recent episodes."""
    selects = selector(matchers)
    found, rest = list[Recent](), list[Recent]()
    for one in among[:MAX_STREAMS]:
        (found if selects(alert_of(one), one.entity) else rest).append(one)
    found.sort(key=lambda one: (not one.is_firing, -LABELS.index(one.severity), -one.last_at))
    return Matched(
        len(found),
        sum(one.is_firing for one in found),
        found[:MAX_SHOWN],
        _incidents(reader, found, rest),
        len(among) > MAX_STREAMS,
    )


def meant(reader: sqlite3.Connection, matchers: Iterable[Matcher]) -> list[Meant]:
    """Return the matchers that nothing in the history matches, with the nearest known value of each."""
    return [found for one in matchers if one.op in ("=", "=~") if (found := _meant(reader, one)) is not None]


def _meant(reader: sqlite3.Connection, matcher: Matcher) -> Meant | None:
    known = values(reader, matcher.label)
    if not known and matcher.label not in COLUMNS:
        name = nearest_name(reader, matcher.label)
        return Meant(str(matcher), None if name is None else str(Matcher(name, matcher.op, matcher.value)))
    matches = selector([matcher])
    if any(matches(_with(matcher.label, value), value if matcher.label == "entity" else "") for value in known):
        return None
    value = nearest_value(reader, matcher.label, matcher.value) if matcher.op == "=" else None
    return Meant(str(matcher), None if value is None else str(Matcher(matcher.label, "=", value)))


def _with(label: str, value: str) -> Alert:
    """Return an alert that has nothing but one label, or field."""
    field = {"alertname": "name", "alert": "name"}.get(label, label)
    if field in ("name", "service", "source"):
        return msgspec.structs.replace(Alert(ts=0.0, name=" "), **{field: value})
    return Alert(ts=0.0, name=" ", labels={label: value})


def _incidents(reader: sqlite3.Connection, found: Sequence[Recent], rest: Sequence[Recent]) -> list[MatchedIncident]:
    counts: dict[str, list[int]] = {}
    for one in found:
        if one.incident is not None and one.is_firing:
            counts.setdefault(one.incident, [0, 0])[0] += 1
    for one in rest:
        if one.incident in counts and one.is_firing:
            counts[str(one.incident)][1] += 1
    names = list(counts)[:MAX_SHOWN]
    marks = ", ".join("?" * len(names))
    rows = reader.execute(
        f"select id, verdict, title from incident_lines where id in ({marks}) and status in ('open', 'acknowledged')",  # noqa: S608
        names,
    )
    titles = {str(name): one_line(str(verdict or title), MAX_TEXT) for name, verdict, title in rows}
    return [MatchedIncident(name, titles[name] or name, *counts[name]) for name in names if name in titles]


def _recent(row: tuple[object, ...]) -> Recent:
    given = dict(zip(Recent.__struct_fields__, row, strict=True))
    given["labels"] = msgspec.json.decode(str(given["labels"]), type=dict[str, str])
    given["severity"] = LABELS[int(str(given["severity"]))]
    given["message"] = one_line(str(given["message"] or ""), MAX_TEXT)
    given["is_firing"] = bool(given["is_firing"])
    return Recent(**given)  # type: ignore[arg-type]


def alert_of(one: Recent) -> Alert:
    """Return the alert that matchers are applied to."""
    given = (one.name, one.source, one.severity, one.service, one.labels)
    return Alert(ts=0.0, **dict(zip(("name", "source", "severity", "service", "labels"), given, strict=True)))  # type: ignore[arg-type]
