"""Operations: one table makes the routes and the OpenAPI document, which therefore cannot disagree."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from anyio import CapacityLimiter, to_thread
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from aiops.errors import AiopsError
from aiops.http.auth import Refusal, Scope, Token
from aiops.http.body import BodyError, Budget, read_body
from aiops.http.site_address import site_of
from aiops.web.bodies import Error
from aiops.web.host import Host
from aiops.web.sessions import SessionGuard

# Bodies of the API are a few identifiers; a list of a thousand ids is 40 kB.
MAX_BODY_BYTES = 256 << 10
MAX_HELD_BYTES = 16 << 20
BODY_TIMEOUT_S = 10.0


class ApiError(Exception):
    """Raised for an answer other than success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Call(Struct):
    """One request to an operation, decoded and authorised."""

    host: Host
    params: Mapping[str, str]
    query: Any
    body: Any
    actor: str | None
    clock: Callable[[], float] = time.time
    # True if a token vouches for the actor. Without tokens, every user of the machine is `local`.
    vouched: bool = False
    # The tokens of the configuration.
    tokens: Sequence[Token] = ()
    # The address of the site as people reach it, without a slash at its end; empty if it is not known.
    site: str = ""


class Operation(Struct, frozen=True):
    """An operation of the API.

    `path` parameters are text; `errors` are its statuses beside the usual ones.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    summary: str
    scope: Scope
    handler: Callable[[Call], Any]
    # A struct is answered as JSON, a text as Markdown.
    answer: type[Struct] | type[str]
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    # It waits for no other request, however many of them are slow.
    urgent: bool = False


class Caller:
    """Carries requests out: checks the caller, decodes the request, encodes the answer."""

    def __init__(self, host: Host, session_guard: SessionGuard, clock: Callable[[], float]) -> None:
        self.host = host
        self.session_guard = session_guard
        self._clock = clock
        self._budget = Budget(MAX_HELD_BYTES)
        # As many as there are connections, which are bounded.
        self._urgent = CapacityLimiter(math.inf)

    async def call(self, operation: Operation, request: Request) -> Response:
        """Answer a request with JSON."""
        try:
            found = self.session_guard.check(request, operation.scope)
            if isinstance(found, Refusal):
                raise ApiError(found.status, found.reason)
            call = Call(
                host=self.host,
                params=request.path_params,
                query=_query(operation, request),
                body=await self._body(operation, request),
                actor=found.name if found is not None else "local",
                clock=self._clock,
                vouched=found is not None,
                tokens=self.session_guard.guard.tokens,
                site=site_of(self.session_guard.guard.address, request.headers.get("host", ""), request.url.scheme),
            )
            limiter = self._urgent if operation.urgent else None
            answer = await to_thread.run_sync(operation.handler, call, limiter=limiter)
            return text_response(answer) if isinstance(answer, str) else json_response(answer, operation.status)
        except (ApiError, BodyError) as error:
            return error_response(error.status, error.reason)
        except AiopsError as error:
            return error_response(400, str(error))

    async def _body(self, operation: Operation, request: Request) -> Any:
        if operation.body is None:
            return None
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            # A page of another site can send only other types without a preflight request.
            raise ApiError(415, f"expected the content type application/json; got {kind[:80]!r}")
        body = await read_body(
            request.receive, request.headers, most=MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S, budget=self._budget
        )
        try:
            return msgspec.json.decode(body, type=operation.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(400, f"body: {error}") from None
        except RecursionError:
            raise ApiError(400, "body: nested too deeply") from None
        finally:
            self._budget.give(len(body))


def _query(operation: Operation, request: Request) -> Any:
    if operation.query is None:
        return None
    given = request.query_params.multi_items()
    # Counted once, not for each name: an address has room for thousands.
    for name, count in Counter(name for name, _ in given).items():
        if count > 1:
            raise ApiError(400, f"query: expected {name[:80]} once; got it {count} times")
    try:
        return msgspec.convert(dict(given), operation.query, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"query: {error}") from None


def json_response(value: Any, status: int = 200) -> Response:
    """Return a value as a JSON response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def text_response(text: str) -> Response:
    """Return a text as Markdown."""
    return Response(text, 200, media_type="text/markdown")


def error_response(status: int, reason: str) -> Response:
    """Return an error as JSON, with the headers that its status requires."""
    headers: dict[str, str] = {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    elif status == 503:
        headers["retry-after"] = "1"
    return Response(msgspec.json.encode(Error(reason)), status, headers, "application/json")


__all__ = ["ApiError", "Call", "Caller", "Operation", "error_response", "json_response"]
