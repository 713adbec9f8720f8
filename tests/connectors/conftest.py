"""An HTTP source that runs in its thread, and an inbox that can be full."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx2
import pytest
from aiops_connectors.http.source import HttpSource

from aiops.testing.inbox import MemoryInbox

NOW = 1_772_400_000.0
DEADLINE_S = 120.0


class Running:
    """A source that answers, its inbox, and a client for it."""

    def __init__(self, source: HttpSource, inbox: MemoryInbox, port: int, client: httpx2.Client) -> None:
        self.source = source
        self.inbox = inbox
        self.port = port
        self.client = client

    def post(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        if isinstance(body, bytes | str):
            return self.client.post(path, content=body, **more)
        return self.client.post(path, json=body, **more)


@contextmanager
def running(**options: Any) -> Iterator[Running]:
    inbox = options.pop("inbox", None) or MemoryInbox()
    source = HttpSource("http", {"port": 0, **options}, clock=lambda: NOW)
    thread = threading.Thread(target=source.run, args=(inbox, None))
    thread.start()
    try:
        port = source.wait_started(DEADLINE_S)
        assert port is not None
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S) as client:
            yield Running(source, inbox, port, client)
    finally:
        source.stop()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[Running]]:
    """A function that serves with the given options, for as long as it is held."""
    return running


@pytest.fixture(scope="module")
def http() -> Iterator[Running]:
    # A client of these tests may take its time: only those about slow clients have short bounds.
    patient = {"body_timeout_s": 600, "head_timeout_s": 600, "put_timeout_s": 120}
    with running(max_body_bytes=100_000, max_unpacked_bytes=200_000, **patient) as found:
        yield found


@pytest.fixture(autouse=True)
def empty(request: pytest.FixtureRequest) -> None:
    """Each test sees what it sent itself."""
    if "http" in request.fixturenames:
        found: Running = request.getfixturevalue("http")
        found.inbox.taken.clear()
        found.inbox.full = found.inbox.broken = False
