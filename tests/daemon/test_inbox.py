"""The inbox and admission: bounds, answers, and what may go into the log."""

from __future__ import annotations

import threading
import time

import pytest

from aiops.daemon.admission import admit
from aiops.daemon.inbox import Inbox
from aiops.daemon.ticks import Ticks
from aiops.journal.frame import time_of
from aiops.ports import DeadLetter, Position, Received
from aiops.records import Alert, Metric, Record, Tick


def batch(count: int) -> Received:
    return Received([Alert(ts=1.0, name="a", id=str(number)) for number in range(count)])


def test_full_means_false_and_nothing_taken() -> None:
    inbox = Inbox(10, time.monotonic)
    first = inbox.submit(batch(8))
    assert first is not None
    assert inbox.submit(batch(3)) is None
    assert not inbox.put(batch(3), 0.01)
    assert inbox.submit(batch(2)) is not None
    assert [pending.weight for pending in inbox.take(100, 0.0)] == [8, 2]
    assert inbox.depth() == 0


def test_one_batch_larger_than_the_queue_passes_alone() -> None:
    inbox = Inbox(10, time.monotonic)
    assert inbox.submit(batch(50)) is not None
    assert inbox.submit(batch(1)) is None
    assert len(inbox.take(4, 0.0)) == 1


def test_what_times_out_in_the_queue_is_taken_back() -> None:
    inbox = Inbox(10, time.monotonic)
    assert not inbox.put(batch(3), 0.01)
    assert inbox.take(10, 0.0) == []
    assert inbox.depth() == 0


def test_what_the_pump_has_begun_with_is_waited_for_beyond_the_timeout() -> None:
    inbox = Inbox(10, time.monotonic)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(inbox.put(batch(3), 0.05)))
    thread.start()
    (pending,) = inbox.take(10, 5.0)
    thread.join(0.2)
    assert thread.is_alive()
    pending.done.set_result(True)
    thread.join(120)
    assert answers == [True]


def test_refusing_answers_what_waits_and_what_comes() -> None:
    inbox = Inbox(10, time.monotonic)
    waiting = inbox.submit(batch(1))
    inbox.refuse(True)
    assert waiting is not None
    assert waiting.result(0) is False
    assert not inbox.put(batch(1), 0.0)
    inbox.refuse(False)
    assert inbox.submit(batch(1)) is not None


def test_a_caller_that_gave_up_is_passed_over() -> None:
    inbox = Inbox(10, time.monotonic)
    gone, stays = inbox.submit(batch(2)), inbox.submit(batch(1))
    assert gone is not None
    assert stays is not None
    gone.cancel()
    assert [pending.weight for pending in inbox.take(10, 0.0)] == [1]
    inbox.abandon()
    assert inbox.submit(batch(1)) is None


def test_closing_hands_over_what_is_there() -> None:
    inbox = Inbox(10, time.monotonic)
    inbox.submit(batch(2))
    inbox.close()
    assert inbox.submit(batch(1)) is None
    assert len(inbox.take(10, 5.0)) == 1
    assert inbox.take(10, 5.0) == []


def test_admission_joins_batches_and_keeps_positions() -> None:
    one = Received([Alert(ts=1.0, name="a")], Position("kafka", {"t/0": 1}))
    two = Received(
        [Alert(ts=2.0, name="b", id="own")], Position("kafka", {"t/0": 2}), [DeadLetter("kafka", "t/0:1", "bad")]
    )
    admitted = admit([one, two], 7, [Tick(ts=3.0)])
    assert [record.id for record in admitted.records] == ["log:7", "own", "log:9"]
    assert admitted.positions == {"kafka": {"t/0": 2}}
    assert [letter.reason for letter in admitted.dead_letters] == ["bad"]
    # Should the disk refuse them, they come again: with the number that is then theirs.
    assert one.records[0].id == ""


