"""Silences over the API: list, add, preview and end."""

from __future__ import annotations

import secrets

import msgspec
from msgspec import Struct

from aiops.engine.silence_preview import RECENT_S, Preview, Window, windows
from aiops.engine.silences.actions import arguments, parse_silence
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.records import Action
from aiops.views.silence_calendar import occurrences
from aiops.views.silence_matches import Matched, Meant, matched, meant, recent
from aiops.web import bodies
from aiops.web.incidents import hand_in
from aiops.web.operations import ApiError, Call, Operation


class SilenceMatches(Struct):
    """The recent alert streams that a silence would match, and the windows in which it is in force next.

    `meant` names matchers that nothing in the history matches.
    """

    recent: Matched
    windows: list[Window]
    meant: list[Meant]
    length_s: float
    is_recurring: bool


def list_silences(call: Call) -> bodies.Silences:
    """List silences; without a state, those that are active or scheduled."""
    state = call.query.state if call.query is not None else "current"
    if state == "current":
        return bodies.Silences(list(call.host.silences()))
    present, past = call.host.all_silences()
    return bodies.Silences([*(present if state == "all" else ()), *reversed(past)])


def show_calendar(call: Call) -> bodies.Calendar:
    """List the times at which silences are in force in the days to come."""
    now = call.clock()
    found = occurrences(call.host.silences(), now, now + call.query.days * 86_400.0)
    return bodies.Calendar(found)


def extend_silence(call: Call) -> bodies.Done:
    """Let a silence that does not recur end later."""
    found = next((one for one in call.host.silences() if one.id == call.params["id"]), None)
    if found is None:
        raise ApiError(404, f"expected the id of a silence in force; got {call.params['id'][:100]!r}")
    if found.every is not None:
        raise ApiError(409, f"extend: expected a silence that ends; {found.id} recurs {found.recurrence()}")
    until = max(found.end, call.clock()) + call.body.seconds
    args = arguments(found) | {"until": repr(until)}
    return add(call, args, found.comment or None)


def matches(call: Call, args: dict[str, str]) -> SilenceMatches:
    """Return what a silence would match; raise `ApiError` for invalid arguments."""
    silence = _checked(call, Action(ts=call.clock(), verb="silence", args=args))
    reader, now = call.host.store.database.reader, call.clock()
    found = matched(reader, silence.matchers, recent(reader, now - RECENT_S))
    return SilenceMatches(
        found,
        windows(silence, now),
        [] if found.streams else meant(reader, silence.matchers),
        silence.end - silence.start,
        silence.every is not None,
    )


def show_matches(call: Call) -> SilenceMatches:
    """Return the recent alert streams that a silence would match, with their incidents."""
    return matches(call, _arguments(call.body))


def add_silence(call: Call) -> bodies.Done:
    """Add or replace a silence or a maintenance window."""
    return add(call, _arguments(call.body), call.body.comment)


def preview_silence(call: Call) -> Preview:
    """Return the alert streams that a silence would match."""
    return preview(call, _arguments(call.body))


def add(call: Call, args: dict[str, str], comment: str | None) -> bodies.Done:
    """Add the silence of an action's arguments; raise `ApiError` for what does not fit."""
    action = Action(ts=call.clock(), verb="silence", actor=call.actor, args=args, message=comment)
    # The engine would refuse it as well. Here the answer can still be "your request is invalid".
    _checked(call, action)
    return hand_in(call, action)


def preview(call: Call, args: dict[str, str]) -> Preview:
    """Return the alert streams that a silence would match; raise `ApiError` for invalid arguments."""
    silence = _checked(call, Action(ts=call.clock(), verb="silence", args=args))
    try:
        return call.host.preview(silence)
    except AiopsError as error:
        raise ApiError(503, str(error)) from None


def end_silence(call: Call) -> bodies.Done:
    """End a silence."""
    name = call.params["id"]
    if all(silence.id != name for silence in call.host.silences()):
        raise ApiError(404, f"expected the id of a silence; got {name[:100]!r}")
    return hand_in(call, Action(ts=call.clock(), verb="unsilence", actor=call.actor, args={"id": name}))


def new_id() -> str:
    """Return an id for a silence without one."""
    return f"silence-{secrets.token_hex(6)}"


def _checked(call: Call, action: Action) -> Silence:
    try:
        return parse_silence(action, call.clock())
    except AiopsError as error:
        raise ApiError(400, str(error)) from None


def _arguments(wanted: bodies.NewSilence) -> dict[str, str]:
    given = {
        "id": wanted.id or new_id(),
        "matchers": msgspec.json.encode(wanted.matchers).decode(),
        "from": "" if wanted.from_ is None else str(wanted.from_),
        "until": str(wanted.until),
        "every": wanted.every or "",
        "zone": wanted.zone or "",
        "weekdays": ",".join(wanted.weekdays),
        "days": ",".join(map(str, wanted.days)),
    }
    return {name: text for name, text in given.items() if text}


OPERATIONS = [
    Operation(
        "listSilences",
        "GET",
        "/api/v1/silences",
        "List silences",
        "read",
        list_silences,
        bodies.Silences,
        None,
        bodies.SilencesQuery,
        errors=(503,),
    ),
    Operation(
        "silenceCalendar",
        "GET",
        "/api/v1/silences/calendar",
        "List the times at which silences are in force in the days to come",
        "read",
        show_calendar,
        bodies.Calendar,
        None,
        bodies.CalendarQuery,
    ),
    Operation(
        "matchSilence",
        "POST",
        "/api/v1/silences/matches",
        "Show the alert streams of the last 15 min that a silence would match, with their incidents, without adding it",
        "read",
        show_matches,
        SilenceMatches,
        bodies.NewSilence,
    ),
    Operation(
        "extendSilence",
        "POST",
        "/api/v1/silences/{id}/extend",
        "Let a silence end later",
        "write",
        extend_silence,
        bodies.Done,
        bodies.Extend,
        errors=(404, 409, 503),
    ),
    Operation(
        "addSilence",
        "POST",
        "/api/v1/silences",
        "Add or replace a silence or maintenance window",
        "write",
        add_silence,
        bodies.Done,
        bodies.NewSilence,
        status=201,
        errors=(409, 503),
    ),
    Operation(
        "previewSilence",
        "POST",
        "/api/v1/silences/preview",
        "Count the alert streams of the last 15 min that a silence would match, without adding it",
        "read",
        preview_silence,
        Preview,
        bodies.NewSilence,
        errors=(503,),
    ),
    Operation(
        "endSilence",
        "DELETE",
        "/api/v1/silences/{id}",
        "End a silence",
        "write",
        end_silence,
        bodies.Done,
        errors=(404, 409, 503),
    ),
]
