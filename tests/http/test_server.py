"""The server's bounds on clients that do not read."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from aiops.http.client_connections import PROBE_PLACES, give_place, refuse_unread
from aiops.http.server import HttpServer, Limits

DEADLINE_S = 120.0
# Long enough that a busy machine wakes a client that pauses for a tenth of it in time.
STALL_S = 5.0
CHUNK = b"x" * 100_000


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """An answer of a hundred megabytes, or a small one."""
    chunks = 1_000 if scope["path"] == "/large" else 1
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(chunks):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": number < chunks - 1})


@contextmanager
def answering(stall_s: float) -> Iterator[HttpServer]:
    found = HttpServer(endless, "127.0.0.1", 0, limits=Limits(max_connections=2, stall_timeout_s=stall_s, drain_s=1))
    thread = threading.Thread(target=found.run)
    thread.start()
    assert found.wait_started(DEADLINE_S)
    try:
        yield found
    finally:
        found.stop()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with answering(0.3) as found:
        yield found


def ask(server: HttpServer, path: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S)
    sock.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    return sock


def test_a_client_that_does_not_read_is_given_up(server: HttpServer) -> None:
    deaf = [ask(server, "/large") for _ in range(2)]
    try:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with ask(server, "/small") as sock:
                if sock.recv(100).startswith(b"HTTP/1.1 200"):
                    break
            assert time.monotonic() < deadline, "their connections are never free again"
            time.sleep(0.05)
    finally:
        for sock in deaf:
            sock.close()


@pytest.mark.slow
def test_a_client_that_reads_slowly_gets_all_and_keeps_its_connection() -> None:
    """It pauses for a sixth of the bound each time, for more in all, and for more once it has everything."""
    bound_s = 3.0
    with answering(bound_s) as server, ask(server, "/large") as sock:
        taken, last, paused = 0, b"", 0.0
        while not last.endswith(b"0\r\n\r\n") and (last := sock.recv(4_000_000)):
            taken += len(last)
            if paused <= bound_s:
                time.sleep(bound_s / 6)
                paused += bound_s / 6
        assert taken >= 100_000_000
        time.sleep(bound_s + 0.3)
        sock.sendall(b"GET /small HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


PROBE_LIMITS = Limits(max_connections=8, idle_grace_s=0.0, keep_alive_s=600, head_timeout_s=600.0, drain_s=1)


class Held:
    """Small answers; those to `/held` wait until they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/held":
            self.waiting.release()
            await asyncio.to_thread(self.go.wait, DEADLINE_S)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def holding(limits: Limits) -> Iterator[tuple[HttpServer, Held]]:
    held = Held()
    found = HttpServer(held, "127.0.0.1", 0, limits=limits)
    thread = threading.Thread(target=found.run)
    thread.start()
    assert found.wait_started(DEADLINE_S)
    try:
        yield found, held
    finally:
        held.go.set()
        found.stop()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def answer_of(sock: socket.socket) -> bytes:
    """The whole of a small answer; empty where the connection was closed."""
    raw = b""
    while (more := sock.recv(1)) and not raw.endswith(b"\r\n\r\n"):
        raw += more
        if raw.endswith(b"content-length: 0\r\nconnection: close\r\n\r\n"):
            return raw
    return raw + more + (sock.recv(1) if more else b"")


def status_of(sock: socket.socket) -> int:
    raw = answer_of(sock)
    return int(raw.split()[1]) if raw else 0


@pytest.mark.parametrize("path", ["/healthz", "/incidents"])
def test_kept_connections_lock_nobody_out(path: str) -> None:
    with holding(PROBE_LIMITS) as (server, _), ExitStack() as opened:
        kept = [opened.enter_context(ask(server, path)) for _ in range(8)]
        assert [status_of(sock) for sock in kept] == [200] * 8
        for number in range(5):
            newcomer = opened.enter_context(ask(server, "/incidents"))
            assert status_of(newcomer) == 200, number
        # Those that were idle for longest made room, and no others.
        assert [sock.recv(1) for sock in kept[:5]] == [b""] * 5
        for sock in kept[5:]:
            sock.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert status_of(sock) == 200