@pytest.mark.parametrize(
    "bad",
    [
        Metric(ts=1.0, entity="e", name="m", value=float("nan")),
        Metric(ts=1.0, entity="e", name="m", value=float("inf")),
        Alert(ts=float("nan"), name="a"),
        Alert(ts=-1.0, name="a"),
        Alert(ts=1.0, name="x" * 2000),
        Alert(ts=1.0, name="half \ud800 a character"),
        Alert(ts=1.0, name="a", labels={"n": 1}),  # type: ignore[dict-item]
    ],
)
def test_what_the_journal_could_not_give_back_is_a_dead_letter(bad: Record) -> None:
    admitted = admit([Received([Alert(ts=1.0, name="good"), bad, Alert(ts=2.0, name="also")])], 0)
    assert [record.id for record in admitted.records] == ["log:0", "log:1"]
    assert len(admitted.dead_letters) == 1
    assert admitted.dead_letters[0].reason


def test_the_clock_is_written_in_silence_and_not_while_history_is_read() -> None:
    ticks, now = Ticks(1.0), 1_000_000.0
    ticks.seen([Alert(ts=now, name="new")], now)
    assert ticks.idle(now) == [Tick(ts=now)]
    assert ticks.idle(now + 0.5) == []
    assert ticks.flowing(now + 0.9) == []
    assert ticks.flowing(now + 1.0) == [Tick(ts=now + 1.0)]
    # Later, old records are late and hold back nothing.
    ticks.seen([Alert(ts=now - 90_000.0, name="old")], now + 20.0)
    assert ticks.flowing(now + 20.0) == [Tick(ts=now + 20.0)]
    assert ticks.idle(now + 21.0) == [Tick(ts=now + 21.0)]
    # A clock that was set back goes on ticking.
    assert ticks.idle(now - 500.0) != []
    history = Ticks(1.0)
    history.seen([Alert(ts=now - 90_000.0, name="old")], now)
    assert history.flowing(now) == history.idle(now + 14.0) == []
    assert history.idle(now + 15.0) == [Tick(ts=now + 15.0)]


def test_time_does_not_pass_before_what_came_meanwhile_could_arrive() -> None:
    ticks, now = Ticks(1.0, has_backlog=lambda: True), 1_000_000.0
    assert ticks.idle(now) == ticks.idle(now + 59.0) == []
    assert ticks.idle(now + 60.0) == [Tick(ts=now + 60.0)]
    ticks = Ticks(1.0, is_new=True)
    assert ticks.idle(now) == ticks.idle(now + 9_000.0) == []
    # One wrong clock in the future does not end the catching up.
    ticks.seen([Alert(ts=now + 80_000.0, name="wrong"), Alert(ts=now, name="old")], now + 9_000.0)
    assert ticks.flowing(now + 9_000.0) == ticks.idle(now + 9_014.0) == []
    assert ticks.idle(now + 9_015.0) == [Tick(ts=now + 9_015.0)]


def test_the_engine_knows_the_clock_before_it_judges_records() -> None:
    ticks, now = Ticks(1.0), 1_000_000.0
    assert ticks.clock(now) == [Tick(ts=now, passes=False)]
    assert ticks.clock(now + 1.9) == []
    assert ticks.clock(now + 2.0) == [Tick(ts=now + 2.0, passes=False)]
    ticks.seen([Alert(ts=now + 100.0, name="new")], now + 100.0)
    assert ticks.flowing(now + 100.0) == [Tick(ts=now + 100.0)]
    assert ticks.clock(now + 101.9) == []
    assert ticks.clock(now - 1.0) == [Tick(ts=now - 1.0, passes=False)]
    admitted = admit([Received([Alert(ts=1.0, name="a")])], 0, [Tick(ts=3.0)], [Tick(ts=2.0, passes=False)])
    assert [time_of(record) for record in admitted.records] == [2.0, 1.0, 3.0]
    assert [record.id for record in admitted.records] == ["log:0", "log:1", "log:2"]
