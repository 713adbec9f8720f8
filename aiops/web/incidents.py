"""Incidents over the API: lists, details and feedback."""

from __future__ import annotations

import secrets

from aiops.engine.member_explanation import MemberExplanation, grounds
from aiops.errors import AiopsError
from aiops.records import Action, Incident, Severity
from aiops.respond.authority import ReasonMissing, required_reason
from aiops.search.conditions import Wanted
from aiops.search.listing import Order
from aiops.search.syntax import read_query
from aiops.store import incidents
from aiops.store.held import held_of
from aiops.store.incidents import Stored
from aiops.views.incident_lines import Lines, read
from aiops.web import bodies
from aiops.web.host import Host
from aiops.web.operations import ApiError, Call, Operation

# The engine answers within a frame's time. A longer wait means that it is full or that its disk accepts nothing.
ACT_TIMEOUT_S = 5.0
NO_ENDPOINT = "no endpoint is configured: nobody is notified"


def list_incidents(call: Call) -> Lines:
    """Return a page of incidents."""
    query: bodies.ListQuery = call.query
    wanted = Wanted(
        now=call.clock(),
        query=read_query(query.q),
        statuses=tuple(query.status.split(",")) if query.status else (),
        min_severity=Severity[query.min_severity.upper()] if query.min_severity else 0,
        since=query.since,
    )
    reader, order = call.host.store.database.reader, Order(query.sort, query.order == "asc")
    return read(reader, wanted, order, limit=query.limit, before=query.before, with_facets=query.facets)


def show_incident(call: Call) -> bodies.Detail:
    """Return one incident."""
    stored = stored_of(call)
    held = held_of(call.host.store.database.reader, [stored.incident.id]).get(stored.incident.id, [])
    inhibited = [
        bodies.Inhibited(one.endpoint, one.hold.by, one.hold.rule, one.hold.since, one.hold.incident) for one in held
    ]
    return bodies.Detail(stored.incident, stored.version, inhibited)


def explain(call: Call) -> MemberExplanation:
    """Explain why a stream is in an incident, or why not."""
    stored, alert = stored_of(call), call.query.alert
    try:
        found = call.host.explain(stored.incident.id, alert)
    except AiopsError as error:
        raise ApiError(503, str(error)) from None
    found = found or _kept(stored.incident, alert)
    if found is None:
        raise ApiError(404, f"alert: expected the first alert of a stream, or its fingerprint; got {alert[:100]!r}")
    return found


def _kept(incident: Incident, alert: str) -> MemberExplanation | None:
    """Explain a stream of an incident that only the store still has."""
    member = next((one for one in incident.members if alert in (one.alert_id, one.fingerprint)), None)
    if member is None:
        return None
    joined = grounds(-1, incident.id, member.evidence) if member.evidence else None
    text = "It joined this incident." if joined is not None else "It opened a cluster, which belongs to this incident."
    named = (member.fingerprint, member.alert_id, member.name, member.entity)
    return MemberExplanation(*named, incident.id, member.first_at, text, joined=joined)


def acknowledge(call: Call) -> bodies.Done:
    """Acknowledge an incident."""
    return act(call, "acknowledge", message=call.body.message)


def resolve(call: Call) -> bodies.Done:
    """Resolve an incident, although its alerts may still fire."""
    return act(call, "resolve", message=call.body.message)


def confirm_cause(call: Call) -> bodies.Done:
    """Confirm the cause of an incident."""
    return act(call, "confirm_cause", message=call.body.message, entity=call.body.entity)


def confirm_grouping(call: Call) -> bodies.Done:
    """Record which alerts belong together and which do not."""
    args = {"alerts": ",".join(call.body.alerts), "wrong": ",".join(call.body.wrong)}
    return act(call, "confirm_grouping", message=call.body.message, args=args)


def confirm_playbook(call: Call) -> bodies.Done:
    """Record that a playbook was used, and its outcome."""
    args = {"playbook": call.body.playbook, "outcome": call.body.outcome}
    return act(call, "confirm_playbook", message=call.body.message, args=args)


def reject_playbook(call: Call) -> bodies.Done:
    """Reject a suggested playbook for an incident; approvals of it that were given so far end."""
    wanted, incident = call.body, stored_of(call).incident
    try:
        reason = required_reason(wanted.reason, "a rejection")
    except ReasonMissing as error:
        raise ApiError(400, f"reason: {error}") from None
    names = [one.name for one in incident.playbooks]
    if wanted.playbook not in names and wanted.playbook not in call.host.playbooks:
        raise ApiError(409, f"expected a playbook that is suggested or in use; got {wanted.playbook[:80]!r}")
    if incident.status in ("resolved", "merged"):
        raise ApiError(409, f"{incident.id} is {incident.status}: nothing is suggested for it any more")
    if call.host.runs is not None:
        try:
            # The trail comes first: an approval must not outlive a rejection that people see.
            call.host.runs.reject(incident.id, wanted.playbook, call.actor or "local", reason)
        except AiopsError as error:
            raise ApiError(503, str(error)) from None
    return act(call, "reject_playbook", message=reason, args={"playbook": wanted.playbook})


def act(
    call: Call, verb: str, *, message: str | None, entity: str | None = None, args: dict[str, str] | None = None
) -> bodies.Done:
    """Pass an action on the incident of a call to the engine; raise `ApiError` if it was refused."""
    stored = stored_of(call)
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
    return bodies.Done(action.id, answer.applied, notified_reason(call.host, answer.reason))


def has_endpoints(host: Host) -> bool:
    """Return True if there is an endpoint that notifications can go to."""
    return host.delivery is not None and bool(host.delivery.endpoints())


def notified_reason(host: Host, reason: str) -> str:
    """Return the engine's answer, which knows no endpoints, with what is true of notifications here."""
    done, found, _ = reason.rpartition("; endpoints ")
    return f"{done}; {NO_ENDPOINT}" if found and not has_endpoints(host) else reason


def stored_of(call: Call) -> Stored:
    """Return the incident that a request names; raise `ApiError` for one that there is not."""
    name = call.params["id"]
    found = incidents.get(call.host.store.database.reader, name)
    if found is None:
        raise ApiError(404, f"expected the id of an incident; got {name[:100]!r}")
    return found


OPERATIONS = [
    Operation(
        "listIncidents",
        "GET",
        "/api/v1/incidents",
        "List incidents, or search them",
        "read",
        list_incidents,
        Lines,
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
    Operation(
        "explainAlert",
        "GET",
        "/api/v1/incidents/{id}/explain",
        "Explain why an alert is in an incident, or why not",
        "read",
        explain,
        MemberExplanation,
        query=bodies.ExplainQuery,
        errors=(404, 503),
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
            (
                "rejectPlaybook",
                "reject-playbook",
                "Reject a suggested playbook, with the reason",
                reject_playbook,
                bodies.RejectPlaybook,
            ),
        )
    ),
]
