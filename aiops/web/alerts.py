"""The history of alerts over the API: what fired, where it went, and who was notified of it."""

from __future__ import annotations

from collections.abc import Mapping

from aiops.errors import AiopsError
from aiops.records import Action
from aiops.store.alert_history import AlertQuery
from aiops.store.alert_terms import terms_of
from aiops.views.alert_trail import Trails, read_key, trails
from aiops.web import action_bodies, bodies
from aiops.web.host import Host
from aiops.web.incidents import hand_in
from aiops.web.operations import Call, Operation


def alert_history(call: Call) -> Trails:
    """Return alerts, newest first, with where each one went."""
    query: bodies.AlertHistoryQuery = call.query
    wanted = AlertQuery(
        query=terms_of(query.q),
        incident=query.incident,
        silence=query.silence,
        fingerprint=query.fingerprint,
        since=query.since,
        until=query.until,
        before=None if query.before is None else read_key(query.before),
        limit=query.limit,
    )
    return trails(call.host.store.database.reader, wanted, silence_comments(call.host))


def open_alert(call: Call) -> bodies.Done:
    """Make an incident of the cluster of a background alert."""
    body: action_bodies.OpenAlert = call.body
    action = Action(ts=call.clock(), verb="open", actor=call.actor, args={"alert": body.alert}, message=body.message)
    return hand_in(call, action)


def silence_comments(host: Host) -> Mapping[str, tuple[str, str]]:
    """Return comment and creator of silences by id; of those in force alone while the engine is busy."""
    try:
        present, past = host.all_silences()
    except AiopsError:
        present, past = host.silences(), ()
    return {one.id: (one.comment, one.created_by) for one in (*past, *present)}


OPERATIONS = [
    Operation(
        "alertHistory",
        "GET",
        "/api/v1/alerts/history",
        "Search what fired, where it went, and who was notified",
        "read",
        alert_history,
        Trails,
        None,
        bodies.AlertHistoryQuery,
    ),
    Operation(
        "openAlert",
        "POST",
        "/api/v1/alerts/open",
        "Make an incident of the cluster of a background alert",
        "write",
        open_alert,
        bodies.Done,
        action_bodies.OpenAlert,
        errors=(409, 503),
    ),
]
