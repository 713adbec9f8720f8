"""401, 403 and 404 may be a gateway's of a moment: they are doubted for a bounded time, while somebody waits."""

from __future__ import annotations

import pytest

from aiops.notify.outcomes import DOUBT_S, DOUBT_WITH_FALLBACK_S
from aiops.ports import Answer
from aiops.store.store import Store
from tests.notify.bench import GONE, NO, OK, Bench, endpoint


def no(status: int) -> Answer:
    return Answer(ok=False, retry=False, status=status, reason=f"HTTP {status}")


def incident(store: Store, name: str = "i-1", status: str = "open") -> None:
    with store.database.transaction() as connection:
        connection.execute(
            "insert or replace into incidents (id, version, status, severity, title, opened_at, last_alert_at,"
            " alert_count, changed, body) values (?, 1, ?, 4, 't', 0, 0, 1, 0, '{}')",
            (name, status),
        )


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_single_doubtful_answer_loses_no_message(store: Store, status: int) -> None:
    bench = Bench(store, endpoint())
    incident(store)
    answers = [no(status)]
    bench.sinks["pager"].say = lambda message: answers.pop() if answers else OK
    bench.put("i-1", 1)
    bench.go(5)
    assert bench.states() == {("i-1", 1): "sent"}
    assert len(bench.sinks["pager"].asked) == 2


@pytest.mark.parametrize(("status", "doubt_s"), [(404, DOUBT_S), (401, DOUBT_S)])
def test_doubt_ends(store: Store, status: int, doubt_s: float) -> None:
    bench = Bench(store, endpoint())
    incident(store)
    bench.sinks["pager"].say = lambda message: no(status)
    bench.put("i-1", 1)
    bench.go(doubt_s - 61)
    assert bench.states() == {("i-1", 1): "due"}
    bench.go(122)
    assert bench.states() == {("i-1", 1): "dead"}
    # Bounded in number as well: each wait is twice as long as the one before, up to a minute.
    assert len(bench.sinks["pager"].asked) < 15


def test_a_fallback_is_not_kept_waiting(store: Store) -> None:
    bench = Bench(store, endpoint(fallback="chat"), endpoint("chat"))
    incident(store)
    bench.sinks["pager"].say = lambda message: no(404)
    bench.put("i-1", 1)
    bench.go(DOUBT_WITH_FALLBACK_S * 2 + 1)
    assert bench.states() == {("i-1", 1): "dead"}
    assert bench.sinks["chat"].told() == [("i-1", 1)]


@pytest.mark.parametrize("status", [None, "resolved", "merged"])
def test_nobody_waits_for_an_opening_after_the_end(store: Store, status: str | None) -> None:
    bench = Bench(store, endpoint())
    if status is not None:
        incident(store, status=status)
    bench.sinks["pager"].say = lambda message: no(404)
    bench.put("i-1", 1)
    bench.go(1)
    assert bench.states() == {("i-1", 1): "dead"}


def test_an_end_is_tried_again_although_the_incident_has_ended(store: Store) -> None:
    """A lost end leaves a page open."""
    bench = Bench(store, endpoint())
    incident(store, status="resolved")
    answers = [no(404), no(404), OK, OK]
    bench.sinks["pager"].say = lambda message: answers.pop(0)
    bench.put("i-1", 2, "resolved")
    bench.go(10)
    assert bench.states() == {("i-1", 2): "sent"}


@pytest.mark.parametrize("answer", [NO, GONE, no(405), no(413), no(422)])
def test_other_answers_are_final(store: Store, answer: Answer) -> None:
    bench = Bench(store, endpoint())
    incident(store)
    bench.sinks["pager"].say = lambda message: answer
    bench.put("i-1", 1)
    bench.go(1)
    assert bench.states() == {("i-1", 1): "dead"}


def test_doubt_keeps_the_breaker_closed_for_others(store: Store) -> None:
    bench = Bench(store, endpoint())
    for name in ("i-1", "i-2", "i-3", "i-4", "i-5", "i-6"):
        incident(store, name)
        bench.put(name, 1)
    bench.sinks["pager"].say = lambda message: OK if message.incident.id == "i-6" else no(404)
    bench.go(1)
    assert bench.states()["i-6", 1] == "sent"
