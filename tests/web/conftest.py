"""The web application over a real engine and a real store, served by the real server."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from aiops.config import Config
from aiops.daemon.alert_recorder import AlertRecorder
from aiops.daemon.filled_playbooks import FilledPlaybooks
from aiops.daemon.replay_jobs import ReplayJobs
from aiops.daemon.runs import Runs
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.engine.firing import FiringAlert, firing_alerts, firing_streams
from aiops.engine.incident_view import current_incident
from aiops.engine.member_explanation import MemberExplanation, explain_member
from aiops.engine.rank import FIELDS
from aiops.engine.silence_preview import Preview, preview
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.http.auth import Guard, Token
from aiops.http.server import HttpServer
from aiops.journal import Frame, Meta
from aiops.notify.routing_view import Routed
from aiops.pages.routes import page_routes
from aiops.ports import Answer, DeadLetter, NotGenuine, Reply
from aiops.records import Action, Alert, Incident, Record
from aiops.respond.audit import Trail
from aiops.respond.catalogue import Catalogue, document_text, read_catalogue, shipped
from aiops.respond.config import RespondConfig
from aiops.respond.filled import Filled
from aiops.respond.format import Playbook
from aiops.respond.transport import RunTransport
from aiops.store.incidents import listed
from aiops.store.outbox import Entry, Row
from aiops.store.store import FrameDecisions, Store
from aiops.views.lessons import LessonsList, lessons_list
from aiops.views.service_graph import ServiceGraph
from aiops.web.app import create_app
from tests.form_headers import form_headers

NOW = 1_772_400_000.0
DEADLINE_S = 120.0
HOSTILE = "<script>alert('x')</script>"


@functools.cache
def catalogue() -> Catalogue:
    """The shipped playbooks, read once: half a second for each host would be most of the time of these tests."""
    return read_catalogue([shipped()])


class OneEndpoint:
    """A worker with one endpoint that is disabled."""

    def __init__(self) -> None:
        self.disabled = True
        self.asked: list[tuple[str, str, str]] = []

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        told = {"detail": "HTTP 410", "breaker": "closed", "in_flight": 0, "results": {"sent": 1}}
        told |= {"type": "webhook", "fallback": None}
        return {"pager": {"ok": not self.disabled, "disabled": self.disabled, **told}}

    def read_back(self, endpoint: str, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """A receiver that signs with the word `genuine`, and reports what the test says."""
        if endpoint != "pager":
            return None
        if headers.get("x-signature") != "genuine":
            raise NotGenuine("expected a signature; got another")
        return msgspec.json.decode(body, type=list[Reply])

    def test(self, endpoint: str, actor: str) -> Answer:
        """A receiver that accepts everything while it is enabled."""
        self.asked.append((endpoint, actor, "test"))
        return Answer(ok=False, status=410, reason="HTTP 410 Gone") if self.disabled else Answer(ok=True, status=200)

    def shown(self, row: Row) -> str | None:
        return f'{{"text": "{HOSTILE} {row.change}"}}' if row.endpoint == "pager" else None

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        self.asked.append((endpoint, actor, reason))
        was, self.disabled = self.disabled, False
        return was


class TwoEndpoints:
    """Routes to two endpoints, by severity; `inhibited` and `muted` hold alerts back by their name."""

    def __init__(self) -> None:
        self.inhibited: dict[str, str] = {}
        self.muted: dict[str, list[str]] = {}

    def receivers(self) -> Sequence[str]:
        return ["pager", "chat"]

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> Sequence[Routed]:
        by_name = {alert.name: alert.fingerprint for alert in alerts}
        return [
            Routed(
                ["pager", "chat"] if alert.severity == "critical" else ["chat"],
                [by_name[self.inhibited[alert.name]]] if alert.name in self.inhibited else [],
                self.muted.get(alert.name, []),
            )
            for alert in alerts
        ]

    def yaml(self) -> str:
        return "route:\n  receiver: pager\nreceivers:\n- name: pager\n"


class SmallHost:
    """A host without journal and threads: each action is folded and stored at once."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory)
        # Each look at the clock is a while later: the history is up to date after each frame.
        self.recorder = AlertRecorder(itertools.count(0, 60).__next__)
        self.engine = Engine()
        self.engine.dedup.watch()
        self.delivery = OneEndpoint()
        self.status = "ok"
        self.busy = False
        self.started_at = NOW
        self.reloads = 0
        self.measured: Mapping[str, Any] | None = None
        self.routing = TwoEndpoints()
        self.services = ServiceGraph(self.engine.topology)
        self.runs = Runs(
            RespondConfig(ceiling="approve"),
            catalogue(),
            self.engine.topology,
            Trail(directory / "runs.jsonl"),
            RunTransport({}),
            lambda incident: current_incident(self.engine, incident, NOW),
            lambda incident, playbook, outcome: None,
            lambda: NOW,
        )
        self._filled = FilledPlaybooks(
            catalogue().playbooks, self.engine.topology, lambda incident: current_incident(self.engine, incident, NOW)
        )
        self.replays = ReplayJobs(directory / "replays", directory / "journal", Config(), lambda: NOW)
        self._frame = 0
        self._lock = threading.Lock()

    def fold(self, records: Sequence[Record], letters: Sequence[DeadLetter] = ()) -> list[Any]:
        with self._lock:
            first = self.engine.seq
            events = self.engine.step(records)
            actions = {first + n: record for n, record in enumerate(records) if isinstance(record, Action)}
            frame = Frame(self._frame, first, list(records), Meta(at=NOW))
            alerts = self.recorder.record(frame, events, self.engine)
            self.store.apply([FrameDecisions(self._frame, NOW, events, list(letters), actions, alerts=alerts)])
            self._frame += 1
            return events

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        if self.busy:
            return None
        return next(event for event in self.fold([action]) if isinstance(event, Feedback))

    def act_all(self, actions: Sequence[Action], timeout_s: float = 5.0) -> Mapping[str, Feedback]:
        if self.busy:
            return {}
        return {event.id: event for event in self.fold(list(actions)) if isinstance(event, Feedback)}

    def silences(self) -> Sequence[Silence]:
        return list(self.engine.silences.by_id.values())

    def all_silences(self) -> tuple[Sequence[Silence], Sequence[Silence]]:
        if self.busy:
            raise AiopsError("silences: the engine did not answer in 5 s; try again")
        with self._lock:
            return self.silences(), list(self.engine.silences.past.values())

    def firing(self) -> Sequence[FiringAlert]:
        if self.busy:
            raise AiopsError("alerts: the engine did not answer in 5 s; try again")
        with self._lock:
            return firing_alerts(self.engine, firing_streams(self.engine))

    def reload_file(self) -> None:
        self.reloads += 1
        if self.busy:
            raise AiopsError("aiops.toml: $.endpoints[0]: missing type")

    def preview(self, silence: Silence) -> Preview:
        with self._lock:
            return preview(self.engine, silence, NOW)

    def explain(self, incident: str, alert: str) -> MemberExplanation | None:
        if self.busy:
            raise AiopsError("explain: the engine did not answer in 5 s; try again")
        with self._lock:
            return explain_member(self.engine, incident, alert)

    @property
    def playbooks(self) -> Mapping[str, Playbook]:
        return self._filled.playbooks

    def playbook_text(self, name: str) -> str | None:
        return document_text(catalogue(), name)

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        return self._filled.fill_in(incident, playbook)

    def lessons(self) -> LessonsList:
        return lessons_list(self.engine.correlate.lessons)

    def calibration(self) -> Mapping[str, Any] | None:
        if self.busy:
            raise AiopsError("calibration: the engine did not answer in 5 s; try again")
        return self.measured

    def health(self) -> Mapping[str, Any]:
        known = {"status": self.status, "ready": self.status == "ok", "reason": "/var/lib/aiops is full"}
        serving = self.engine.accounts()["serving"]
        there = {slot: one for slot, one in serving.items() if slot in FIELDS and self.engine.ranking.model(slot)}
        named = {"model": "learner", "version": "1.0", "digest": "0" * 16}
        return {**known, "models": {slot: {**one, **named} for slot, one in there.items()}}

    def figures(self) -> Mapping[str, Any]:
        minutes = [0] * 59 + [9]
        arrived = {"name": "prometheus", "count": 9, "last_at": NOW - 5, "minutes": minutes}
        placed = {**self.engine.accounts()["dispositions"], "received": self.engine.accounts()["records"]["alert"]}
        return {"at": NOW, "started_at": NOW - 3_600, "placed": placed, "alerts": arrived, "tools": [arrived]}

    def metrics_text(self) -> str:
        return "# HELP aiops_up Whether it runs.\n# TYPE aiops_up gauge\naiops_up 1\n"

    def seed(self) -> str:
        """A storm that is an incident, a hostile name in it, an outbox row of each kind, a dead letter."""
        names = [HOSTILE, "CheckoutLatency", "CheckoutErrors"]
        alerts: list[Record] = [
            Alert(
                ts=NOW - 60 + turn,
                name=name,
                id=f"a-{turn}-{place}",
                severity="critical",
                entity="checkout",
                service="checkout",
                message=f"{HOSTILE} on checkout",
                url="javascript:alert(1)",
            )
            for turn in range(3)
            for place, name in enumerate(names)
        ]
        self.fold(alerts, [DeadLetter("http/archive", "$[3].ts", "expected a time", b"secret body", NOW)])
        [incident] = listed(self.store.database.reader)
        with self.store.database.transaction() as connection:
            for version, change in ((1, "opened"), (2, "resolved")):
                entry = Entry(
                    endpoint="pager",
                    incident=incident.id,
                    version=version,
                    change=change,
                    body=b"{}",
                    at=NOW,
                    due_at=NOW,
                )
                self.store.outbox.add(connection, [entry], NOW)
        [row] = self.store.outbox.claim(NOW, 1, ["pager"])
        self.store.outbox.dead(row.id, "400: no such key", NOW, status=400)
        return incident.id


