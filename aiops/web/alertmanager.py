"""The paths of Alertmanager's API, with access and errors as its clients expect them.

An error is a JSON text: clients that are generated from the API's description read nothing else. They know the
statuses 400, 404 and 500. A token is a bearer or the password of basic authentication, which is all that amtool's and
Grafana's settings offer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from aiops.errors import AiopsError, UsageError
from aiops.http.auth import Refusal, Scope
from aiops.http.body import BodyError, Budget, read_body
from aiops.web.alertmanager_alerts import alerts_of, filter_of, matchers_of
from aiops.web.alertmanager_groups import groups_of
from aiops.web.alertmanager_silences import PostableSilence, end_silence, get_silence, list_silences, post_silence
from aiops.web.alertmanager_status import receivers_of, status_of
from aiops.web.host import Host
from aiops.web.operations import BODY_TIMEOUT_S, MAX_BODY_BYTES, MAX_HELD_BYTES, ApiError, Call
from aiops.web.sessions import SessionGuard

# Refused by the engine (409), or not answered by it in time (503): the clients' words for that.
STATUSES = {409: 400, 503: 500, 413: 400, 415: 400, 408: 400}
Handler = Callable[[Call, Request], Any]


class AlertmanagerApi:
    """Answers the requests of Alertmanager's clients from the daemon's alerts, silences and endpoints."""

    def __init__(self, host: Host, guard: SessionGuard, clock: Callable[[], float]) -> None:
        self._host = host
        self._guard = guard
        self._clock = clock
        self._budget = Budget(MAX_HELD_BYTES)

    def routes(self) -> list[BaseRoute]:
        """Return the routes; posting alerts is the ingest's."""
        return [
            self._route("/api/v2/status", "GET", "read", lambda call, _: status_of(call.host)),
            self._route("/api/v2/receivers", "GET", "read", lambda call, _: receivers_of(call.host)),
            self._route("/api/v2/alerts", "GET", "read", _alerts),
            self._route("/api/v2/alerts/groups", "GET", "read", _groups),
            self._route("/api/v2/silences", "GET", "read", _silences),
            self._route("/api/v2/silences", "POST", "write", lambda call, _: post_silence(call, call.body)),
            self._route("/api/v2/silence/{id}", "GET", "read", lambda call, _: get_silence(call, call.params["id"])),
            self._route("/api/v2/silence/{id}", "DELETE", "write", _end_silence),
            Route("/-/healthy", self._healthy, methods=["GET"]),
            Route("/-/ready", self._ready, methods=["GET"]),
            Route("/-/reload", self._reload, methods=["POST", "PUT"]),
        ]

    def _route(self, path: str, method: str, scope: Scope, handler: Handler) -> Route:
        async def answer(request: Request) -> Response:
            try:
                return await self._answer(request, scope, handler)
            except (ApiError, BodyError) as error:
                return _error(STATUSES.get(error.status, error.status), error.reason)
            except UsageError as error:
                return _error(400, str(error))
            except AiopsError as error:
                return _error(500, str(error))

        return Route(path, answer, methods=[method])

    async def _answer(self, request: Request, scope: Scope, handler: Handler) -> Response:
        call = Call(self._host, request.path_params, None, None, self._actor(request, scope), self._clock)
        if request.method == "POST":
            call.body = await self._body(request)
        found = await run_in_threadpool(handler, call, request)
        return Response(msgspec.json.encode(found) if found is not None else b"", media_type="application/json")

    def _actor(self, request: Request, scope: Scope) -> str:
        """Return the name of the caller; raise `ApiError` for a request that is refused."""
        if request.headers.get("authorization", "")[:6].lower() == "basic ":
            found = self._guard.guard.check(request.headers, scope, basic=True)
        else:
            found = self._guard.check(request, scope)
        if isinstance(found, Refusal):
            raise ApiError(found.status, found.reason)
        return found.name if found is not None else "local"

    async def _body(self, request: Request) -> PostableSilence:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            # A page of another site can send only other types without a preflight request.
            raise ApiError(415, f"expected the content type application/json; got {kind[:80]!r}")
        body = await read_body(
            request.receive, request.headers, most=MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S, budget=self._budget
        )
        try:
            return msgspec.json.decode(body, type=PostableSilence)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiError(400, f"body: {error}") from None
        finally:
            self._budget.give(len(body))

    async def _healthy(self, request: Request) -> Response:
        health = await run_in_threadpool(self._host.health)
        return _probe(health.get("status") != "failed")

    async def _ready(self, request: Request) -> Response:
        health = await run_in_threadpool(self._host.health)
        return _probe(bool(health.get("ready")))

    async def _reload(self, request: Request) -> Response:
        try:
            self._actor(request, "write")
            await run_in_threadpool(self._host.reload_file)
        except ApiError as error:
            return PlainTextResponse(error.reason + "\n", error.status)
        except AiopsError as error:
            return PlainTextResponse(f"failed to reload config: {error}\n", 500)
        return PlainTextResponse("")


def _alerts(call: Call, request: Request) -> Any:
    return [shown for _, shown in alerts_of(call.host, filter_of(request.query_params.multi_items()), call.clock())]


def _groups(call: Call, request: Request) -> Any:
    return groups_of(call.host, filter_of(request.query_params.multi_items()), call.clock())


def _silences(call: Call, request: Request) -> Any:
    try:
        return _listed_silences(call, request)
    except UsageError as error:
        # The only error that the API's description has for this path.
        raise ApiError(500, str(error)) from None


def _listed_silences(call: Call, request: Request) -> Any:
    query = request.query_params.multi_items()
    unknown = next((name for name, _ in query if name not in ("filter", "creator")), None)
    if unknown is not None:
        raise UsageError(f"query: unknown parameter {unknown[:80]!r}")
    creators = {text for name, text in query if name == "creator"}
    found = list_silences(call, matchers_of(query))
    return [one for one in found if not creators or one.created_by in creators]


def _end_silence(call: Call, request: Request) -> None:
    end_silence(call, call.params["id"])


def _probe(is_well: bool) -> Response:
    return PlainTextResponse("OK" if is_well else "not ready; GET /readyz has the reason\n", 200 if is_well else 503)


def _error(status: int, reason: str) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return Response(msgspec.json.encode(reason), status, headers, "application/json")
