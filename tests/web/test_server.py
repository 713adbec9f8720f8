"""The server's bounds on clients that do not read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aiops.web.server import HttpServer, Limits

DEADLINE_S = 20.0
CHUNK = b"x" * 100_000


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """An answer of a hundred megabytes, or a small one."""
    chunks = 1_000 if scope["path"] == "/large" else 1
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(chunks):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": number < chunks - 1})


@pytest.fixture
def server() -> Iterator[HttpServer]:
    found = HttpServer(endless, "127.0.0.1", 0, limits=Limits(max_connections=2, stall_timeout_s=0.3, drain_s=1))
    thread = threading.Thread(target=found.run)
    thread.start()
    assert found.wait_started(DEADLINE_S)
    yield found
    found.stop()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


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


def test_a_client_that_reads_slowly_gets_all_and_keeps_its_connection(server: HttpServer) -> None:
    """It pauses for less than the bound each time, for more in all, and for more once it has everything."""
    with ask(server, "/large") as sock:
        taken, last, begun = 0, b"", time.monotonic()
        while not last.endswith(b"0\r\n\r\n") and (last := sock.recv(4_000_000)):
            taken += len(last)
            if time.monotonic() - begun < 1.0:
                time.sleep(0.1)
        assert taken >= 100_000_000
        time.sleep(0.6)
        sock.sendall(b"GET /small HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
