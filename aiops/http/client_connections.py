"""The connections of one HTTP server, bounded; an idle one makes room for a newcomer.

A connection between two requests holds its place for nothing. The one that has been idle for longest is closed for a
newcomer. When all are busy, a few more are accepted for probes alone: a supervisor must not take a busy daemon for a
dead one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
# Supervisors, load balancers and Prometheus send one request at a time.
PROBE_PLACES = 16
_BUSY: list[tuple[bytes, bytes]] = [
    (b"retry-after", b"1"),
    (b"content-length", b"0"),
    (b"connection", b"close"),
]
_EXTENSION = "aiops.connections"
# The longest path that is compared; those that are refused unread are shorter.
_MAX_PATH = 200
Place = Literal["served", "probes", "none"]


class Connection(Protocol):
    """A connection, as its server sees it."""

    transport: asyncio.Transport


class Connections:
    """Open connections; those without a request under way in the order in which they became idle."""

    def __init__(self, most: int, grace_s: float, now: Callable[[], float]) -> None:
        """After `grace_s` a newcomer may take the place of an idle connection; `now` gives seconds."""
        self._most = most
        self._grace_s = grace_s
        self._now = now
        self._open: set[Connection] = set()
        # The time from which on each may be closed. A probe's may be at once.
        self._idle: dict[Connection, float] = {}
        # Beginnings of requests that are refused unread, and until when.
        self._refused: dict[bytes, float] = {}

    def add(self, connection: Connection) -> Place:
        """Find a place for a newcomer; the connection idle for longest may be closed for it."""
        if len(self._open) >= self._most:
            self._close_idle()
        if len(self._open) >= self._most + PROBE_PLACES:
            return "none"
        place: Place = "served" if len(self._open) < self._most else "probes"
        self._open.add(connection)
        self.idle(connection)
        return place

    def idle(self, connection: Connection, *, is_probe: bool = False) -> None:
        """Note that the connection waits for its next request."""
        self._idle.pop(connection, None)
        if connection in self._open:
            self._idle[connection] = self._now() + (0.0 if is_probe else self._grace_s)

    def busy(self, connection: Connection) -> None:
        """Note that the connection has a request under way."""
        self._idle.pop(connection, None)

    def lasting(self, connection: Connection) -> None:
        """Give the place of a connection to others: its answer lasts, and another bound counts it."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def refuse(self, path: bytes, for_s: float) -> None:
        """Refuse requests for a path without reading them, for so long."""
        self._refused[b"GET " + path] = self._now() + for_s

    def refuses(self, data: bytes) -> bool:
        """Return True if data is the beginning of a request that is refused unread."""
        if not self._refused:
            return False
        start = data[:_MAX_PATH].partition(b"?")[0].partition(b" HTTP/")[0]
        return self._refused.get(start, 0.0) > self._now()

    def remove(self, connection: Connection) -> None:
        """Note that the connection is closed."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def _close_idle(self) -> None:
        # Mostly the first one: only probes among the later ones may be closed sooner.
        now = self._now()
        longest = next((connection for connection, due in self._idle.items() if due <= now), None)
        if longest is not None:
            self.remove(longest)
            longest.transport.close()


def giving_place(app: ASGIApp, give: Callable[[], None], refuse: Callable[[bytes, float], None]) -> ASGIApp:
    """Return an application that may give its connection's place to others, and refuse requests unread.

    See `give_place` and `refuse_unread`.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path, _, _ = scope.get("raw_path", b"").partition(b"?")
        own = {"give": give, "refuse": partial(refuse, path)}
        await app({**scope, "extensions": {**scope.get("extensions", {}), _EXTENSION: own}}, receive, send)

    return answer


def give_place(scope: Scope) -> None:
    """Let an answer that lasts, such as a stream of events, hold no place among the server's connections.

    Whoever calls it bounds these answers by a number of its own. Nothing happens under another server.
    """
    found = scope.get("extensions", {}).get(_EXTENSION)
    if found is not None:
        found["give"]()


def refuse_unread(scope: Scope, for_s: float) -> None:
    """Let the server answer 503 to further requests for this path, for so long, without reading them.

    Thousands of clients that are refused one by one would take the processor from everything else.
    """
    found = scope.get("extensions", {}).get(_EXTENSION)
    if found is not None:
        found["refuse"](for_s)


def only_probes(app: ASGIApp) -> ASGIApp:
    """Return an application that answers 503 to all but probes, and closes the connection afterwards."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in PROBES:
            await send({"type": "http.response.start", "status": 503, "headers": _BUSY})
            await send({"type": "http.response.body", "body": b""})
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, closing)

    return answer


def is_probe(scope: Any) -> bool:
    """Return True for the request of a probe."""
    return scope is not None and scope["path"] in PROBES
