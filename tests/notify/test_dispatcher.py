"""The worker over a real store, with a clock that the test moves and attempts that end when the test says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.notify.endpoint_queue import EndpointQueue
from aiops.ports import Answer, Message
from aiops.store import audit
from aiops.store.outbox import row_key
from aiops.store.store import Store
from tests.notify.bench import DOWN, GONE, NO, OK, Bench, Script, endpoint


def test_delivers_with_the_keys_of_the_rows(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    bench.put("i-1", 2, "resolved")
    bench.go()
    assert bench.sinks["pager"].told() == [("i-1", 1), ("i-1", 2)]
    assert [message.key for message in bench.sinks["pager"].asked] == [row_key("pager", "i-1", n) for n in (1, 2)]
    assert set(bench.states().values()) == {"sent"}


def test_one_at_a_time_for_an_incident_while_others_go_on(store: Store) -> None:
    bench = Bench(store, endpoint())
    for version, change in ((1, "opened"), (2, "resolved")):
        bench.put("i-1", version, change)
    bench.put("i-2", 1)
    bench.worker.step()
    bench.worker.step()
    assert len(bench.pool.jobs) == 2
    bench.pool.run(1)
    bench.worker.step()
    assert bench.sinks["pager"].told() == [("i-2", 1)]
    assert len(bench.pool.jobs) == 1
    bench.go()
    assert bench.sinks["pager"].told() == [("i-2", 1), ("i-1", 1), ("i-1", 2)]


def test_nothing_is_sent_before_it_is_due_and_the_worker_sleeps_until_then(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1, in_s=1.5)
    assert bench.worker.step() == pytest.approx(1.5)
    bench.go(1.4)
    assert bench.sinks["pager"].asked == []
    bench.go(0.2)
    assert bench.sinks["pager"].told() == [("i-1", 1)]


def test_attempts_follow_the_paging_schedule_with_one_key_until_the_age_limit(store: Store) -> None:
    bench = Bench(store, endpoint(max_age_s=6 * 3600.0))
    sink = bench.sinks["pager"]
    sink.say = lambda message: Answer(ok=False, retry=True, status=408, reason="HTTP 408")
    bench.put("i-1", 1)
    began = bench.clock.now
    bench.go(1800)
    waits = [after - before for before, after in zip(sink.times, sink.times[1:], strict=False)]
    assert waits[:4] == pytest.approx([1, 2, 4, 8], abs=0.01)
    assert max(waits) <= 61
    assert bench.clock.now - sink.times[-1] <= 61
    bench.go(7 * 3600)
    assert len({message.key for message in sink.asked}) == 1
    assert bench.states() == {("i-1", 1): "dead"}
    assert 6 * 3600 <= sink.times[-1] - began <= 6.3 * 3600
    assert len(sink.asked) < 150, "after half an hour, attempts come less and less often"
    (row,) = store.outbox.rows("dead")
    assert "not delivered within 6 h" in (row.last_error or "")


def test_full_jitter_draws_between_zero_and_the_bound(store: Store) -> None:
    draws = iter([0.5, 0.25] + [0.0] * 20)
    bench = Bench(store, endpoint(), random=lambda: next(draws))
    sink = bench.sinks["pager"]
    answers = [DOWN, DOWN]
    sink.say = lambda message: answers.pop() if answers else OK
    bench.put("i-1", 1)
    bench.go(30)
    assert [at - sink.times[0] for at in sink.times] == pytest.approx([0.0, 0.5, 1.0], abs=0.01)


def test_retry_after_holds_the_whole_endpoint(store: Store) -> None:
    bench = Bench(store, endpoint(), endpoint("chat"))
    sink = bench.sinks["pager"]
    answers = [Answer(ok=False, retry=True, status=429, reason="HTTP 429", retry_after_s=30.0)]
    sink.say = lambda message: answers.pop() if answers else OK
    bench.put("i-1", 1)
    bench.go()
    bench.put("i-2", 1)
    bench.put("i-2", 1, endpoint="chat")
    bench.go(29)
    assert sink.told() == [("i-1", 1)]
    assert bench.sinks["chat"].told() == [("i-2", 1)]
    bench.go(10)
    assert sorted(sink.told()) == [("i-1", 1), ("i-1", 1), ("i-2", 1)]


def test_retry_after_is_capped_at_an_hour(store: Store) -> None:
    bench = Bench(store, endpoint())
    answers = [Answer(ok=False, retry=True, status=503, reason="x", retry_after_s=1e9)]
    bench.sinks["pager"].say = lambda message: answers.pop() if answers else OK
    bench.put("i-1", 1)
    bench.go(3600 * 1.1 + 5)
    assert bench.states() == {("i-1", 1): "sent"}


def test_other_client_errors_are_dead_at_once_and_later_changes_pass(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.sinks["pager"].say = lambda message: NO if message.version == 1 else OK
    bench.put("i-1", 1)
    bench.put("i-1", 2, "resolved")
    bench.go()
    assert bench.states() == {("i-1", 1): "dead", ("i-1", 2): "sent"}
    assert store.outbox.rows("dead")[0].last_error == "HTTP 400: bad"


def test_gone_disables_the_endpoint_and_its_fallback_is_told(store: Store) -> None:
    bench = Bench(store, endpoint(fallback="chat"), endpoint("chat"))
    bench.sinks["pager"].say = lambda message: GONE
    for number in range(5):
        bench.put(f"i-{number}", 1)
    bench.worker.step()
    bench.pool.run()
    bench.put("i-9", 1)
    bench.go(5)
    assert ("i-9", 1) not in bench.sinks["pager"].told()
    assert set(bench.states().values()) == {"dead"}
    assert sorted(bench.sinks["chat"].told()) == [(f"i-{n}", 1) for n in (0, 1, 2, 3, 4, 9)]
    health = bench.worker.health()
    assert not health["ok"]
    assert health["endpoints"]["pager"]["disabled"]
    bench.sinks["pager"].say = lambda message: OK
    assert "aiops outbox enable pager" in health["endpoints"]["pager"]["detail"]
    with pytest.raises(UsageError, match="expected the name of an endpoint"):
        bench.worker.enable("nobody", "kim")
    assert bench.worker.enable("pager", "kim", "they moved back") is True
    assert bench.worker.enable("pager", "kim") is False
    assert bench.worker.health()["ok"]
    told = [(entry.topic, entry.actor, entry.text) for entry in audit.entries(store.database.reader)]
    assert told == [
        ("endpoint", None, "endpoint pager is disabled: HTTP 410"),
        ("endpoint", "kim", "endpoint pager is notified again; it was disabled by HTTP 410: they moved back"),
    ]
    assert store.outbox.retry_dead(bench.clock.now) == 6
    bench.go(5)
    assert set(bench.states().values()) == {"sent"}


def test_a_fallback_that_was_paged_hears_the_end_and_nobody_else_does(store: Store) -> None:
    bench = Bench(store, endpoint(fallback="chat"), endpoint("chat"))
    bench.sinks["pager"].say = lambda message: NO if (message.incident.id, message.version) == ("i-1", 1) else OK
    for incident in ("i-1", "i-2"):
        bench.put(incident, 1)
        bench.put(incident, 2, "resolved")
    bench.go(5)
    assert bench.sinks["chat"].told() == [("i-1", 1), ("i-1", 2)]


def test_a_fallback_that_knows_something_newer_is_not_told_the_old(store: Store) -> None:
    bench = Bench(store, endpoint(fallback="chat"), endpoint("chat"))
    bench.sinks["pager"].say = lambda message: NO
    bench.put("i-1", 2, "updated", "chat")
    bench.go()
    bench.put("i-1", 1)
    bench.go(5)
    assert bench.sinks["chat"].told() == [("i-1", 2)]


def test_one_message_that_a_receiver_stumbles_over_holds_up_no_other(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.sinks["pager"].say = lambda message: DOWN if message.incident.id == "i-poison" else OK
    bench.put("i-poison", 1)
    bench.go(300)
    assert len(bench.sinks["pager"].asked) > 5
    bench.put("i-1", 1)
    bench.go()
    assert bench.sinks["pager"].told()[-1] == ("i-1", 1)


def test_fallbacks_in_a_circle_end(store: Store) -> None:
    bench = Bench(store, endpoint(fallback="chat"), endpoint("chat", fallback="pager"))
    for sink in bench.sinks.values():
        sink.say = lambda message: NO
    bench.put("i-1", 1)
    bench.go(10)
    assert [len(sink.asked) for sink in bench.sinks.values()] == [1, 1]


def test_breaker_leaves_a_receiver_alone_and_one_attempt_tries_it(store: Store) -> None:
    bench = Bench(store, endpoint())
    sink = bench.sinks["pager"]
    sink.say = lambda message: DOWN
    for number in range(100):
        bench.put(f"i-{number}", 1)
    bench.go(300)
    # Eight were under way when it opened; then one after 5, 10, 20, 40 and every 60 seconds.
    assert len(sink.asked) <= 8 + 10
    assert bench.worker.health()["endpoints"]["pager"]["breaker"] != "closed"
    sink.say = lambda message: OK
    bench.go(120)
    assert set(bench.states().values()) == {"sent"}
    assert bench.worker.health()["ok"]


def test_messages_of_a_receiver_that_stays_away_become_dead_letters_in_time(store: Store) -> None:
    bench = Bench(store, endpoint(max_age_s=3600.0))
    bench.sinks["pager"].say = lambda message: DOWN
    for number in range(150):
        bench.put(f"i-{number}", 1)
    bench.go(3600 + 300)
    assert set(bench.states().values()) == {"dead"}


def test_a_dead_letter_that_was_overtaken_is_not_sent_after_what_came_later(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.sinks["pager"].say = lambda message: NO if message.version == 1 else OK
    bench.put("i-1", 1)
    bench.put("i-1", 2, "resolved")
    bench.go()
    bench.sinks["pager"].say = lambda message: OK
    assert store.outbox.retry_dead(bench.clock.now) == 1
    bench.go(5)
    assert bench.sinks["pager"].told() == [("i-1", 1), ("i-1", 2)]
    assert bench.states()[("i-1", 1)] == "superseded"


def test_a_retried_dead_letter_begins_its_time_anew(store: Store) -> None:
    bench = Bench(store, endpoint(max_age_s=3600.0))
    bench.sinks["pager"].say = lambda message: NO
    bench.put("i-1", 1)
    bench.go()
    bench.clock.now += 100 * 3600
    answers = [DOWN, DOWN]
    bench.sinks["pager"].say = lambda message: answers.pop() if answers else OK
    store.outbox.retry_dead(bench.clock.now)
    bench.go(10)
    assert bench.states() == {("i-1", 1): "sent"}


def test_a_sink_that_raises_is_tried_again_and_its_text_stays_inside(store: Store) -> None:
    bench = Bench(store, endpoint())

    def fall(message: Message) -> Answer:
        raise RuntimeError("https://hooks.example.org/T0/secret")

    bench.sinks["pager"].say = fall
    bench.put("i-1", 1)
    bench.go()
    (row,) = store.outbox.rows("due")
    assert row.attempt == 1
    assert "RuntimeError in fall" in (row.last_error or "")
    assert "secret" not in (row.last_error or "")


def test_a_message_that_cannot_be_read_is_dead(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    with store.database.transaction() as connection:
        connection.execute("update outbox set body = ?", (b'{"kind":"incident"}',))
    bench.go()
    assert bench.states() == {("i-1", 1): "dead"}


def test_an_answer_that_the_disk_refuses_is_written_later_and_not_asked_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    bench.put("i-1", 2, "resolved")
    real, refused = store.outbox.sent, [sqlite3.OperationalError("database or disk is full")] * 3

    def sent(*args: object, **more: object) -> None:
        if refused:
            raise refused.pop()
        real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(store.outbox, "sent", sent)
    bench.worker.step()
    bench.pool.run_all()
    assert not bench.worker.health()["ok"]
    assert bench.worker.step() == 1.0
    bench.go(5)
    assert bench.sinks["pager"].told() == [("i-1", 1), ("i-1", 2)]
    assert set(bench.states().values()) == {"sent"}
    assert bench.worker.health()["ok"]


def test_stop_claims_nothing_more_and_gives_back_what_was_not_begun(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    bench.put("i-2", 1)
    bench.worker.step()
    bench.worker.stop(0.0)
    bench.pool.run_all()
    bench.worker.step()
    assert bench.sinks["pager"].asked == []
    assert len(store.outbox.claim(bench.clock.now, 10, ["pager"])) == 2


def test_replaced_endpoints_take_over(store: Store) -> None:
    bench = Bench(store, endpoint())
    other = Script("pager", bench.clock)
    bench.worker.replace([EndpointQueue(endpoint(), other, bench.clock.now)])
    old = bench.sinks["pager"]
    bench.put("i-1", 1)
    bench.go()
    assert other.told() == [("i-1", 1)]
    assert old.closed
    assert not other.closed
    bench.worker.stop(0.0)
    assert other.closed


def test_a_sink_may_set_a_lower_rate_than_the_configuration(store: Store) -> None:
    bench = Bench(store, endpoint(burst=1))
    sink = bench.sinks["pager"]
    sink.max_rate_per_s = 1.0  # type: ignore[attr-defined]
    bench.worker.replace([EndpointQueue(endpoint(burst=1), sink, bench.clock.now)])
    for number in range(10):
        bench.put(f"i-{number}", 1)
    bench.go(5.5)
    assert len(sink.asked) == 6


def test_the_worker_survives_whatever_the_store_raises(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    real, falls = store.outbox.claim, [RuntimeError("no"), OSError(24, "Too many open files")]

    def claim(*args: object) -> object:
        if falls:
            raise falls.pop()
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.outbox, "claim", claim)
    assert bench.worker.step() == 1.0
    assert "Too many open files" in bench.worker.health()["detail"]
    bench.go(5)
    assert bench.states() == {("i-1", 1): "sent"}
    assert bench.worker.health()["ok"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "step", "end", "end", "wait", "crash"]),
        st.sampled_from(["i-1", "i-2", "i-3"]),
        st.sampled_from(["pager", "chat"]),
        st.sampled_from(["opened", "updated", "resolved"]),
        st.sampled_from([OK, OK, DOWN, NO]),
        st.floats(0.0, 40.0),
    ),
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, draw=st.floats(0.0, 1.0))
def test_whatever_receivers_do(
    steps: list[tuple[str, str, str, str, Answer, float]], draw: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In order, one key a change, nothing forgotten, never faster than the rate."""
    rate, burst = 2.0, 3
    store = Store(tmp_path_factory.mktemp("outbox"))
    configs = [endpoint(name, rate_per_s=rate, burst=burst) for name in ("pager", "chat")]
    try:
        bench = Bench(store, *configs, random=lambda: draw)
        versions: dict[tuple[str, str], int] = {}
        must: set[tuple[str, str, int]] = set()
        sent: list[tuple[str, Message, float, Answer]] = []
        current = [OK]

        def script() -> None:
            for name, sink in bench.sinks.items():

                def say(message: Message, name: str = name) -> Answer:
                    sent.append((name, message, bench.clock.now, current[0]))
                    return current[0]

                sink.say = say

        script()
        crews = [bench.pool]
        for what, incident, where, change, answer, wait_s in steps:
            if what == "put":
                version = versions[(where, incident)] = versions.get((where, incident), 0) + 1
                bench.put(incident, version, change, where, wait_s / 4)
                if change != "updated":
                    must.add((where, incident, version))
            elif what == "step":
                bench.worker.step()
            elif what == "end" and bench.pool.jobs:
                current[0] = answer
                bench.pool.run(int(wait_s) % len(bench.pool.jobs))
            elif what == "wait":
                bench.clock.now += wait_s
            elif what == "crash":
                # What was under way may or may not have reached the receiver; its answer is lost in any case.
                now = bench.clock.now + 5.0
                store.outbox.release(list(store.outbox._in_flight))
                bench = Bench(store, *configs, random=lambda: draw)
                bench.clock.now = now
                script()
                crews.append(bench.pool)
        current[0] = OK
        bench.go(400)

        for key in {(name, message.incident.id) for name, message, _, _ in sent}:
            seen = [message.version for name, message, _, _ in sent if (name, message.incident.id) == key]
            assert seen == sorted(seen), "in the order of versions"
        for name, message, _, _ in sent:
            assert message.key == row_key(name, message.incident.id, message.version)
        taken = [(name, message.key) for name, message, _, answer in sent if answer.ok or not answer.retry]
        assert len(taken) == len(set(taken)), "what was answered for good is not sent again"
        assert must <= {(name, message.incident.id, message.version) for name, message, _, _ in sent}
        assert all(row.state != "due" for row in store.outbox.rows(None, 10_000))
        for pool in crews:
            for where in ("pager", "chat"):
                _check_rate([at for name, at in pool.given if name == where], rate, burst)
    finally:
        store.close()


