"""Actions on incidents over the API: assign, snooze, reopen, mark, note; on one or on many at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from aiops.durations import Duration, seconds
from aiops.records import Action
from aiops.store import incidents
from aiops.web import action_bodies, bodies
from aiops.web.incidents import ACT_TIMEOUT_S, act
from aiops.web.operations import ApiError, Call, Operation
from aiops.wording import plural

# The fields of a bulk request that only some actions take.
_OWN = {
    "assign": ("to",),
    "snooze": ("until", "for_"),
    "merge": ("into",),
    "note": ("text", "notify"),
    "mark": ("as_",),
    "undo": ("actions",),
}


def reopen(call: Call) -> bodies.Done:
    """Open a resolved incident again."""
    return act(call, "reopen", message=call.body.message)


def assign(call: Call) -> bodies.Done:
    """Make an incident a person's."""
    return act(call, "assign", message=call.body.message, args={"to": call.body.to})


def snooze(call: Call) -> bodies.Done:
    """Send no news of an incident until a time."""
    return act(call, "snooze", message=call.body.message, args={"until": snooze_end(call.body, call.clock())})


def unsnooze(call: Call) -> bodies.Done:
    """End the snooze of an incident."""
    return act(call, "unsnooze", message=call.body.message)


def note(call: Call) -> bodies.Done:
    """Keep a note with an incident."""
    return act(call, "note", message=None, args=_note_args(call.body.text, call.body.notify))


def mark(call: Call) -> bodies.Done:
    """Mark an incident as noise, or as actionable."""
    return act(call, "mark", message=call.body.message, args={"as": call.body.as_})


def merge(call: Call) -> bodies.Done:
    """Make an incident a part of another one."""
    return act(call, "merge", message=call.body.message, args={"into": call.body.into})


def split(call: Call) -> bodies.Done:
    """Make an incident of its own of some alert streams, which is a judgement of the grouping, too."""
    return act(call, "split", message=call.body.message, args={"alerts": ",".join(call.body.alerts)})


def undo(call: Call) -> bodies.Done:
    """Undo the last action on an incident."""
    args = {"action": call.body.action} if call.body.action else {}
    return act(call, "undo", message=call.body.message, args=args)


def bulk(call: Call) -> action_bodies.Outcomes:
    """Apply one action to several incidents; each has an answer of its own."""
    body: action_bodies.Bulk = call.body
    _refuse_unused(body)
    names = list(dict.fromkeys(body.ids))
    args = _bulk_args(body, call.clock())
    undone = _undone(body)
    known = {name: incidents.get(call.host.store.database.reader, name) is not None for name in names}
    actions = [
        Action(
            ts=call.clock(),
            verb=body.action,
            id=f"act:{secrets.token_hex(8)}",
            actor=call.actor,
            incident=name,
            args={**args, **({"action": undone[name]} if name in undone else {})},
            message=body.message,
        )
        for name in names
        if known[name] and name != body.into
    ]
    answers = call.host.act_all(actions, ACT_TIMEOUT_S) if actions else {}
    ids = {str(action.incident): action.id for action in actions}
    return action_bodies.Outcomes([_outcome(name, ids.get(name), answers, body) for name in names])


def _outcome(name: str, id: str | None, answers: Mapping[str, Any], body: action_bodies.Bulk) -> action_bodies.Outcome:
    if id is None:
        reason = "the others are merged into it" if name == body.into else "expected the id of an incident"
        return action_bodies.Outcome(name, "", False, reason)
    answer = answers.get(id)
    if answer is None:
        late = f"the engine did not answer in {ACT_TIMEOUT_S:g} s; the audit shows if {id} was applied"
        return action_bodies.Outcome(name, id, False, late)
    return action_bodies.Outcome(name, id, answer.applied, answer.reason)


