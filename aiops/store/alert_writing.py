"""Writes the history of alerts, in the transaction of the frame that it belongs to.

Cost: an episode is one row with three index entries, about 15 µs; its repeats cost an update every ten seconds. Counts
are one row for each incident, name, service and severity a minute. Bounds: `MAX_EPISODES` rows, and `MAX_EACH` names
and services of an incident in a frame; what is beyond is counted without them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from aiops.store.frame_alerts import Begun, EpisodeRow, FrameAlerts, Minutes, Move
from aiops.store.minute_moves import move_minutes

# About 200 bytes each with their indexes. Retention removes the oldest beyond; new ones are left out only where it
# cannot keep pace, at a tenth more.
MAX_EPISODES = 2_000_000
HARD_CAP = MAX_EPISODES + MAX_EPISODES // 10
# Names, and services, of one incident that one frame counts one by one.
MAX_EACH = 200
OTHERS = ""

_STREAM = """
insert into alert_streams (fingerprint, name, entity, workload, service, source, labels, seen_at)
values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (fingerprint) do update set name = excluded.name, entity = excluded.entity, workload = excluded.workload,
    service = excluded.service, labels = excluded.labels, seen_at = excluded.seen_at
"""
_EPISODE = """
insert into alert_episodes (seq, stream, severity, started_at, last_at, ended_at, ended_by, count, disposition,
    incident, cluster, member, silence, reason, message, url, alert_id, received_at)
