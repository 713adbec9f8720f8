"""Live updates as server-sent events: `GET /api/v1/stream`.

Events: `hello` (the numbers, first of all), `change` (what changed), `reload` (read everything again: more was missed
than is known) and `beat` (nothing changed for a while). https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from aiops.http.auth import Refusal
from aiops.http.client_connections import give_place, refuse_unread
from aiops.web.hub import Client, Hub
from aiops.web.operations import error_response
from aiops.web.sessions import SessionGuard

PATH = "/api/v1/stream"
# For a client that is refused for want of room; pages try again at about this pace as well.
RETRY_AFTER_S = 60
# Whoever comes within this time after a refusal is refused unread.
REFUSED_S = 1.0
# After a broken connection clients return over some seconds, not all at once.
RETRY_MS, RETRY_SPREAD_MS = 2_000, 3_000
# Larger than any number of an entry, and small enough for a number.
_MAX_DIGITS = 18
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would collect events before it passes them on.
    (b"x-accel-buffering", b"no"),
    # A connection without a place among the server's must not be used for another request.
    (b"connection", b"close"),
]
_TEXT = {"text/event-stream": {"schema": {"type": "string"}}}


class Stream:
    """The route of the stream."""

    def __init__(self, hub: Hub, session_guard: SessionGuard) -> None:
        self._hub = hub
        self._session_guard = session_guard

    def route(self) -> Route:
        """Return the route; it answers GET alone, as an answer to HEAD would never end."""
        route = Route(PATH, self._answer, methods=["GET"])
        route.methods = {"GET"}
        return route

    async def _answer(self, request: Request) -> Response:
        found = self._session_guard.check(request, "read")
        if isinstance(found, Refusal):
            return error_response(found.status, found.reason)
        given = request.headers.get("last-event-id") or request.query_params.get("after") or None
        if given is not None and not (given.isascii() and given.isdigit() and len(given) <= _MAX_DIGITS):
            return error_response(400, f"after: expected the number (id) of an event; got {given[:80]!r}")
        if self._hub.is_full:
            refuse_unread(request.scope, REFUSED_S)
            return busy()
        return _Streaming(self._hub, None if given is None else int(given), partial(self._is_allowed, request))

    def _is_allowed(self, request: Request) -> bool:
        return not isinstance(self._session_guard.check(request, "read"), Refusal)


class _Streaming(Response):
    """An answer that lasts until the client leaves or the hub ends it."""

    def __init__(self, hub: Hub, after: int | None, is_allowed: Callable[[], bool]) -> None:
        super().__init__()
        self._hub = hub
        self._after = after
        self._client = Client(is_allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self._hub.enter(self._client, self._after):
            await busy()(scope, receive, send)
            return
        give_place(scope)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._send, send, group.cancel_scope)
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()
        finally:
            self._hub.leave(self._client)

    async def _send(self, send: Send, scope: anyio.CancelScope) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
        # No secret: it spreads the load.
        retry_ms = RETRY_MS + random.randrange(RETRY_SPREAD_MS)
        await send({"type": "http.response.body", "body": b"retry: %d\n\n" % retry_ms, "more_body": True})
        while frames := await self._client.take():
            await send({"type": "http.response.body", "body": frames, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        scope.cancel()


def busy() -> Response:
    """Return the refusal of a client for which there is no place."""
    response = error_response(503, "as many clients follow as are allowed (http.max_streams); try again later")
    response.headers["retry-after"] = str(RETRY_AFTER_S)
    response.headers["connection"] = "close"
    return response


def description() -> dict[str, Any]:
    """Return the operation as the OpenAPI document has it."""
    number = {"type": "integer", "minimum": 0, "maximum": 10**_MAX_DIGITS - 1}
    return {
        "operationId": "followChanges",
        "summary": "Follow changes as server-sent events",
        "description": "Needs a token with the scope `read`. `id` is the number of the newest entry of the audit; a "
        "client that resumes after one gets everything since at least once, or the event `reload`.",
        "parameters": [
            {"name": "after", "in": "query", "schema": number},
            {"name": "Last-Event-ID", "in": "header", "schema": number},
        ],
        "responses": {
            "200": {"description": "Events: hello, change, reload, beat; the data is JSON", "content": _TEXT},
            "503": {"description": "As many clients follow as are allowed, or the daemon stops"},
        },
    }
