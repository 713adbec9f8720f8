"""The trail of an alert: what fired and when, where it went and why, and who was notified of it.

`notified` has one entry for each endpoint with a message about the alert's incident: the first one sent after the alert
began, or else the last one before it, which announced the incident that the alert joined.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from aiops.records import LABELS
from aiops.store.alert_history import AlertQuery, Episode, Kept, Key, kept, search
from aiops.store.alert_terms import WENT
from aiops.store.outbox_briefs import Brief, of_incidents
from aiops.views.one_line import one_line

Went = Literal["incident", "silenced", "background", "rejected"]
_WENT = {stored: word for word, stored in WENT.items()}
MAX_WHY = 300
# A message within so many seconds before an alert's own time is about it: clocks of senders differ.
_CLOCKS_S = 2.0


class NotifiedOf(Struct):
    """A message to an endpoint about the incident of an alert.

    `state` is sent, due, held, dead or dropped. `at` is when it was sent, or is tried next. With `is_earlier` it left
    before the alert began: the endpoint knew of the incident.
    """

    endpoint: str
    delivery: int
    state: str
    at: float
    is_earlier: bool = False


class Trail(Struct):
    """An episode of an alert with where it went; times are Unix seconds, `severity` is the worst.

    `count` are its alerts with all repeats, `ended_by` is sender, lease, silence (it fell silent) or forgotten.
    `incident_title` is its verdict, `why` the reason why it opened no incident; `silence_comment` and `silenced_by` are
    of the silence that muted it.
    """

    seq: int
    name: str
    entity: str
    service: str | None
    source: str | None
    severity: str
    started_at: float
    last_at: float
    ended_at: float | None
    ended_by: str | None
    count: int
    went: Went
    incident: str | None
    incident_title: str
    why: str
    silence: str | None
    silence_comment: str
    silenced_by: str
    notified: list[NotifiedOf]
    message: str | None
    labels: dict[str, str]
    url: str | None
    fingerprint: str
    alert_id: str


class Trails(Struct):
    """Alerts, newest first; `next` is what `before` takes for the page that follows, None on the last."""

    alerts: list[Trail]
    next: str | None
    kept: Kept


# By the id of a silence: its comment, and who set it.
Silenced = Mapping[str, tuple[str, str]]


def trails(reader: sqlite3.Connection, query: AlertQuery, silences: Silenced) -> Trails:
    """Return what a search finds, with its notifications."""
    page = search(reader, query)
    incidents = sorted({one.incident for one in page.episodes if one.incident is not None})
    messages, titles = of_incidents(reader, incidents), _titles(reader, incidents)
    found = [_trail(one, messages.get(one.incident or "", ()), silences, titles) for one in page.episodes]
    return Trails(found, written(page.next), kept(reader))


def written(key: Key | None) -> str | None:
    """Return a key as text.

    >>> written((1772400000.5, 7)), read_key("1772400000.5~7")
    ('1772400000.5~7', (1772400000.5, 7))
    """
    return None if key is None else f"{key[0]!r}~{key[1]}"


def read_key(text: str) -> Key:
    """Return the key of a text that `written` made."""
    at, _, seq = text.partition("~")
    return float(at), int(seq)


def _trail(one: Episode, messages: Sequence[Brief], silences: Silenced, titles: Mapping[str, str]) -> Trail:
    comment, created_by = silences.get(one.silence or "", ("", ""))
    return Trail(
        one.seq,
        one.name,
        one.entity,
        one.service,
        one.source,
        LABELS[one.severity],
        one.started_at,
        one.last_at,
        one.ended_at,
        one.ended_by,
        one.count,
        _WENT[one.disposition],  # type: ignore[arg-type]
        one.incident,
        titles.get(one.incident or "", ""),
        _why(one),
        one.silence,
        comment,
        created_by,
        _notified(one, messages),
        one.message,
        one.labels,
        one.url,
        one.fingerprint,
        one.alert_id,
    )


def _titles(reader: sqlite3.Connection, incidents: Sequence[str]) -> dict[str, str]:
    marks = ", ".join("?" * len(incidents))
    found = reader.execute(f"select id, verdict, title from incident_lines where id in ({marks})", tuple(incidents))  # noqa: S608
    return {str(name): one_line(str(verdict or title), MAX_WHY) for name, verdict, title in found}


def _why(one: Episode) -> str:
    """Return why an alert opened no incident; an incident needs no reason here."""
    return "" if one.disposition in ("incident", "suppressed") else one_line(one.reason or "", MAX_WHY)


def _notified(one: Episode, messages: Sequence[Brief]) -> list[NotifiedOf]:
    found: dict[str, NotifiedOf] = {}
    over = one.ended_at if one.ended_at is not None else float("inf")
    for brief in messages:
        is_earlier = brief.created_at < one.started_at - _CLOCKS_S
        before = found.get(brief.endpoint)
        if before is not None and not before.is_earlier:
            continue
        if before is not None and not is_earlier and brief.created_at > over and brief.change in ("resolved", "merged"):
            # The message about the end, to an endpoint that knew of the incident before.
            continue
        state = "held" if brief.is_held and brief.state == "due" else brief.state
        at = brief.due_at if brief.state == "due" else brief.changed_at
        found[brief.endpoint] = NotifiedOf(brief.endpoint, brief.id, state, at, is_earlier)
    return [found[name] for name in sorted(found)]
