"""Forms of the work on an incident: assign, snooze, merge, split, undo; each states what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.shell import Shell, Undo, segment
from aiops.web import action_bodies, bodies, incident_actions, incidents
from aiops.web.forms import body_of, single
from aiops.web.operations import ApiError, Call
from aiops.wording import capital

# Alerts that one form can name, and its other fields.
MAX_ALERTS, MAX_OTHERS = 200, 12
Verb = tuple[Callable[[Call], bodies.Done], type[Struct]]

VERBS: dict[str, Verb] = {
    "acknowledge": (incidents.acknowledge, bodies.Note),
    "resolve": (incidents.resolve, bodies.Note),
    "reopen": (incident_actions.reopen, bodies.Note),
    "assign": (incident_actions.assign, action_bodies.Assign),
    "snooze": (incident_actions.snooze, action_bodies.Snooze),
    "unsnooze": (incident_actions.unsnooze, bodies.Note),
    "mark": (incident_actions.mark, action_bodies.Mark),
    "merge": (incident_actions.merge, action_bodies.Merge),
    "split": (incident_actions.split, action_bodies.Split),
    "undo": (incident_actions.undo, action_bodies.Undo),
}
# What these did stands, or is undone by the button beside them.
LASTING = ("reopen", "undo")


class IncidentActionsPage:
    """The forms of one incident; `templates/incident/actions.html` shows them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.post(f"/incidents/{{id}}/{verb}", self._handler(verb)) for verb in VERBS]

    def _handler(self, verb: str) -> Callable[[Request], Any]:
        async def act(request: Request) -> Response:
            given = await self._shell.forms.read_all(request, MAX_ALERTS + MAX_OTHERS)
            handler, kind = VERBS[verb]
            call = self._shell.call(request, body=body_of(_fields(verb, given), kind))
            done = await run_in_threadpool(handler, call)
            # A merged incident is read with the one that it became a part of.
            name = call.body.into if verb == "merge" else call.params["id"]
            return self._shell.done(request, f"/incidents/{segment(name)}", sentence(done), _undo(verb, call, done))

        return act


def _fields(verb: str, given: dict[str, list[str]]) -> dict[str, Any]:
    """Return the fields of a form as the API names them."""
    fields: dict[str, Any] = {**single(given, but="alert")}
    if verb == "split":
        if "alert" not in given:
            raise ApiError(400, "select the alerts first: mark the boxes beside them")
        fields["alerts"] = list(dict.fromkeys(given["alert"]))
        del fields["alert"]
    if verb == "merge":
        # The list of open incidents, or an id that somebody typed.
        fields["into"] = fields.pop("other", "").strip() or fields.get("into", "")
    return fields


def _undo(verb: str, call: Call, done: bodies.Done) -> Undo | None:
    if verb in LASTING or done.reason.endswith("nothing changed"):
        return None
    return Undo(f"/incidents/{segment(call.params['id'])}/undo", {"action": done.id})


def sentence(done: bodies.Done) -> str:
    """Return the answer of an action as a sentence."""
    text = done.reason
    return capital(text) + ("" if text.endswith((".", "!")) else ".")
