"""Silences over the API: list, add, preview and end."""

from __future__ import annotations

import secrets

import msgspec

from aiops.engine.silence_preview import Preview
from aiops.engine.silences.actions import parse_silence
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.records import Action
from aiops.web import bodies
from aiops.web.incidents import hand_in
from aiops.web.operations import ApiError, Call, Operation


def list_silences(call: Call) -> bodies.Silences:
    """List active and scheduled silences."""
    return bodies.Silences(list(call.host.silences()))


def add_silence(call: Call) -> bodies.Done:
    """Add or replace a silence or a maintenance window."""
    return add(call, _arguments(call.body), call.body.comment)


def preview_silence(call: Call) -> Preview:
    """Return the alerts that a silence would match now."""
    return preview(call, _arguments(call.body))


def add(call: Call, args: dict[str, str], comment: str | None) -> bodies.Done:
    """Add the silence of an action's arguments; raise `ApiError` for what does not fit."""
    action = Action(ts=call.clock(), verb="silence", actor=call.actor, args=args, message=comment)
    # The engine would refuse it as well. Here the answer can still be "your request is invalid".
    _checked(call, action)
    return hand_in(call, action)


def preview(call: Call, args: dict[str, str]) -> Preview:
    """Return the alerts that a silence would match now; raise `ApiError` for invalid arguments."""
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
    Operation("listSilences", "GET", "/api/v1/silences", "List silences", "read", list_silences, bodies.Silences),
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
        "Count the alerts that a silence would match now, without adding it",
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
