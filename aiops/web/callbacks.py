"""Callbacks of receivers: an acknowledgement or an end at a pager becomes an operator action.

`POST /callbacks/ENDPOINT`. The sink of the endpoint proves that the report is its receiver's. An action is taken once,
for an incident that this endpoint was notified of, and only if it is news: the report of our own end, a repeated
report, and one from before the incident was opened again change nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from aiops.errors import RecordError
from aiops.http.auth import Guard, Refusal
from aiops.http.body import BodyError, Budget, read_body
from aiops.ports import NotGenuine, Reply
from aiops.records import Action
from aiops.store import audit, incidents, notified_endpoints
from aiops.web.host import Host
from aiops.web.incidents import ACT_TIMEOUT_S
from aiops.web.operations import BODY_TIMEOUT_S, MAX_BODY_BYTES, MAX_HELD_BYTES, error_response

# Ids of actions that were taken: some days of a large team.
MAX_SEEN = 10_000
# How far a receiver's clock may be from ours.
CLOCK_SKEW_S = 60.0
# The states in which an action is news.
_NEWS = {"acknowledge": ("open",), "resolve": ("open", "acknowledged")}


class Callbacks:
    """Answers the reports of receivers. Safe for many threads."""

    def __init__(self, host: Host, guard: Guard, clock: Callable[[], float]) -> None:
        self._host = host
        self._guard = guard
        self._clock = clock
        self._budget = Budget(MAX_HELD_BYTES)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    async def answer(self, request: Request) -> Response:
        """Answer one report: 200 if there is nothing more to do, 503 if it should come again."""
        refused = self._guard.check_origin(request.headers)
        if isinstance(refused, Refusal):
            return error_response(refused.status, refused.reason)
        try:
            body = await read_body(
                request.receive, request.headers, most=MAX_BODY_BYTES, timeout_s=BODY_TIMEOUT_S, budget=self._budget
            )
        except BodyError as error:
            return error_response(error.status, error.reason)
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            return await run_in_threadpool(self._take, request.path_params["endpoint"], headers, body)
        finally:
            self._budget.give(len(body))

    def _take(self, endpoint: str, headers: dict[str, str], body: bytes) -> Response:
        delivery = self._host.delivery
        try:
            found = delivery.read_back(endpoint, headers, body, self._clock()) if delivery is not None else None
        except NotGenuine as error:
            return error_response(401, str(error))
        except RecordError as error:
            return error_response(400, str(error))
        if found is None:
            return error_response(404, f"expected an endpoint with callback_secret_env; got {endpoint[:63]!r}")
        for reply in found:
            if notified_endpoints.is_foreign(self._host.store.database.reader, endpoint, reply.incident):
                # A pager of one team must not end what another team was notified of.
                continue
            if not self._is_done(reply):
                return error_response(503, f"the engine did not answer in {ACT_TIMEOUT_S:g} s; send it again")
        # Slack reads a body as a message.
        return Response(b"", 200)

    def _is_done(self, reply: Reply) -> bool:
        """Take one action where it is news; return False if it should be sent again."""
        with self._lock:
            if reply.id in self._seen:
                return True
        if self._is_news(reply) and self._host.act(self._action(reply), ACT_TIMEOUT_S) is None:
            return False
        with self._lock:
            self._seen[reply.id] = None
            if len(self._seen) > MAX_SEEN:
                self._seen.popitem(last=False)
        return True

    def _is_news(self, reply: Reply) -> bool:
        reader = self._host.store.database.reader
        stored = incidents.get(reader, reply.incident)
        if stored is None or stored.incident.status not in _NEWS[reply.verb]:
            return False
        opened_at = audit.last_opening(reader, reply.incident)
        return reply.at is None or opened_at is None or reply.at >= opened_at - CLOCK_SKEW_S

    def _action(self, reply: Reply) -> Action:
        # The same report makes the same id: the journal shows a repeat for what it is.
        name = hashlib.sha256(reply.id.encode("utf-8", "replace")).hexdigest()[:16]
        return Action(ts=self._clock(), verb=reply.verb, id=f"act:{name}", actor=reply.actor, incident=reply.incident)