def _check_rate(times: list[float], rate: float, burst: int) -> None:
    for begin, first in enumerate(times):
        for count, last in enumerate(times[begin:], 1):
            assert count <= burst + rate * (last - first) + 1e-6


BUSY = Answer(ok=False, retry=True, status=429, reason="HTTP 429")


def test_too_many_requests_slow_down_and_never_open_the_breaker(store: Store) -> None:
    """A receiver that says so is well: each message has its schedule, and others go as soon as it takes them."""
    bench = Bench(store, endpoint())
    sink = bench.sinks["pager"]
    sink.say = lambda message: BUSY
    for number in range(20):
        bench.put(f"i-{number}", 1)
    bench.go(30)
    assert len(sink.asked) > 20
    assert bench.worker.health()["endpoints"]["pager"]["breaker"] == "closed"
    sink.say = lambda message: OK
    bench.put("new", 1)
    bench.go(0)
    assert bench.states()["new", 1] == "sent", "nothing holds it back"


def test_the_breaker_counts_failures_of_several_incidents_in_a_row(store: Store) -> None:
    bench = Bench(store, endpoint())
    queue = bench.worker.queues["pager"]
    at = bench.clock.now
    for _ in range(50):
        queue.take(1)
        assert not queue.record(DOWN, "one", at), "a message that a receiver stumbles over is its own matter"
    queue.take(1)
    queue.record(OK, "two", at)
    for number, incident in enumerate(["a", "a", "b", "b"], 1):
        queue.take(1)
        assert not queue.record(DOWN, incident, at), number
    queue.take(1)
    assert queue.record(DOWN, "c", at), "the fifth in a row, of a third incident"
    assert (queue.free(at), queue.breaker_state(at)) == (0, "open")
    assert queue.breaker_state(at + 5.0) == "half-open"