class Site:
    """A running application: its host, a client, and the incident that is in it."""

    def __init__(self, host: SmallHost, incident: str, client: httpx2.Client, port: int) -> None:
        self.host = host
        self.incident = incident
        self.client = client
        self.port = port

    @property
    def origin(self) -> dict[str, str]:
        """What the client's browser would send with a form: its own origin, and the token of a page."""
        return form_headers(self.client)


@contextmanager
def serving(directory: Path, tokens: Sequence[Token] = (), external_url: str = "") -> Iterator[Site]:
    host = SmallHost(directory)
    incident = host.seed()
    app = create_app(host, Guard(tokens, "127.0.0.1", external_url), pages=page_routes, clock=lambda: NOW)
    server = HttpServer(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.wait_started(DEADLINE_S)
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=DEADLINE_S) as client:
            yield Site(host, incident, client, server.port)
    finally:
        server.stop()
        thread.join(DEADLINE_S)
        host.replays.stop(DEADLINE_S)
        host.runs.close()
        host.store.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all tests of a module, for those that do not mind what others did to it."""
    with serving(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def serve() -> Callable[..., Any]:
    """A function that serves a state directory with tokens."""
    return serving


@pytest.fixture
def history() -> Callable[[SmallHost, int], None]:
    """A function that stores so many ended incidents of other days."""

    def add(host: SmallHost, count: int) -> None:
        from aiops.engine.events import IncidentChanged

        for number in range(count):
            at = NOW - 86_400 - number // 2
            incident = Incident(id=f"old-{number:03}", opened_at=at, status="resolved", severity="warning", title="old")
            event = IncidentChanged(0, at, "resolved", incident, 1, [])
            host.store.apply([FrameDecisions(1_000 + number, at, [event])])

    return add
