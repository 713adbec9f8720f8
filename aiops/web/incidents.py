"""Incidents over the API: lists, details and feedback."""

from __future__ import annotations

import secrets
from typing import Any

from aiops.records import Action, Severity
from aiops.store import incidents
from aiops.store.incidents import Stored, Summary
from aiops.web import bodies
from aiops.web.operations import ApiError, Call, Operation

# The engine answers within a frame's time. A longer wait means that it is full or that its disk accepts nothing.
ACT_TIMEOUT_S = 5.0


def list_incidents(call: Call) -> bodies.Lines:
    """Return a page of incidents."""
    query: bodies.ListQuery = call.query
    found = incidents.listed(
        call.host.store.database.reader,
        statuses=tuple(query.status.split(",")) if query.status else (),  # type: ignore[arg-type]
        min_severity=Severity[query.min_severity.upper()] if query.min_severity else 0,
        since=query.since,
        before=_cursor(query.before),
        limit=query.limit,
    )
    last = found[-1] if len(found) == query.limit else None
    # `repr` gives the shortest text that parses to the same number.
    following = f"{last.opened_at!r}~{last.id}" if last is not None else None
    return bodies.Lines([_line(summary) for summary in found], following)


def show_incident(call: Call) -> bodies.Detail:
    """Return one incident."""
    stored = _stored(call)
    return bodies.Detail(stored.incident, stored.version)


def acknowledge(call: Call) -> bodies.Done:
    """Acknowledge an incident."""
    return _act(call, "acknowledge", message=call.body.message)


def resolve(call: Call) -> bodies.Done:
    """Resolve an incident, although its alerts may still fire."""
    return _act(call, "resolve", message=call.body.message)


def confirm_cause(call: Call) -> bodies.Done:
    """Confirm the cause of an incident."""
    return _act(call, "confirm_cause", message=call.body.message, entity=call.body.entity)


def confirm_grouping(call: Call) -> bodies.Done:
    """Record which alerts belong together and which do not."""
    args = {"alerts": ",".join(call.body.alerts), "wrong": ",".join(call.body.wrong)}
    return _act(call, "confirm_grouping", message=call.body.message, args=args)


def confirm_playbook(call: Call) -> bodies.Done:
    """Record that a playbook was used, and its outcome."""
    args = {"playbook": call.body.playbook, "outcome": call.body.outcome}
    return _act(call, "confirm_playbook", message=call.body.message, args=args)


def _act(
    call: Call, verb: str, *, message: str | None, entity: str | None = None, args: dict[str, str] | None = None
) -> bodies.Done:
    stored = _stored(call)
    return hand_in(
        call,
        Action(
            ts=call.clock(),
            verb=verb,
            actor=call.actor,
            incident=stored.incident.id,
            entity=entity,
            args=args or {},
            message=message,
        ),
    )


def hand_in(call: Call, action: Action) -> bodies.Done:
    """Pass an action to the engine; raise `ApiError` if it was refused, or not answered in time."""
    action.id = f"act:{secrets.token_hex(8)}"
    answer = call.host.act(action, ACT_TIMEOUT_S)
    if answer is None:
        raise ApiError(
            503, f"the engine did not answer in {ACT_TIMEOUT_S:g} s; the audit shows if {action.id} was applied"
        )
    if not answer.applied:
        raise ApiError(409, answer.reason)
    return bodies.Done(action.id, answer.applied, answer.reason)


def _stored(call: Call) -> Stored:
    name = call.params["id"]
    found = incidents.get(call.host.store.database.reader, name)
    if found is None:
        raise ApiError(404, f"expected the id of an incident; got {name[:100]!r}")
    return found


def _cursor(text: str | None) -> tuple[float, str] | None:
    if text is None:
        return None
    at, _, name = text.partition("~")
    return float(at), name


def _line(summary: Summary) -> bodies.Line:
    fields: dict[str, Any] = {name: getattr(summary, name) for name in bodies.Line.__struct_fields__}
    fields["severity"] = Severity(summary.severity).label
    return bodies.Line(**fields)


OPERATIONS = [
    Operation(
        "listIncidents",
        "GET",
        "/api/v1/incidents",
        "List incidents",
        "read",
        list_incidents,
        bodies.Lines,
        query=bodies.ListQuery,
    ),
    Operation(
        "showIncident",
        "GET",
        "/api/v1/incidents/{id}",
        "Show an incident",
        "read",
        show_incident,
        bodies.Detail,
        errors=(404,),
    ),
    *(
        Operation(
            name,
            "POST",
            f"/api/v1/incidents/{{id}}/{path}",
            summary,
            "write",
            handler,
            bodies.Done,
            body,
            errors=(404, 409, 503),
        )
        for name, path, summary, handler, body in (
            ("acknowledge", "acknowledge", "Acknowledge an incident", acknowledge, bodies.Note),
            ("resolve", "resolve", "Resolve an incident", resolve, bodies.Note),
            ("confirmCause", "confirm-cause", "Confirm or correct the cause", confirm_cause, bodies.ConfirmCause),
            (
                "confirmGrouping",
                "confirm-grouping",
                "Confirm or correct the grouping",
                confirm_grouping,
                bodies.ConfirmGrouping,
            ),
            (
                "confirmPlaybook",
                "confirm-playbook",
                "Record which playbook was used",
                confirm_playbook,
                bodies.ConfirmPlaybook,
            ),
        )
    ),
]
