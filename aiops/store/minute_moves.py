"""Counts by the minute that follow alerts which are split out or taken out of a merge.

Counts are kept by name and service, not by stream. A minute in which only the alerts that move were active moves as a
whole. Where alerts of the same name and service stay behind and were active too, one count moves for each alert that
began in that minute: how often each repeated is not known. No count is lost, and none is counted twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from msgspec import Struct

# Name, and service or workload, as counts are kept.
Key = tuple[str, str]
# The first and the last minute of an episode.
Span = tuple[int, int]

_EPISODES = """
select e.seq, e.incident, s.name, coalesce(s.service, s.workload), e.started_at, e.last_at
from alert_episodes e join alert_streams s on s.id = e.stream where e.disposition = 'incident' and
"""
_ADD = """
insert into alert_minutes (incident, minute, name, service, severity, count, received_at) values (?, ?, ?, ?, ?, ?, ?)
on conflict (incident, minute, name, service, severity) do update set count = count + excluded.count
"""


class _Episode(Struct, frozen=True, gc=False):
    seq: int
    incident: str
    key: Key
    span: Span


def move_minutes(connection: sqlite3.Connection, cluster: int, members: Sequence[int], target: str) -> None:
    """Move the counts of members of a cluster to the incident `target`; call before their episodes move."""
    found: dict[str, list[_Episode]] = {}
    for member in members:
        values = (cluster, member, target)
        for one in _episodes(connection, "e.cluster = ? and e.member = ? and e.incident <> ?", values):
            found.setdefault(one.incident, []).append(one)
    for source, own in found.items():
        gone = {one.seq for one in own}
        rest = _spans(one for one in _episodes(connection, "e.incident = ?", (source,)) if one.seq not in gone)
        for key, spans in _spans(own).items():
            _move(connection, (source, target), key, spans, rest.get(key, []))


def _episodes(connection: sqlite3.Connection, where: str, values: tuple[int | str, ...]) -> list[_Episode]:
    rows = connection.execute(_EPISODES + where, values)
    return [
        _Episode(seq, incident, (name, service), (int(begun // 60), int(last // 60)))
        for seq, incident, name, service, begun, last in rows
    ]


def _spans(episodes: Iterable[_Episode]) -> dict[Key, list[Span]]:
    found: dict[Key, list[Span]] = {}
    for one in episodes:
        found.setdefault(one.key, []).append(one.span)
    return found


def _move(
    connection: sqlite3.Connection, between: tuple[str, str], key: Key, own: Sequence[Span], rest: Sequence[Span]
) -> None:
    """Move what the episodes `own` have of one name and service, beside the episodes that stay."""
    source, target = between
    rows = connection.execute(
        "select number, minute, severity, count, received_at from alert_minutes"
        " where incident = ? and name = ? and service = ? order by minute, severity desc",
        (source, *key),
    ).fetchall()
    given: dict[int, int] = {}
    for number, minute, severity, count, received_at in rows:
        if not _is_shared(minute, own, rest):
            share = count
        else:
            # Levels of one minute are rows of their own: beginnings count once over all of them, the worst first.
            share = min(count, sum(first == minute for first, _ in own) - given.get(minute, 0))
            given[minute] = given.get(minute, 0) + share
        if share <= 0:
            continue
        connection.execute(_ADD, (target, minute, *key, severity, share, received_at))
        if share == count:
            connection.execute("delete from alert_minutes where number = ?", (number,))
        else:
            connection.execute("update alert_minutes set count = count - ? where number = ?", (share, number))


def _is_shared(minute: int, own: Sequence[Span], rest: Sequence[Span]) -> bool:
    """Return True if alerts that stay may have been counted in a minute too."""
    return bool(rest) and (_is_active(minute, rest) or not _is_active(minute, own))


def _is_active(minute: int, spans: Sequence[Span]) -> bool:
    return any(first <= minute <= last for first, last in spans)
