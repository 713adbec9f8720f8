"""The web application: API, probes, metrics and pages, over whatever `Host` runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiops.http.auth import Guard, Refusal
from aiops.http.prefix import Prefixed
from aiops.web import (
    alerts,
    briefs,
    deliveries,
    engine,
    incident_actions,
    incident_silence,
    incident_views,
    incidents,
    lessons,
    models,
    playbooks,
    replays,
    runs,
    silences,
    stream,
    tokens,
)
from aiops.web.alertmanager import AlertmanagerApi
from aiops.web.callbacks import Callbacks
from aiops.web.host import Host
from aiops.web.hub import Hub
from aiops.web.openapi import document
from aiops.web.operations import Caller, Operation, error_response, json_response
from aiops.web.sessions import SessionGuard

OPERATIONS: list[Operation] = [
    *incident_actions.OPERATIONS,
    *incidents.OPERATIONS,
    *alerts.OPERATIONS,
    *briefs.OPERATIONS,
    *incident_views.OPERATIONS,
    *incident_silence.OPERATIONS,
    *lessons.OPERATIONS,
    *silences.OPERATIONS,
    *runs.OPERATIONS,
    *deliveries.OPERATIONS,
    *engine.OPERATIONS,
    *models.OPERATIONS,
    *playbooks.OPERATIONS,
    *replays.OPERATIONS,
    *tokens.OPERATIONS,
]
# Pages hold text from payloads. Nothing in them may run, be framed, or fetch from elsewhere; the one script is a file.
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Other sites learn nothing. With `no-referrer`, browsers would hide the origin of our own forms from us as well.
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# Browsers that follow changes: one for each person and wall screen.
MAX_STREAMS = 500
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


Pages = Callable[[Caller, Sequence[Operation], Callable[[], float]], Sequence[BaseRoute]]


def create_app(
    host: Host,
    guard: Guard,
    routes: Sequence[BaseRoute] = (),
    *,
    pages: Pages = lambda caller, operations, clock: [],
    clock: Callable[[], float] = time.time,
    max_streams: int = MAX_STREAMS,
) -> Starlette:
    """Create the application; `routes` (those of HTTP ingest) come first, those of `pages` last.

    `clock` gives Unix seconds. At most `max_streams` clients follow changes.
    """
    session_guard = SessionGuard(guard, clock)
    caller = Caller(host, session_guard, clock)
    probes = _Probes(host, session_guard)
    own: list[BaseRoute] = [
        Route("/healthz", probes.alive),
        Route("/readyz", probes.ready),
        Route("/metrics", probes.metrics),
        Route("/api/v1/openapi.json", _described(session_guard)),
        *(_route(caller, operation) for operation in OPERATIONS),
        stream.Stream(Hub(host.store, max_streams), session_guard).route(),
        Route(replays.ARCHIVES, replays.ArchiveUpload(host, session_guard).answer, methods=["POST"]),
        Route("/callbacks/{endpoint}", Callbacks(host, guard, clock).answer, methods=["POST"]),
        *AlertmanagerApi(host, session_guard, clock).routes(),
        *pages(caller, OPERATIONS, clock),
    ]
    app = Starlette(
        routes=[*routes, *own],
        middleware=[Middleware(_Headers), Middleware(Prefixed, base=guard.address.base)],
        exception_handlers={HTTPException: _http_error, Exception: _fault},
    )
    # Starlette's redirects would lead to the server's own address, past the proxy in front of it.
    app.router.redirect_slashes = False
    return app


def _route(caller: Caller, operation: Operation) -> Route:
    async def answer(request: Request) -> Response:
        return await caller.call(operation, request)

    return Route(operation.path, answer, methods=[operation.method])


def _described(session_guard: SessionGuard) -> Callable[[Request], Any]:
    text = document(OPERATIONS, session_guard.guard.address.base or "/")
    text["paths"][stream.PATH] = {"get": stream.description()}

    async def describe(request: Request) -> Response:
        found = session_guard.check(request, "read")
        return error_response(found.status, found.reason) if isinstance(found, Refusal) else json_response(text)

    return describe


class _Probes:
    """Endpoints for supervisors and Prometheus.

    The probes return only status and engine time, and need no token.
    """

    def __init__(self, host: Host, session_guard: SessionGuard) -> None:
        self._host = host
        self._session_guard = session_guard

    async def alive(self, request: Request) -> Response:
        """Answer 200 unless only a restart can help."""
        status = (await run_in_threadpool(self._host.health)).get("status", "ok")
        return json_response({"status": status}, 503 if status == "failed" else 200)

    async def ready(self, request: Request) -> Response:
        """Answer 200 while records are accepted and processed."""
        health = await run_in_threadpool(self._host.health)
        is_ready = bool(health.get("ready"))
        answer = {"status": health.get("status", "ok"), "ready": is_ready, "engine_time": health.get("engine_time")}
        return json_response(answer, 200 if is_ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Return the metrics; needs a token of the scope `read` if tokens are configured."""
        found = self._session_guard.check(request, "read")
        if isinstance(found, Refusal):
            return error_response(found.status, found.reason)
        text = await run_in_threadpool(self._host.metrics_text)
        return PlainTextResponse(text, headers={"content-type": METRICS_TYPE})


class _Headers:
    """Adds the headers that keep hostile text harmless in a browser to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in present)]
            await send(message)

        await self._app(scope, receive, guarded)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = error_response(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _fault(request: Request, error: Exception) -> Response:
    # The trace goes to the log; its content is private.
    response = error_response(500, "internal error; see the daemon's log")
    # Starlette answers faults outside of all middleware, out of reach of `_Headers`.
    response.raw_headers.extend(HEADERS)
    return response