values (?, (select id from alert_streams where fingerprint = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (seq) do nothing
"""
# The columns of the incident and of the disposition stay as they are where the row is the same: an index that does not
# change costs nothing.
_STATE = """
update alert_episodes set severity = max(severity, ?), last_at = ?, ended_at = ?, ended_by = ?, count = ?,
    disposition = case when coalesce(?, incident) is not null then 'incident' else ? end,
    incident = coalesce(?, incident), cluster = ?, member = ?, silence = coalesce(?, silence),
    reason = coalesce(?, reason)
where seq = ?
"""
_MINUTE = """
insert into alert_minutes (incident, minute, name, service, severity, count, received_at) values (?, ?, ?, ?, ?, ?, ?)
on conflict (incident, minute, name, service, severity) do update set count = count + excluded.count
"""
_TOTAL = """
insert into alert_totals (minute, disposition, count) values (?, ?, ?)
on conflict (minute, disposition) do update set count = count + excluded.count
"""
_CHANGE = """
insert into site_changes (seq, at, entity, service, name, message, url, labels, received_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (seq) do nothing
"""


def write(connection: sqlite3.Connection, found: FrameAlerts, at: float) -> None:
    """Add the alerts of a frame; `at` is its time by the host's clock."""
    states = {row.seq: row for row in found.states}
    minutes = _bounded(found.minutes)
    if found.begun:
        _begin(connection, found.begun, states, at)
    for move in found.moves:
        _move(connection, move, minutes)
    update(connection, states.values())
    if minutes:
        connection.executemany(_MINUTE, [(*key, count, at) for key, count in minutes.items()])
    for source, target in found.merged:
        _merge(connection, source, target)
    if found.totals:
        connection.executemany(_TOTAL, [(*key, count) for key, count in found.totals.items()])
    if found.changes:
        connection.executemany(
            _CHANGE,
            [
                (one.seq, one.at, one.entity, one.service, one.name, one.message, one.url, one.labels, at)
                for one in found.changes
            ],
        )


def update(connection: sqlite3.Connection, rows: Iterable[EpisodeRow]) -> None:
    """Write the present state of episodes that are there."""
    connection.executemany(_STATE, [_values(row) for row in rows])


def _begin(connection: sqlite3.Connection, begun: Sequence[Begun], states: dict[int, EpisodeRow], at: float) -> None:
    """Insert new episodes in their present state, which is then written."""
    kept = int(connection.execute("select episodes from alert_history").fetchone()[0])
    fresh = begun[: max(0, HARD_CAP - kept)]
    if len(fresh) < len(begun):
        connection.execute("update alert_history set left_out = left_out + ?", (len(begun) - len(fresh),))
    connection.executemany(
        _STREAM,
        [
            (one.fingerprint, one.name, one.entity, one.workload, one.service, one.source, one.labels, at)
            for one in fresh
        ],
    )
    rows = [_inserted(one, states.pop(one.seq, None), at) for one in fresh]
    inserted = connection.executemany(_EPISODE, rows).rowcount
    connection.execute("update alert_history set episodes = episodes + ?", (max(0, inserted),))


def _inserted(one: Begun, state: EpisodeRow | None, at: float) -> tuple[object, ...]:
    if state is None:
        # The engine set its record aside, so it has no stream.
        state = EpisodeRow(
            one.seq, one.severity, at, at, at, None, 1, one.disposition, None, -1, -1, one.silence, one.reason
        )
    return (
        one.seq,
        one.fingerprint,
        max(one.severity, state.severity),
        state.started_at,
        state.last_at,
        state.ended_at,
        state.ended_by,
        state.count,
        state.disposition,
        state.incident,
        state.cluster,
        state.member,
        state.silence if state.silence is not None else one.silence,
        state.reason if state.reason is not None else one.reason,
        one.message,
        one.url,
        one.alert_id,
        at,
    )


def _values(row: EpisodeRow) -> tuple[object, ...]:
    return (
        row.severity,
        row.last_at,
        row.ended_at,
        row.ended_by,
        row.count,
        row.incident,
        row.disposition,
        row.incident,
        row.cluster,
        row.member,
        row.silence,
        row.reason,
        row.seq,
    )


def _move(connection: sqlite3.Connection, move: Move, minutes: Minutes) -> None:
    """Follow what happened to a cluster after its episodes were placed; silenced ones stay apart.

    An episode that was background until now counts in the minutes of its incident once, when it began. The minutes of
    its repeats are not known any more.
    """
    values: list[tuple[int, ...]] = [(move.source,)]
    where = "cluster = ?"
    if move.members is not None:
        where = "cluster = ? and member = ?"
        values = [(move.source, member) for member in move.members]
        if move.incident is not None:
            move_minutes(connection, move.source, move.members, move.incident)
    where += " and disposition in ('background', 'incident')"
    for each in values if move.incident is not None else ():
        found = connection.execute(
            "select e.started_at, s.name, coalesce(s.service, s.workload), e.severity from alert_episodes e"  # noqa: S608
            f" join alert_streams s on s.id = e.stream where {where} and incident is null",
            each,
        )
        for started_at, name, service, severity in found:
            key = (str(move.incident), int(started_at // 60), str(name), str(service), int(severity))
            minutes[key] = minutes.get(key, 0) + 1
    connection.executemany(
        "update alert_episodes set cluster = ?, incident = coalesce(?, incident),"  # noqa: S608
        " disposition = case when coalesce(?, incident) is not null then 'incident' else disposition end"
        f" where {where}",
        [(move.target, move.incident, move.incident, *each) for each in values],
    )


def _merge(connection: sqlite3.Connection, source: str, target: str) -> None:
    """Give the alerts of a merged incident to the one that continues."""
    connection.execute("update alert_episodes set incident = ? where incident = ?", (target, source))
    connection.execute(
        "insert into alert_minutes (incident, minute, name, service, severity, count, received_at)"
        " select ?, minute, name, service, severity, count, received_at from alert_minutes where incident = ?"
        " on conflict (incident, minute, name, service, severity) do update set count = count + excluded.count",
        (target, source),
    )
    connection.execute("delete from alert_minutes where incident = ?", (source,))


def _bounded(minutes: Minutes) -> Minutes:
    """Return counts with at most `MAX_EACH` names and services of an incident, and the rest added up."""
    if len(minutes) <= MAX_EACH:
        return dict(minutes)
    names: dict[str, set[str]] = {}
    services: dict[str, set[str]] = {}
    found: Minutes = {}
    for (incident, minute, name, service, severity), count in minutes.items():
        known = (_known(names, incident, name), _known(services, incident, service))
        key = (incident, minute, *known, severity)
        found[key] = found.get(key, 0) + count
    return found


def _known(table: dict[str, set[str]], incident: str, text: str) -> str:
    known = table.setdefault(incident, set())
    if len(known) < MAX_EACH:
        known.add(text)
    return text if text in known else OTHERS
