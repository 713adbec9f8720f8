"""The stream: served by the real server, read from a socket; who may follow, resume, limits and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from aiops.http.auth import Guard, Token, new_token, token_hash
from aiops.http.server import HttpServer, Limits
from aiops.pages.routes import page_routes
from aiops.records import Alert
from aiops.store import audit
from aiops.web.app import create_app
from tests.form_headers import form_headers
from tests.waiting import eventually
from tests.web.conftest import DEADLINE_S, NOW, SmallHost
from tests.web.events import EventReader

SECRET = new_token()


class Following:
    """A site whose streams a test reads."""

    def __init__(self, host: SmallHost, port: int, incident: str) -> None:
        self.host, self.port, self.incident = host, port, incident
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S)

    def act(self, word: str = "acknowledge") -> None:
        answer = self.client.post(f"/api/v1/incidents/{self.incident}/{word}", json={})
        assert answer.status_code == 200, answer.text

    def number(self) -> int:
        return audit.last_number(self.host.store.database.reader)


@contextmanager
def following(
    directory: Path, *, most: int = 4, connections: int = 512, tokens: list[Token] | None = None, external_url: str = ""
) -> Iterator[Following]:
    host = SmallHost(directory)
    incident = host.seed()
    guard = Guard(tokens or [], "127.0.0.1", external_url)
    app = create_app(host, guard, pages=page_routes, clock=lambda: NOW, max_streams=most)
    server = HttpServer(app, "127.0.0.1", 0, limits=Limits(max_connections=connections, idle_grace_s=0.0))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.wait_started(DEADLINE_S)
    found = Following(host, server.port, incident)
    try:
        yield found
    finally:
        host.store.database.changes.close()
        server.stop()
        thread.join(DEADLINE_S)
        found.client.close()
        host.runs.close()
        host.store.close()
        assert not thread.is_alive()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Following]:
    with following(tmp_path) as found:
        yield found


def test_stream_begins_with_the_numbers(site: Following) -> None:
    with EventReader(site.port) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        hello = stream.read()
        assert hello is not None
        assert (hello.kind, hello.id) == ("hello", str(site.number()))
        assert hello.data["counts"] == {"open": 1, "acknowledged": 0, "critical": 1}
        assert 2_000 <= stream.retry_ms < 5_000


def test_stream_names_the_incident_that_changed(site: Following) -> None:
    with EventReader(site.port) as stream:
        stream.until("hello")
        site.act()
        found = stream.until("change")
        assert found.data["incidents"] == [site.incident]
        assert "incidents" in found.data["topics"]
        while not found.data["counts"]["acknowledged"]:
            found = stream.until("change")
        assert found.data["counts"] == {"open": 0, "acknowledged": 1, "critical": 0}
        assert int(found.id) == found.data["number"] == site.number()


def test_stream_carries_two_events_a_second_at_most(site: Following) -> None:
    with EventReader(site.port) as stream:
        stream.until("hello")
        begun = time.monotonic()
        events = 0
        ended = threading.Event()

        def write() -> None:
            for turn in range(300):
                alert = Alert(ts=NOW + turn, name=f"N{turn}", id=f"x-{turn}", entity="checkout", severity="critical")
                site.host.fold([alert])
                ended.wait(0.005)
            ended.set()
            # One more: the reader may wait for the next event already.
            site.act()

        writer = threading.Thread(target=write)
        writer.start()
        while not ended.is_set():
            stream.until("change")
            events += 1
        writer.join()
        assert events <= 2 * (time.monotonic() - begun) + 2


def test_stream_resumes_after_a_number(site: Following) -> None:
    with EventReader(site.port) as first:
        first.until("hello")
        site.act()
        seen = first.until("change").id
        site.act("resolve")
        with EventReader(site.port, headers=f"last-event-id: {seen}\r\n") as again:
            assert again.until("hello")
            assert again.until("change").data["incidents"] == [site.incident]
        with EventReader(site.port, f"/api/v1/stream?after={seen}") as again:
            assert again.until("change").data["incidents"] == [site.incident]


@pytest.mark.parametrize("number", ["0", "999999999999"])
def test_stream_says_reload_where_it_does_not_know_what_was_missed(site: Following, number: str) -> None:
    with EventReader(site.port, headers=f"last-event-id: {number}\r\n") as stream:
        assert stream.until("reload").data["number"] == site.number()


@pytest.mark.parametrize("number", ["-1", "x", "1e3", "²", "9" * 4_000, "<script>"])
def test_stream_refuses_what_is_no_number(site: Following, number: str) -> None:
    answer = site.client.get("/api/v1/stream", params={"after": number})
    assert answer.status_code == 400
    assert "expected the number (id) of an event" in answer.json()["error"]


def test_stream_refuses_more_clients_than_it_serves(site: Following) -> None:
    with ExitStack() as opened:
        streams = [opened.enter_context(EventReader(site.port)) for _ in range(4)]
        for stream in streams:
            stream.until("hello")
        answer = site.client.get("/api/v1/stream")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "http.max_streams" in answer.json()["error"]
        streams[0].close()

        def has_room() -> bool:
            with EventReader(site.port) as stream:
                return stream.status == 200

        eventually(has_room)


def test_streams_hold_no_place_of_other_connections(tmp_path: Path) -> None:
    with following(tmp_path, most=20, connections=2) as site, ExitStack() as opened:
        for _ in range(20):
            assert opened.enter_context(EventReader(site.port)).until("hello")
        # Two more connections than there are places, one after the other: each would be refused.
        for _ in range(4):
            with httpx2.Client(base_url=f"http://127.0.0.1:{site.port}", timeout=DEADLINE_S) as other:
                assert other.get("/api/v1/incidents").status_code == 200


def test_streams_end_at_once_when_the_host_stops(site: Following) -> None:
    with EventReader(site.port) as stream, EventReader(site.port) as other:
        stream.until("hello")
        other.until("hello")
        begun = time.monotonic()
        site.host.store.database.changes.close()
        assert stream.read() is None
        assert other.read() is None
        assert time.monotonic() - begun < 5.0
        assert site.client.get("/api/v1/stream").status_code == 503


def test_stream_needs_a_token_that_may_read(tmp_path: Path) -> None:
    tokens = [Token("ann", ["read"], token_hash(SECRET)), Token("sender", ["ingest"], token_hash("s" * 43))]
    with following(tmp_path, tokens=tokens) as site:
        assert site.client.get("/api/v1/stream").status_code == 401
        answer = site.client.get("/api/v1/stream", headers={"authorization": f"Bearer {'s' * 43}"})
        assert answer.status_code == 403
        with EventReader(site.port, headers=f"authorization: Bearer {SECRET}\r\n") as stream:
            assert stream.until("hello")


def test_stream_ends_with_the_session_that_it_was_opened_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.web.hub.BEAT_S", 0.05)
    with following(tmp_path, tokens=[Token("ann", ["write"], token_hash(SECRET))]) as site:
        site.client.post("/login", data={"token": SECRET}, headers=form_headers(site.client))
        cookie = "; ".join(f"{name}={value}" for name, value in site.client.cookies.items())
        with EventReader(site.port, headers=f"cookie: {cookie}\r\n") as stream:
            assert stream.until("beat")
            gone = site.client.post("/logout", data={"out": "1"}, headers=form_headers(site.client))
            assert gone.status_code == 303, gone.text
            while stream.read() is not None:
                pass


def test_stream_of_another_site_is_refused(site: Following) -> None:
    answer = site.client.get("/api/v1/stream", headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("seen", ["", "/aiops"])
def test_stream_is_served_below_a_path(tmp_path: Path, seen: str) -> None:
    with (
        following(tmp_path, external_url="http://127.0.0.1/aiops/") as site,
        EventReader(site.port, f"{seen}/api/v1/stream") as stream,
    ):
        assert stream.until("hello")


def test_stream_is_in_the_document_and_answers_get_alone(site: Following) -> None:
    described = site.client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/stream"]["get"]
    assert "text/event-stream" in described["responses"]["200"]["content"]
    assert site.client.head("/api/v1/stream").status_code == 405