def test_silent_connections_lock_nobody_out() -> None:
    with holding(PROBE_LIMITS) as (server, _), ExitStack() as opened:
        address = ("127.0.0.1", server.port)
        silent = [opened.enter_context(socket.create_connection(address, timeout=DEADLINE_S)) for _ in range(8)]
        assert status_of(opened.enter_context(ask(server, "/incidents"))) == 200
        assert silent[0].recv(1) == b""


def test_an_idle_connection_keeps_its_place_for_a_moment() -> None:
    limits = Limits(max_connections=1, idle_grace_s=600.0, drain_s=1)
    with holding(limits) as (server, _), ask(server, "/incidents") as kept:
        assert status_of(kept) == 200
        with ask(server, "/incidents") as newcomer:
            assert status_of(newcomer) == 503
        kept.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert status_of(kept) == 200
        # A probe keeps none.
        with ask(server, "/incidents") as newcomer:
            assert status_of(newcomer) == 200


def test_probes_are_answered_when_all_connections_are_busy() -> None:
    with holding(PROBE_LIMITS) as (server, held), ExitStack() as opened:
        busy = [opened.enter_context(ask(server, "/held")) for _ in range(8)]
        for _ in busy:
            assert held.waiting.acquire(timeout=DEADLINE_S)
        for _ in range(3):
            for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/incidents", 503)):
                sock = opened.enter_context(ask(server, path))
                raw = answer_of(sock)
                assert int(raw.split()[1]) == status, path
                assert b"connection: close" in raw.lower()
                assert sock.recv(1) == b""
        held.go.set()
        assert [status_of(sock) for sock in busy] == [200] * 8


def test_places_for_probes_are_bounded_too() -> None:
    with holding(PROBE_LIMITS) as (server, held), ExitStack() as opened:
        for _ in range(8):
            opened.enter_context(ask(server, "/held"))
            assert held.waiting.acquire(timeout=DEADLINE_S)
        # Heads that never end; the oldest makes room for each newcomer, and so no more than the places are held.
        address = ("127.0.0.1", server.port)
        for _ in range(3 * PROBE_PLACES):
            sock = opened.enter_context(socket.create_connection(address, timeout=DEADLINE_S))
            sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert status_of(opened.enter_context(ask(server, "/healthz"))) == 200


class Lasting:
    """Answers to `/stream` last and hold no place; once full, further ones are refused unread."""

    def __init__(self) -> None:
        self.seen = 0
        self.full = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen += 1
        if scope["path"] == "/stream" and self.full:
            refuse_unread(scope, 60.0)
        elif scope["path"] == "/stream":
            give_place(scope)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def lasting() -> Iterator[tuple[HttpServer, Lasting]]:
    app = Lasting()
    found = HttpServer(app, "127.0.0.1", 0, limits=Limits(max_connections=2, idle_grace_s=600.0, drain_s=1))
    thread = threading.Thread(target=found.run)
    thread.start()
    assert found.wait_started(DEADLINE_S)
    try:
        yield found, app
    finally:
        found.stop()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def test_a_lasting_answer_holds_no_place() -> None:
    with lasting() as (server, _), ExitStack() as opened:
        for _ in range(10):
            stream = opened.enter_context(ask(server, "/stream"))
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
        with ask(server, "/small") as other:
            assert other.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("query", ["", "?after=7"])
def test_requests_are_refused_unread_once_the_application_says_so(query: str) -> None:
    with lasting() as (server, app):
        app.full = True
        with ask(server, "/stream") as first:
            assert first.recv(100).startswith(b"HTTP/1.1 200")
        seen = app.seen
        for _ in range(5):
            with ask(server, f"/stream{query}") as refused:
                assert answer_of(refused).startswith(b"HTTP/1.1 503")
        assert app.seen == seen
        for path in ("/streams", "/small", "/"):
            with ask(server, path) as other:
                assert other.recv(100).startswith(b"HTTP/1.1 200")
