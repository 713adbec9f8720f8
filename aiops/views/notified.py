"""Notifications of an incident: the endpoint, the time, the result, and the subject of each message."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Struct

from aiops.records import Incident
from aiops.store.outbox_reads import Sending, of_incident
from aiops.verdict.sentence import verdict, what_it_was
from aiops.views.lead import lasted_s
from aiops.views.one_line import one_line
from aiops.wording import about, listed, plural

MAX_SHOWN = 20
MAX_NEWS, MAX_TEXT, MAX_ERROR = 8, 300, 300
_CHANGES = {
    "opened": "opened",
    "reopened": "opened again",
    "returned": "back, no worse than before",
    "updated": "news",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "merged": "merged",
}


class Notification(Struct):
    """One message: what it was about (`text`, one line), its news, and the state of its delivery.

    `state` is sent, due, dead or dropped; `status` the words for it. `at` is when it was sent, or is tried next.
    """

    id: int
    endpoint: str
    change: str
    state: str
    status: str
    at: float
    created_at: float
    text: str
    news: list[str]
    error: str = ""


class Notified(Struct):
    """The newest messages about an incident; `count` is their number, `superseded` that of replaced ones.

    `reason` is why there is none, where it is known.
    """

    messages: list[Notification]
    count: int
    superseded: int
    reason: str = ""


def notified(connection: sqlite3.Connection, incident: str) -> Notified:
    """Return the messages about an incident, the newest first."""
    found, count, superseded = of_incident(connection, incident, MAX_SHOWN)
    return Notified([_message(one) for one in found], count, superseded)


def _message(one: Sending) -> Notification:
    error = one_line(one.last_error or "", MAX_ERROR) if one.state in ("due", "dead") else ""
    return Notification(
        one.id,
        one.endpoint,
        f"reminder {one.repeats}" if one.repeats else _CHANGES.get(one.change, one.change),
        one.state,
        _status(one),
        one.changed_at if one.state != "due" else one.due_at,
        one.created_at,
        _text(one),
        _news(one.news),
        error,
    )


def _status(one: Sending) -> str:
    if one.state == "sent":
        return "sent"
    if one.state == "dead":
        return f"not delivered after {plural(max(one.attempt, 1), 'attempt')}"
    if one.state == "dropped":
        return "dropped by a person"
    if one.held is not None:
        return "held back by inhibition"
    return f"retrying, {plural(one.attempt, 'attempt')} so far" if one.attempt else "waiting"


def _text(one: Sending) -> str:
    """Return what a message was about, by the incident as it was handed to the endpoint."""
    try:
        incident = msgspec.json.decode(one.body, type=Incident)
    except msgspec.DecodeError:
        return ""
    if one.change == "resolved":
        lasted = lasted_s(incident)
        text = f"Resolved{f' after {about(lasted)}' if lasted is not None else ''}: {what_it_was(incident)}"
    else:
        severity = (incident.severity or "warning").capitalize()
        text = f"{one_line(severity, 20)}: {verdict(incident).text}"
    alerts = incident.alert_count or len(incident.alerts)
    places = listed([one_line(name) for name in incident.services], 3)
    return one_line(f"{text}. {plural(alerts, 'alert')}{f' in {places}' if places else ''}.", MAX_TEXT)


def _news(text: str) -> list[str]:
    try:
        found = msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return []
    return [one_line(news, MAX_TEXT) for news in found[:MAX_NEWS]]