def _refuse_unused(body: action_bodies.Bulk) -> None:
    """Raise `ApiError` for a field that the action would ignore."""
    own, empty = _OWN.get(body.action, ()), action_bodies.Bulk(body.action, body.ids, message=body.message)
    for name in action_bodies.Bulk.__struct_fields__:
        if name not in own and getattr(body, name) != getattr(empty, name):
            raise ApiError(400, f"body: $.{name.rstrip('_')}: expected none with {body.action}; got one")


def _undone(body: action_bodies.Bulk) -> dict[str, str]:
    """Return the actions to undo by incident; raise `ApiError` unless each incident has one, or none has."""
    undone = dict(zip(body.ids, body.actions, strict=False))
    if body.actions and not len(undone) == len(body.ids) == len(body.actions):
        # The last action of an incident is undone only where nobody named one.
        got = f"got {len(body.actions)} for {plural(len(set(body.ids)), 'incident')}"
        raise ApiError(400, f"body: $.actions: expected one for each of ids, each of them once; {got}")
    return undone


def _bulk_args(body: action_bodies.Bulk, now: float) -> dict[str, str]:
    """Return the arguments of a bulk action; raise `ApiError` for fields that it lacks."""
    if body.action == "assign":
        return {"to": body.to}
    if body.action == "snooze":
        return {"until": snooze_end(body, now)}
    if body.action == "merge":
        if body.into is None:
            raise ApiError(400, "body: $.into: expected the incident that stays; got none")
        return {"into": body.into}
    if body.action == "note":
        if body.text is None:
            raise ApiError(400, "body: $.text: expected a sentence; got none")
        return _note_args(body.text, body.notify)
    if body.action == "mark":
        if body.as_ is None:
            raise ApiError(400, "body: $.as: expected noise or actionable; got none")
        return {"as": body.as_}
    return {}


def _note_args(text: str, notify: bool) -> dict[str, str]:
    return {"text": text, "notify": "yes" if notify else "no"}


def snooze_end(body: action_bodies.Snooze | action_bodies.Bulk, now: float) -> str:
    """Return the end of a snooze as text; raise `ApiError` without exactly one of `until` and `for`."""
    if (body.until is None) == (body.for_ is None):
        raise ApiError(400, "body: expected one of until and for; got " + ("none" if body.until is None else "both"))
    if body.for_ is None:
        return repr(body.until) if isinstance(body.until, float) else str(body.until)
    try:
        # Without the spaces of a form.
        return repr(now + seconds(msgspec.convert(body.for_.strip(), Duration)))
    except msgspec.ValidationError:
        raise ApiError(400, f"body: $.for: expected a duration such as 90m or 2h; got {body.for_[:40]!r}") from None


OPERATIONS = [
    Operation(
        "bulkIncidents",
        "POST",
        "/api/v1/incidents/bulk",
        "Apply one action to several incidents",
        "write",
        bulk,
        action_bodies.Outcomes,
        action_bodies.Bulk,
        errors=(503,),
    ),
    *(
        Operation(
            f"{name}Incident",
            "POST",
            f"/api/v1/incidents/{{id}}/{name}",
            summary,
            "write",
            handler,
            bodies.Done,
            body,
            errors=(404, 409, 503),
        )
        for name, summary, handler, body in (
            ("reopen", "Open a resolved incident again; nobody is called", reopen, bodies.Note),
            ("assign", "Make an incident a person's", assign, action_bodies.Assign),
            ("snooze", "Send no news of an incident until a time", snooze, action_bodies.Snooze),
            ("unsnooze", "End the snooze of an incident", unsnooze, bodies.Note),
            ("mark", "Mark an incident as noise, or as actionable", mark, action_bodies.Mark),
            ("merge", "Make an incident a part of another one", merge, action_bodies.Merge),
            ("split", "Make an incident of its own of some alerts", split, action_bodies.Split),
            ("undo", "Undo the last action on an incident", undo, action_bodies.Undo),
            ("note", "Keep a note with an incident", note, action_bodies.Remark),
        )
    ),
]
