"""Reads for an incident: written before and after, within the budget, made twice at most, reported once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.collect.budget import Budget
from aiops.collect.requests import Read
from aiops.collect.tables import ReadFailed
from aiops.daemon.collect_queue import CollectQueue, Wanted
from aiops.daemon.collecting import Clocks, Collecting, Sources
from aiops.engine.events import Feedback
from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError
from aiops.ports import AlertFact, IncidentView
from aiops.records import Action, Cause
from aiops.respond.format import Playbook
from aiops.store.findings import FindingsTable, Reading
from aiops.store.store import Store
from aiops.telemetry.metrics import render
from aiops.topology import Topology
from tests.waiting import eventually

AT = 1_700_000_000.0
WANTED = Wanted("i-1", "oom")
POD = {
    "metadata": {"name": "cart-1"},
    "status": {"containerStatuses": [{"lastState": {"terminated": {"reason": "OOMKilled"}}}]},
}
PLAYBOOK = {
    "apiVersion": "aiops/v1",
    "kind": "Playbook",
    "name": "oom",
    "version": "1.0.0",
    "summary": "A container runs out of memory",
    "whenToUse": "It is killed.",
    "whenNotToUse": "Never.",
    "match": {"alert": [{"label": "name", "value": "Down"}]},
    "parameters": {
        "pod": {"from": ["alert.entity"], "pattern": "[a-z0-9-]+"},
        "node": {"from": ["alert.labels.node"], "pattern": "[a-z0-9-]+"},
    },
    "steps": [{"kind": "manual", "name": "look"}],
    "diagnosis": [
        {"kind": "manual", "name": "by hand"},
        {
            "kind": "collect",
            "name": "state",
            "kubernetes": {"read": "object", "namespace": "shop", "object": "{{ pod }}"},
            "lookFor": [
                {"field": "lastReason", "value": "OOMKilled", "says": "{{ pod }} was OOMKilled", "weight": "strong"}
            ],
        },
        {"kind": "collect", "name": "memory", "prometheus": {"query": "up"}},
        {"kind": "collect", "name": "elsewhere", "sql": {"statement": "select 1"}},
    ],
}


class FakeReader:
    """A system that answers, fails or hangs."""

    entities: Sequence[str] = ()
    allowed: Sequence[str] = ()
    secrets: Sequence[str] = ("tok-123456",)

    def __init__(self, kind: str, answer: Any) -> None:
        self.kind, self.answer = kind, answer
        self.reads: list[Read] = []
        self.is_closed = False

    def read(self, read: Read, gate: Callable[[], bool]) -> bytes:
        self.reads.append(read)
        found = self.answer(gate) if callable(self.answer) else self.answer
        if isinstance(found, BaseException):
            raise found
        return json.dumps(found).encode()

    def close(self) -> None:
        self.is_closed = True


class Site:
    """The parts around the workers."""

    def __init__(self, directory: Path, playbook: dict[str, Any] | None = None) -> None:
        self.store = Store(directory)
        self.table = FindingsTable(self.store.database)
        self.kubernetes = FakeReader("kubernetes", POD)
        self.prometheus = FakeReader(
            "prometheus", {"status": "success", "data": {"resultType": "vector", "result": []}}
        )
        self.incident: CurrentIncident | None = self.current()
        self.actions: list[Action] = []
        self.answers = True
        self.playbook = msgspec.convert(playbook or PLAYBOOK, Playbook)
        self.now = 0.0

    def current(self, **fields: Any) -> CurrentIncident:
        fact = AlertFact("cart-1", "Down", 4, 1, AT, AT)
        view = IncidentView("i-1", AT, [fact], causes=[Cause("cart-1", confidence="high")])
        return CurrentIncident(**{"view": view, "is_over": False, "open_incidents": 1, **fields})

    def act(self, action: Action, timeout_s: float) -> Feedback | None:
        self.actions.append(action)
        return Feedback(1, action.id, action.verb, True, "kept") if self.answers else None

    def workers(
        self, per_minute: int = 60, per_incident: int = 10, find: Callable[[str], CurrentIncident | None] | None = None
    ) -> Collecting:
        readers = {"kubernetes": self.kubernetes, "prometheus": self.prometheus}
        sources = Sources({"oom": self.playbook}, Topology(), readers, find or (lambda name: self.incident), self.act)
        self.queue = CollectQueue(["oom"])
        clocks = Clocks(lambda: AT + self.now, lambda: self.now)
        return Collecting(sources, self.table, self.queue, Budget(per_minute, per_incident), clocks)

    def reads(self) -> dict[str, Reading]:
        return {one.collector: one for one in self.table.of("i-1")}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.store.close()


def test_what_is_found_is_stored_and_reported_in_one_record(site: Site) -> None:
    site.workers().work(WANTED)
    reads = site.reads()
    states = {"state": "done", "memory": "done", "elsewhere": "skipped"}
    assert {name: one.state for name, one in reads.items()} == states
    assert site.kubernetes.reads[0].path == "/api/v1/namespaces/shop/pods/cart-1"
    state = reads["state"]
    assert (state.system, state.source, state.attempts, state.reported) == ("kubernetes", "kubernetes", 1, True)
    assert state.answer.found[0].sentence == "cart-1 was OOMKilled"
    (action,) = site.actions
    assert (action.verb, action.actor, action.incident, action.id) == ("finding", "aiops", "i-1", "collect:i-1:0:oom")
    found = {"by": "state", "entity": "cart-1", "text": "cart-1 was OOMKilled", "weight": "strong"}
    assert json.loads(action.args["findings"]) == [found]


def test_a_secret_of_ours_is_not_kept(site: Site) -> None:
    site.kubernetes.answer = {"metadata": {"name": "echoes tok-123456"}}
    site.workers().work(WANTED)
    assert "echoes [redacted]" in site.reads()["state"].answer.rows[0]


def test_an_engine_that_does_not_answer_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.daemon.collecting.RETRY_S", 0.01)
    failures = [AiopsError("the engine did not answer")] * 2

    def find(name: str) -> CurrentIncident | None:
        if failures:
            raise failures.pop()
        return site.current()

    workers = site.workers(find=find)
    workers.start()
    site.queue.put(WANTED)
    eventually(lambda: site.actions and not site.table.unfinished())
    workers.stop(5.0)
    assert site.reads()["state"].state == "done"


def test_nothing_found_is_no_record(site: Site) -> None:
    site.kubernetes.answer = {"metadata": {"name": "cart-1"}}
    site.workers().work(WANTED)
    assert (site.actions, site.table.unfinished()) == ([], [])
    assert site.reads()["state"].state == "done"


def test_a_system_that_fails_leaves_its_reason_and_the_others_are_read(site: Site) -> None:
    site.kubernetes.answer = ReadFailed("answered with status 403: forbidden")
    workers = site.workers()
    workers.work(WANTED)
    reads = site.reads()
    assert (reads["state"].state, reads["state"].reason) == ("failed", "answered with status 403: forbidden")
    assert reads["state"].answer.request.startswith("GET /api/v1/namespaces")
    assert reads["memory"].state == "done"
    assert workers.health()["ok"] is True
    text = render(workers.metrics())
    assert (
        'aiops_collector_reads_total{state="failed",system="kubernetes"} 1' in text
        or 'system="kubernetes",state="failed"} 1' in text
    )


def test_it_is_read_once(site: Site) -> None:
    workers = site.workers()
    for _ in range(3):
        workers.work(WANTED)
    assert (len(site.kubernetes.reads), len(site.actions)) == (1, 1)
    workers.work(Wanted("i-1", "oom", 7))
    assert len(site.kubernetes.reads) == 2, "a new life of the incident is read of again"


def test_after_a_restart_the_store_knows_the_life_of_an_incident(site: Site) -> None:
    site.workers().work(Wanted("i-1", "oom", 7))
    site.workers().work(WANTED)
    assert (len(site.kubernetes.reads), {one.round for one in site.table.of("i-1")}) == (1, {7})


def test_a_missing_value_is_no_read(tmp_path: Path) -> None:
    diagnosis = [
        {
            "kind": "collect",
            "name": "node",
            "kubernetes": {"read": "object", "resource": "nodes", "object": "{{ node }}"},
        }
    ]
    site = Site(tmp_path, {**PLAYBOOK, "diagnosis": diagnosis})
    site.workers(per_minute=1).work(WANTED)
    one = site.reads()["node"]
    assert (one.state, one.reason) == ("skipped", "not read: node has no value (no value was found)")
    assert site.kubernetes.reads == []
    site.store.close()


@pytest.mark.parametrize(("limits", "reason"), [((1, 10), "within a minute"), ((60, 1), "for this incident")])
def test_beyond_the_budget_nothing_is_read_and_the_reason_is_shown(
    site: Site, limits: tuple[int, int], reason: str
) -> None:
    site.workers(*limits).work(WANTED)
    reads = site.reads()
    assert (reads["state"].state, reads["memory"].state) == ("done", "skipped")
    assert reason in reads["memory"].reason


def test_a_storm_does_not_multiply_reads(site: Site) -> None:
    workers = site.workers(per_minute=4)
    for number in range(50):
        workers.work(Wanted(f"i-{number}", "oom"))
    assert len(site.kubernetes.reads) + len(site.prometheus.reads) == 4
    assert len(site.table.of("i-49")) == 3


def test_a_read_that_a_crash_cut_off_is_made_once_more(site: Site) -> None:
    """The first attempt is on disk before the system is asked: a crash is what raises through everything here."""
    site.kubernetes.answer = KeyboardInterrupt()
    for attempts in (1, 2):
        workers = site.workers()
        with pytest.raises(KeyboardInterrupt):
            workers.work(WANTED)
        assert (site.reads()["state"].state, site.reads()["state"].attempts) == ("reading", attempts)
        assert site.table.unfinished() == [("i-1", 0, "oom")]
    site.kubernetes.answer = POD
    site.workers().work(WANTED)
    state = site.reads()["state"]
    assert (state.state, state.attempts) == ("failed", 2)
    assert "cut off twice" in state.reason
    assert len(site.kubernetes.reads) == 2


def test_what_the_engine_did_not_take_is_said_again(site: Site) -> None:
    site.answers = False
    site.workers().work(WANTED)
    assert site.table.unfinished() == [("i-1", 0, "oom")]
    site.answers = True
    site.workers().work(WANTED)
    assert [one.id for one in site.actions] == ["collect:i-1:0:oom"] * 2
    assert (site.table.unfinished(), len(site.kubernetes.reads)) == ([], 1)


@pytest.mark.parametrize("is_known", [True, False])
def test_an_incident_that_has_ended_is_not_read_of(site: Site, is_known: bool) -> None:
    site.kubernetes.answer = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        site.workers().work(WANTED)
    site.incident = site.current(is_over=True) if is_known else None
    site.workers().work(WANTED)
    assert "the incident has ended since" in site.reads()["state"].reason
    assert (site.table.unfinished(), len(site.kubernetes.reads)) == ([], 1)


def test_a_system_that_hangs_keeps_one_worker_and_no_stop(site: Site) -> None:
    hangs, let_go = threading.Event(), threading.Event()

    def hang(gate: Callable[[], bool]) -> Any:
        hangs.set()
        let_go.wait(60)
        return POD

    site.kubernetes.answer = hang
    workers = site.workers()
    workers.start()
    site.queue.put(WANTED)
    assert hangs.wait(60)
    site.incident = None
    site.queue.put(Wanted("i-2", "oom"))
    eventually(lambda: len(site.queue) == 0)
    workers.stop(30.0)
    assert site.kubernetes.is_closed
    assert site.reads()["state"].state == "reading", "the next start makes it once more"
    let_go.set()
    eventually(lambda: not any(thread.name.startswith("collect-") for thread in threading.enumerate()))
    assert (site.reads()["state"].state, site.actions) == ("reading", [])


def test_a_start_takes_up_what_was_cut_off(site: Site) -> None:
    site.kubernetes.answer = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        site.workers().work(WANTED)
    site.kubernetes.answer = POD
    workers = site.workers()
    workers.start()
    eventually(lambda: site.actions and not site.table.unfinished())
    workers.stop(5.0)
    assert site.reads()["state"].state == "done"


def test_a_system_that_is_missing_or_of_another_kind_is_named(site: Site) -> None:
    site.kubernetes.kind = "http"
    site.workers(per_minute=1).work(WANTED)
    reads = site.reads()
    assert {name: one.state for name, one in reads.items()} == {
        "state": "skipped", "memory": "done", "elsewhere": "skipped"
    }  # fmt: skip
    assert reads["state"].reason.endswith("to be of kind kubernetes; respond.systems.kubernetes.kind is http")
    assert "no system sql is configured (add [respond.systems.sql] of kind sql)" in reads["elsewhere"].reason
    assert site.kubernetes.reads == []


def test_a_fault_of_ours_ends_the_read_with_its_reason(site: Site) -> None:
    site.kubernetes.answer = ZeroDivisionError("of ours")
    site.workers().work(WANTED)
    reads = site.reads()
    assert (reads["state"].state, "ZeroDivisionError" in reads["state"].reason) == ("failed", True)
    assert (reads["memory"].state, site.table.unfinished()) == ("done", [])


def test_what_the_engine_refuses_is_stated_on_the_read(site: Site) -> None:
    site.act = lambda action, timeout_s: Feedback(1, action.id, action.verb, False, "it has ended")  # type: ignore[method-assign]
    site.workers().work(WANTED)
    state = site.reads()["state"]
    assert (state.answer.note, state.reported) == ("not counted as evidence: it has ended", True)
    assert [one.sentence for one in state.answer.found] == ["cart-1 was OOMKilled"]


def test_an_answer_without_what_is_looked_for_states_it(site: Site) -> None:
    site.kubernetes.answer = {"metadata": {"name": "cart-1"}}
    site.workers().work(WANTED)
    assert site.reads()["state"].answer.note == "nothing that the playbook looks for"


def test_what_is_found_before_there_is_a_suspect_is_kept(site: Site) -> None:
    assert site.incident is not None
    site.incident.view.causes = []
    site.workers().work(WANTED)
    state = site.reads()["state"].answer
    assert (state.found, state.note) == ([], "cart-1 was OOMKilled: no suspect that it counts for")


@pytest.mark.parametrize(
    ("entities", "state", "reason"),
    [
        (["cart-*"], "done", ""),
        (["orders-db"], "skipped", "not read: no system of the kind kubernetes has cart-1 in its `entities`"),
    ],
)
def test_the_system_that_is_read_is_the_one_that_the_incident_is_about(
    tmp_path: Path, entities: list[str], state: str, reason: str
) -> None:
    state_of = {**PLAYBOOK["diagnosis"][1], "entity": "{{ pod }}"}  # type: ignore[index]
    site = Site(tmp_path, {**PLAYBOOK, "diagnosis": [state_of]})
    site.kubernetes.entities = entities
    site.workers(per_minute=1).work(WANTED)
    one = site.reads()["state"]
    assert (one.state, one.reason, one.system, len(site.kubernetes.reads)) == (
        *(state, reason, "kubernetes", state == "done"),
    )
    site.store.close()
