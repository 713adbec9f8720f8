"""The HTTP server: uvicorn in the calling thread, with bounds on what clients may hold.

uvicorn bounds an idle connection, but neither one that never finishes its request's head nor one that never reads its
answer; and over its limit it answers 503 without Retry-After. All three are added to its protocol here.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.h11_impl import H11Protocol

from aiops.errors import UsageError
from aiops.http.client_connections import Connections, giving_place, is_probe, only_probes

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# For clients that are refused unread: they are many.
_REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# Connections that the kernel holds for us, and those that are taken at a time. asyncio tries for a whole round
# when it is out of file descriptors, and reports each try; then it waits a second.
_BACKLOG, _ACCEPTED = 1024, 16


class Limits(Struct, frozen=True):
    """Bounds on the connections of clients; times are seconds."""

    # Each sender keeps one to a few connections; more than this many is a fault or an attack.
    max_connections: int = 512
    # With all in use, a newcomer takes the place of a connection that was idle for this long.
    idle_grace_s: float = 1.0
    # A head is one packet; a client that needs longer holds a connection for nothing.
    head_timeout_s: float = 10.0
    # A client that takes nothing of its answer for this long will not take the rest either.
    stall_timeout_s: float = 30.0
    # Prometheus and Alertmanager send every 15 to 60 seconds and keep their connections.
    keep_alive_s: int = 75
    # Requests under way at the stop have this long to end.
    drain_s: int = 5


class HttpServer:
    """The server of an ASGI application; it binds its socket at once, to report a port in use early."""

    def __init__(
        self,
        app: Any,
        host: str,
        port: int,
        *,
        limits: Limits | None = None,
        certfile: str | None = None,
        keyfile: str | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        """Serve `host` and `port`, or a socket of `listen` that is `listening` there already.

        `port` 0 takes a free one; raise `UsageError` when the address cannot be had.
        """
        limits = limits or Limits()
        self._socket = listening or listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._started = threading.Event()
        config = uvicorn.Config(
            app,
            http=_guarded(limits),
            interface="asgi3",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=limits.keep_alive_s,
            timeout_graceful_shutdown=limits.drain_s,
            backlog=_ACCEPTED,
            ssl_certfile=certfile,
            ssl_keyfile=keyfile,
        )
        self._server = _Server(config, self._started, self._socket)

    def run(self) -> None:
        """Serve in this thread until `stop`; the signals stay with the process."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Accept no more connections, end requests under way, and let `run` return; from any thread."""
        self._server.should_exit = True

    def wait_started(self, timeout_s: float) -> bool:
        """Return True once requests are answered."""
        return self._started.wait(timeout_s)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: threading.Event, listening: socket.socket) -> None:
        super().__init__(config)
        self._has_started = started
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        # uvicorn has set it to what is taken at a time.
        self._listening.listen(_BACKLOG)
        if not self.should_exit:
            self._has_started.set()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; clients wait until it is served. Raise `UsageError` if in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, each answer takes 40 ms longer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), port))
        # Only one can listen: two that are bound and do not would not notice each other.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise UsageError(
            f"http: cannot listen on {host}:{port}: {error.strerror or error}; "
            "set http.host and http.port, or end what uses the port"
        ) from error
    bound.setblocking(False)
    return bound


def _guarded(limits: Limits) -> type[H11Protocol]:
    places = Connections(limits.max_connections, limits.idle_grace_s, time.monotonic)

    class Guarded(H11Protocol):
        """uvicorn's protocol with bounds on connections, on the time for a request's head, and on not reading."""

        _head_timer: asyncio.TimerHandle | None = None
        _stall_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            place = places.add(self)
            if place == "none":
                transport.write(_BUSY)
                transport.close()
                return
            self.app = (
                only_probes(self.app) if place == "probes" else giving_place(self.app, self._give_place, places.refuse)
            )
            self._await_head()

        def data_received(self, data: bytes) -> None:
            if self.cycle is None and places.refuses(data):
                self.transport.write(_REFUSED)
                self.transport.close()
                return
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._head_came()
                places.busy(self)
            elif self._head_timer is None:
                self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_came()
            self._reads_on()
            places.remove(self)
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            # Idle until the next byte, which uvicorn's keep-alive bounds.
            self._head_came()
            places.idle(self, is_probe=is_probe(self.scope))
            super().on_response_complete()
            if not self.cycle.response_complete:
                # The next request was there already.
                places.busy(self)

        def pause_writing(self) -> None:
            # Its buffers are full.
            super().pause_writing()
            self._reads_on()
            self._stall_timer = self.loop.call_later(limits.stall_timeout_s, self.transport.abort)

        def resume_writing(self) -> None:
            self._reads_on()
            super().resume_writing()

        def _reads_on(self) -> None:
            if self._stall_timer is not None:
                self._stall_timer.cancel()
                self._stall_timer = None

        def _give_place(self) -> None:
            places.lasting(self)

        def _await_head(self) -> None:
            self._head_timer = self.loop.call_later(limits.head_timeout_s, self.transport.abort)

        def _head_came(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

    return Guarded
