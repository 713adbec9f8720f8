"""Actions on the incidents that are selected in the list: at once, or after a page for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct, structs
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.bulk_silence import silence_address
from aiops.pages.list_address import choice_of_text
from aiops.pages.notices import Undo
from aiops.pages.shell import Shell
from aiops.search.lines import Line
from aiops.search.listing import lines_of
from aiops.store import incidents
from aiops.web import incident_actions
from aiops.web.action_bodies import MAX_BULK, Bulk
from aiops.web.action_bodies import Undo as UndoBody
from aiops.web.forms import body_of, single
from aiops.web.operations import ApiError, Call
from aiops.wording import plural

# What was done, for a sentence; actions that need more words have a page in between.
DONE = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "reopen": "opened again",
    "unsnooze": "no longer snoozed",
    "undo": "as before",
    "assign": "assigned to {to}",
    "snooze": "snoozed for {for}",
    "merge": "merged into another",
    "noise": "marked as noise",
    "actionable": "marked as actionable",
}
QUESTIONS = {"assign": "Assign", "snooze": "Snooze", "merge": "Merge"}
# Buttons that mark.
LABELS = ("noise", "actionable")
# Incidents whose action one press undoes, each with a record of its own in the journal.
MAX_UNDONE = 50
SNOOZES = (("30m", "30 min"), ("1h", "1 hour"), ("4h", "4 hours"), ("1d", "1 day"))
Id = Annotated[str, Meta(min_length=1, max_length=256)]
Actions = Annotated[dict[Id, Id], Meta(min_length=1, max_length=MAX_UNDONE)]
_NONE = "select the incidents first: mark the boxes at the beginning of their rows"


class Question(Struct):
    """The page in between: what is to be done, with which incidents, and the list to return to."""

    action: str
    title: str
    lines: list[Line]
    back: str


class IncidentBulkPage:
    """The form of the list."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/incidents/bulk", self._question),
            self._shell.post("/incidents/bulk", self._act),
        ]

    async def _question(self, request: Request) -> Response:
        action = request.query_params.get("do", "")
        if action not in QUESTIONS:
            raise ApiError(404, f"expected one of {', '.join(QUESTIONS)}; got {action[:40]!r}")
        names = request.query_params.getlist("incident")[:MAX_BULK]
        back = choice_of_text(request.query_params.get("back", "")).href
        lines = await run_in_threadpool(lines_of, self._shell.caller.host.store.database.reader, names)
        if not lines:
            raise ApiError(400, _NONE)
        title = f"{QUESTIONS[action]} {plural(len(lines), 'incident')}"
        question = Question(action, title, lines, back)
        return self._shell.render(request, "bulk.html", question=question, snoozes=SNOOZES)

    async def _act(self, request: Request) -> Response:
        given = await self._shell.forms.read_all(request, MAX_BULK + 12)
        fields = single(given, but="incident")
        names, action = list(dict.fromkeys(given.get("incident", []))), fields.get("do", "")
        back = choice_of_text(fields.get("back", "")).href
        if action == "undo":
            return await self._undo(request, fields.get("actions", ""), back)
        if not names:
            raise ApiError(400, _NONE)
        if action == "silence":
            return self._shell.redirect(await run_in_threadpool(self._silence, names))
        if action in QUESTIONS and not _is_complete(action, fields):
            return self._shell.redirect(f"/incidents/bulk?{urlencode([('do', action), ('back', back), *_ids(names)])}")
        call = self._shell.call(request, body=_body(action, names, fields))
        outcomes = (await run_in_threadpool(_bulk, call)).outcomes
        done = {one.incident: one.id for one in outcomes if one.applied}
        if not done:
            raise ApiError(409, f"{outcomes[0].incident}: {outcomes[0].reason}")
        text = _sentence(action, fields, len(done), [one.reason for one in outcomes if not one.applied])
        return self._shell.done(request, back, text, _undo(done, back))

    async def _undo(self, request: Request, text: str, back: str) -> Response:
        try:
            actions = msgspec.json.decode(text, type=Actions)
        except msgspec.MsgspecError as error:
            raise ApiError(400, f"actions: {error}") from None
        refused = await run_in_threadpool(self._undone, request, actions)
        if len(refused) == len(actions):
            raise ApiError(409, refused[0] if refused else "nothing to undo")
        return self._shell.done(request, back, _sentence("undo", {}, len(actions) - len(refused), refused))

    def _undone(self, request: Request, actions: dict[str, str]) -> list[str]:
        """Undo actions by incident; return the reasons of those that could not be undone."""
        refused: list[str] = []
        for incident, action in actions.items():
            call = structs.replace(self._shell.call(request, body=UndoBody(action)), params={"id": incident})
            try:
                incident_actions.undo(call)
            except ApiError as error:
                refused.append(error.reason)
        return refused

    def _silence(self, names: Sequence[str]) -> str:
        reader = self._shell.caller.host.store.database.reader
        found = [stored.incident for name in names if (stored := incidents.get(reader, name)) is not None]
        return silence_address(found)


def _bulk(call: Call) -> Any:
    return incident_actions.bulk(call)


def _ids(names: Sequence[str]) -> list[tuple[str, str]]:
    return [("incident", name) for name in names]


def _is_complete(action: str, fields: Mapping[str, str]) -> bool:
    """Return True if the form holds what the action needs."""
    needed = {"assign": "to", "snooze": "for", "merge": "into"}[action]
    return bool(fields.get(needed, "").strip())


def _body(action: str, names: list[str], fields: Mapping[str, str]) -> Bulk:
    if action not in DONE:
        raise ApiError(400, f"do: expected one of {', '.join(DONE)} or silence; got {action[:40]!r}")
    if action == "merge":
        # The one that stays is no part of itself.
        names = [name for name in names if name != fields.get("into")]
        if not names:
            raise ApiError(400, "select two incidents or more: the others become parts of the one that stays")
    if action in LABELS:
        return body_of({"action": "mark", "ids": names, "as": action}, Bulk)
    chosen = {name: fields[name] for name in ("to", "for", "into", "message") if name in fields}
    return body_of({"action": action, "ids": names, **chosen}, Bulk)


def _sentence(action: str, fields: Mapping[str, str], count: int, refused: Sequence[str]) -> str:
    words = DONE[action].format(**{"to": fields.get("to", ""), "for": fields.get("for", "")})
    text = f"{plural(count, 'incident')} {words}."
    return f"{text} {len(refused)} not: {refused[0]}." if refused else text


def _undo(actions: Mapping[str, str], back: str) -> Undo | None:
    """Return the form that undoes actions by incident; None for more than one press can undo."""
    if len(actions) > MAX_UNDONE:
        return None
    fields = {"do": "undo", "actions": msgspec.json.encode(actions).decode(), "back": back}
    return Undo("/incidents/bulk", fields)
