"""The page of deliveries: what waits, what failed, what was sent, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages import controls
from aiops.pages.shell import Shell, Undo
from aiops.store.outbox_list import STATES, lines
from aiops.views.undelivered import undelivered
from aiops.web import bodies, deliveries
from aiops.web.operations import ApiError
from aiops.wording import plural

# Boxes that one form may have checked, beside its few other fields.
MAX_CHECKED = 500
ROWS = 50


class Card(Struct):
    """An endpoint in words: its state as a tag of a kind, and a sentence on what to do."""

    endpoint: bodies.Endpoint
    kind: str
    state: str
    text: str


class DeliveriesPage:
    """Endpoints and messages, with the buttons to mend them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/deliveries", self._list),
            self._shell.get("/deliveries/{id:int}", self._show),
            self._shell.post("/deliveries/{verb}", self._move),
            self._shell.post("/endpoints/{name}/enable", self._enable),
            self._shell.post("/endpoints/{name}/test", self._test),
        ]

    async def _list(self, request: Request) -> Response:
        return self._shell.render(request, "deliveries.html", **await run_in_threadpool(self._found, request))

    def _found(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        state, endpoint, before = query.get("state", ""), query.get("endpoint", ""), query.get("before", "")
        if state not in ("", *STATES):
            raise ApiError(400, f"state: expected {', '.join(STATES)} or nothing; got {state[:40]!r}")
        if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise ApiError(400, f"before: expected the number of a delivery; got {before[:40]!r}")
        store = self._shell.caller.host.store
        reader, counted = store.database.reader, store.outbox.counts()
        rows, older = lines(reader, state, endpoint, int(before) if before else None, ROWS)
        endpoints = deliveries.list_endpoints(self._shell.call(request)).endpoints
        missing = undelivered(reader)
        reasons = {one.endpoint: one.reason for one in missing}
        return {
            "rows": rows,
            "older": older,
            "state": state,
            "endpoint": endpoint,
            "missing": missing,
            "cards": [card(one, reasons.get(one.name, "")) for one in endpoints],
            "counts": {name: sum(count for (_, s), count in counted.items() if s == name) for name in STATES},
            "superseded": sum(count for (_, s), count in counted.items() if s == "superseded"),
        }

    async def _show(self, request: Request) -> Response:
        # The route's converter has made a number of it.
        request.path_params["id"] = str(request.path_params["id"])
        found = await run_in_threadpool(deliveries.show_delivery, self._shell.call(request))
        then = msgspec.json.format(msgspec.json.encode(found.incident_then), indent=2).decode()
        return self._shell.render(request, "delivery.html", one=found, row=found.delivery, then=then)

    async def _move(self, request: Request) -> Response:
        fields = await self._shell.forms.read_all(request, MAX_CHECKED + 10)
        return await run_in_threadpool(self._moved, request, request.path_params["verb"], fields)

    def _moved(self, request: Request, verb: str, fields: dict[str, list[str]]) -> Response:
        ids = controls.numbers(fields.get("id", []))
        if not ids and fields.get("all") != ["yes"]:
            raise ApiError(400, "choose the messages first: check the boxes in front of them")
        count = controls.move(self._shell.call(request), verb, ids)
        words = {"retry": "to be sent again", "drop": "dropped", "restore": "as before: not delivered"}[verb]
        undo = None
        if verb == "drop" and ids:
            undo = Undo("/deliveries/restore", {"id": ",".join(map(str, ids))})
        is_one = "is" if count == 1 else "are"
        return self._shell.done(request, "/deliveries", f"{plural(count, 'message')} {is_one} {words}.", undo)

    async def _enable(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        await run_in_threadpool(controls.enable, self._shell.call(request), fields)
        name = request.path_params["name"]
        return self._shell.done(request, "/deliveries", f"{name} is notified again; send what it missed from below.")

    async def _test(self, request: Request) -> Response:
        await self._shell.forms.read(request)
        found = await run_in_threadpool(deliveries.try_endpoint, self._shell.call(request))
        name = request.path_params["name"]
        status = f" (HTTP {found.status})" if found.status is not None else ""
        if found.accepted:
            return self._shell.done(request, "/deliveries", f"{name} accepted a test message{status}.")
        return self._shell.message(request, 409, f"the test message was not accepted by {name}: {found.reason}")


def card(one: bodies.Endpoint, reason: str) -> Card:
    """Return an endpoint in words; `reason` is why its last message was given up."""
    if one.disabled:
        return Card(one, "critical", "Disabled", f"{one.detail}. Enable it once it accepts messages.")
    if one.undelivered:
        text = f"{reason or one.detail}. Mend that, try it with a test message, then send again."
        return Card(one, "critical", f"{one.undelivered} not delivered", text)
    if one.breaker != "closed":
        return Card(one, "high", "Does not answer", f"{one.detail}. The next attempt is automatic.")
    if one.waiting and one.detail:
        return Card(one, "warning", f"{one.waiting} being retried", f"{one.detail}. The next attempts are automatic.")
    if one.waiting:
        return Card(one, "", f"{one.waiting} waiting", "Messages wait for their time: news is collected.")
    if not one.sent:
        return Card(one, "", "Nothing sent yet", "A test message shows whether it accepts what it will be sent.")
    return Card(one, "ok", "Delivering", "The last message was accepted.")
