"""Stop means stop: engaging a kill switch waits for nothing, and no request starts after it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.http.client import HttpClient
from aiops.respond import guards, run_core, runs, sending
from aiops.respond.audit import AuditError
from aiops.respond.calls import calls_of
from aiops.respond.guards import Case, GuardCheck
from aiops.respond.parameters import Values
from aiops.respond.sending import Gate
from aiops.step_kinds.exchange import Reply as SendReply
from aiops.step_kinds.exchange import Request
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.respond.bench import NAME, TEAM, Bench, beside, get, paths, post, until, view

Make = Callable[..., Bench]
SCOPES = ["global", "team:platform", f"playbook:{NAME}"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def make(samples: SimpleNamespace, receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(more: dict[str, Any] | None = None, **changes: Any) -> Bench:
        playbook = samples.playbook(**{"steps": [post(receiver, "restart")], **changes})
        made.append(Bench(samples, tmp_path / "audit.jsonl", playbook, **(more or {})))
        made[-1].release()
        return made[-1]

    yield bench
    for one in made:
        one.close()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_stop_that_is_released_before_the_answer_comes_stops(
    make: Make, receiver: Receiver, scope: str, number: int
) -> None:
    """In the precondition, in a step that others follow and in the last one: it was under way when it was stopped."""
    steps = [post(receiver, name) for name in ("drain", "restart", "undrain")]
    bench, held = make(preconditions=[get(receiver, "alive")], steps=steps), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200)] * number + [Reply(200, wait=held)] + [Reply(200)] * 9
    with beside(bench.run) as done:
        until(lambda: len(receiver.requests) == number + 1)
        bench.engage(scope)
        bench.release(scope)
        held.set()
    assert done[0].state == "stopped"
    assert len(receiver.requests) == number + 1
    [run] = bench.runner.history.runs.values()
    assert run.left == ["drain on worker-1", "restart on worker-1", "undrain on worker-1"][number:]
    assert f"kill switch {scope} was engaged meanwhile" in run.why
    assert bench.kinds()[-1] == "ended"
    assert bench.lines()[-1]["data"]["state"] == "stopped"
    bench.now += 3600
    assert "kill switch" not in str(bench.plan().refused), "the next run is not stopped by it"


def test_a_precondition_that_fails_after_a_stop_is_a_stop(make: Make, receiver: Receiver) -> None:
    bench, held = make(preconditions=[get(receiver, "alive")]), threading.Event()
    bench.approve()
    receiver.replies = [Reply(503, wait=held)]
    with beside(bench.run) as done:
        until(lambda: receiver.requests)
        bench.engage()
        bench.release()
        held.set()
    assert (done[0].state, len(receiver.requests)) == ("stopped", 1)


def test_what_was_stopped_between_its_approval_and_its_run_does_not_run(make: Make, receiver: Receiver) -> None:
    bench = make()
    watch = bench.runner.watch(NAME)
    bench.approve()
    bench.engage("team:platform")
    bench.release("team:platform")
    done = bench.runner.run(bench.view, NAME, bench.world(), "ann", watch=watch)
    assert (done.run, receiver.requests) == (None, [])
    assert "refused because kill switch team:platform was engaged meanwhile" in done.sentence
    assert bench.run().state == "executed", "a run that is asked for after the stop"


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_sent_after_a_stop_during_a_precondition(make: Make, receiver: Receiver, scope: str) -> None:
    """The precondition hangs until after the switch was engaged: whoever waits for it here would wait for ever."""
    bench, held = make(preconditions=[get(receiver, "alive")]), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held), Reply(200)]
    with beside(bench.run) as done:
        until(lambda: receiver.requests)
        bench.engage(scope)
        assert not done, "the precondition is not answered yet"
        held.set()
    [run] = bench.runner.history.runs.values()
    assert (done[0].state, run.state, run.done) == ("stopped", "stopped", [])
    assert (run.why, run.left) == (f"not sent: kill switch {scope} is engaged", ["restart on worker-1"])
    assert paths(receiver) == ["/worker-1/alive"]
    assert "intent" not in bench.kinds()


def test_a_run_in_flight_ends_as_stopped_with_what_was_done(make: Make, receiver: Receiver) -> None:
    steps = [post(receiver, name) for name in ("drain", "restart", "undrain")]
    bench, held = make(steps=steps), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200), Reply(200, wait=held), Reply(200)]
    with beside(bench.run):
        until(lambda: len(receiver.requests) == 2)
        bench.engage()
        assert bench.runner.history.active(), "the answer is waited for: it says whether the step was done"
        held.set()
    [run] = bench.runner.history.runs.values()
    assert run.state == "stopped"
    assert run.done == ["drain on worker-1: accepted", "restart on worker-1: accepted"]
    assert run.left == ["undrain on worker-1"]
    assert paths(receiver) == ["/worker-1/drain", "/worker-1/restart"]


def test_a_run_whose_last_step_is_answered_after_a_stop_is_stopped(make: Make, receiver: Receiver) -> None:
    bench, held = make(), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held)]
    with beside(bench.run) as done:
        until(lambda: receiver.requests)
        bench.engage()
        held.set()
    assert (done[0].state, done[0].steps) == ("stopped", ["restart on worker-1: accepted"])


@pytest.mark.parametrize("released", [False, True])
def test_a_stop_ends_the_pause_between_attempts(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, released: bool
) -> None:
    """The pause would last for an hour: only the switch can end it."""
    monkeypatch.setattr(sending, "RETRY_PAUSE_S", 3600.0)
    bench = make(steps=[post(receiver, "restart", attempts=5, idempotent=True)])
    bench.approve()
    receiver.replies = [Reply(503)]
    paused, real = threading.Event(), bench.runner.switches.halted

    def watched(scopes: list[str]) -> str | None:
        if receiver.requests and bench.runner._lock.locked():
            # After a request only whoever pauses asks with the lock held, which is let go of once it waits.
            paused.set()
        return real(scopes)

    monkeypatch.setattr(bench.runner.switches, "halted", watched)
    with beside(bench.run) as done:
        assert paused.wait(60)
        bench.engage()
        if released:
            bench.release()
    assert done[0].state == "stopped"
    [run] = bench.runner.history.runs.values()
    [said] = run.done
    assert said.startswith("restart on worker-1: status 503; not tried again: kill switch global ")
    assert len(receiver.requests) == 1


def test_a_stop_between_attempts_ends_them(samples: SimpleNamespace, make: Make, receiver: Receiver) -> None:
    """The switch moves while a pause is slept through to its end."""
    bench: Bench = make(
        {"sleep": lambda _: bench.engage()}, steps=[post(receiver, "restart", attempts=5, idempotent=True)]
    )
    bench.approve()
    receiver.replies = [Reply(503)]
    assert bench.run().state == "stopped"
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("phase", ["preconditions", "steps"])
def test_a_request_whose_connection_is_being_made_is_not_sent(
    make: Make, receiver: Receiver, phase: str, released: bool
) -> None:
    """Looking up a name takes seconds; the switch is engaged in them."""
    looking, held = threading.Event(), threading.Event()

    def slow(host: str, port: int) -> list[str]:
        looking.set()
        assert held.wait(60)
        return ["127.0.0.1"]

    url = receiver.url.replace("127.0.0.1", "worker.test")
    client = HttpClient(allow_private=True, resolve=slow)
    changes = {"steps": [post(receiver, "restart", url=url)]}
    if phase == "preconditions":
        changes["preconditions"] = [get(receiver, "alive", url=url)]
    bench = make({"client": client}, **changes)
    bench.approve()
    with beside(bench.run) as done:
        assert looking.wait(60)
        bench.engage()
        if released:
            bench.release()
        held.set()
    [run] = bench.runner.history.runs.values()
    assert (done[0].state, run.touched, run.keys) == ("stopped", [], [])
    assert receiver.requests == []


def test_nothing_is_even_connected_to_after_a_stop(samples: SimpleNamespace, receiver: Receiver) -> None:
    class Watched:
        def send(self, request: Request, idempotency_key: str, gate: Gate) -> SendReply:
            raise AssertionError("asked to send")

    book = samples.playbook(steps=[post(receiver, "restart", attempts=3, idempotent=True)])
    [call] = calls_of(book, ["worker-1"], [Values({"host": "worker-1"}, {})])
    sent = sending.send(Watched(), call, "key", lambda: "stopped", lambda _: None)
    assert (sent.was_sent, sent.stopped) == (False, "stopped")


def test_a_run_of_which_nothing_was_sent_may_be_made_again(make: Make, receiver: Receiver) -> None:
    bench, held = make(preconditions=[get(receiver, "alive")]), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held), Reply(200)]
    with beside(bench.run):
        until(lambda: receiver.requests)
        bench.engage()
        held.set()
    bench.release()
    bench.approve()
    assert bench.run().state == "executed"


def test_engaging_does_not_wait_for_a_slow_disk(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk hangs until after the switch was engaged and its effect was seen."""
    bench, held, real = make(), threading.Event(), os.fsync

    def hang(file: int) -> None:
        assert held.wait(60)
        real(file)

    monkeypatch.setattr(os, "fsync", hang)
    with beside(bench.approve):
        until(lambda: bench.runner._scribe._busy)
        bench.engage("team:platform")
        assert "kill switch team:platform is engaged" in bench.plan().sentence
        assert bench.runner.switches.unwritten() == {"team:platform": ""}
        held.set()
    until(lambda: not bench.runner.switches.unwritten())
    assert bench.kinds() == ["switch", "switch", "approval", "switch"]


def test_what_the_disk_refuses_is_engaged_and_written_later(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()

    def refuse(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        # On a slow machine the answer of the disk comes later than that of the switch.
        with suppress(AuditError):
            bench.engage()
        until(lambda: bench.runner.switches.unwritten()["global"])
    assert "No space left" in bench.runner.switches.unwritten()["global"]
    assert "kill switch global is engaged" in bench.plan().sentence
    bench.runner.switches.write_again(bench.now)
    assert bench.runner.switches.unwritten() == {}
    assert [line["data"]["engaged"] for line in bench.lines()] == [True, False, True]


def test_a_release_that_waits_for_the_disk_does_not_undo_a_later_stop(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, held, real = make(), threading.Event(), os.fsync
    bench.engage()
    until(lambda: not bench.runner.switches.unwritten())

    def hang(file: int) -> None:
        assert held.wait(60)
        real(file)

    monkeypatch.setattr(os, "fsync", hang)
    with beside(bench.release):
        until(lambda: bench.runner._scribe._busy)
        bench.engage()
        held.set()
    assert bench.runner.history.switches["global"] is True
    until(lambda: not bench.runner.switches.unwritten())
    assert bench.lines()[-1]["data"]["engaged"] is True


def test_a_release_counts_once_it_is_on_disk(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    bench.engage()
    until(lambda: not bench.runner.switches.unwritten())

    def refuse(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(AuditError):
        bench.release()
    assert bench.runner.history.switches["global"] is True


def test_nothing_is_sent_before_its_intent_is_on_disk(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, real, synced = make(), os.fsync, 0
    bench.approve()
    seen: list[tuple[int, int]] = []

    def count(file: int) -> None:
        nonlocal synced
        real(file)
        synced += 1
        seen.append((len(bench.lines()), len(receiver.requests)))

    monkeypatch.setattr(os, "fsync", count)
    bench.run()
    kinds = bench.kinds()
    # Each line was synced, and the request came after the line of its intent was.
    assert [(kinds[lines - 1], sent) for lines, sent in seen] == [
        ("run", 0),
        ("intent", 0),
        ("outcome", 1),
        ("ended", 1),
    ]


def test_a_disk_that_fails_in_the_middle_of_a_run_ends_it(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of the first step cannot be written down: nobody knows, nothing more is sent, nothing else may."""
    bench, real = make(steps=[post(receiver, "drain"), post(receiver, "restart")]), os.fsync

    def fail(file: int) -> None:
        if receiver.requests:
            raise OSError(5, "Input/output error")
        real(file)

    bench.approve()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(AuditError):
            bench.run()
    [run] = bench.runner.history.runs.values()
    assert (run.state, len(receiver.requests)) == ("unknown", 1)
    assert bench.runner.history.switches[f"playbook:{NAME}"] is True
    bench.trail.close()
    again = make()
    [run] = again.runner.history.runs.values()
    assert (run.state, run.touched) == ("unknown", ["worker-1"])


def test_the_end_of_the_daemon_starts_nothing_more(make: Make, receiver: Receiver) -> None:
    bench, held = make(steps=[post(receiver, "drain"), post(receiver, "restart")]), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held)]
    with beside(bench.run) as done:
        until(lambda: receiver.requests)
        bench.runner.end()
        held.set()
    assert (done[0].state, len(receiver.requests)) == ("stopped", 1)
    [run] = bench.runner.history.runs.values()
    assert run.left == ["restart on worker-1"]


def test_what_outlasts_the_end_of_the_daemon_is_written_down(make: Make, receiver: Receiver) -> None:
    """The answer comes after it was given up: nothing is written any more, as the end of the run was."""
    bench, held = make(steps=[post(receiver, name) for name in ("drain", "restart")]), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held)]
    thread = threading.Thread(target=lambda: failed.append(caught(bench.run)), daemon=True)
    failed: list[str] = []
    thread.start()
    until(lambda: receiver.requests)
    bench.runner.end()
    bench.runner.give_up(bench.now)
    held.set()
    thread.join(60)
    assert failed == ["the daemon ended before an answer arrived: the run is recorded as cut off"]
    assert bench.kinds()[-3:] == ["intent", "ended", "switch"]
    ended = bench.lines()[-2]["data"]
    assert (ended["state"], ended["left"]) == ("unknown", ["restart on worker-1"])
    assert "cut off by the shutdown of the daemon" in ended["why"]
    assert bench.lines()[-1]["data"]["scope"] == f"playbook:{NAME}"
    [run] = bench.runner.history.runs.values()
    assert (run.state, len(receiver.requests)) == ("unknown", 1)


def test_an_outcome_that_is_being_written_is_written_before_a_run_is_given_up(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk hangs at the very line that ends the run: it ended, and is not cut off as well."""
    bench, held, hangs, real = make(), threading.Event(), threading.Event(), os.fsync
    bench.approve()

    def hang(file: int) -> None:
        if bench.kinds()[-1] == "ended":
            hangs.set()
            assert held.wait(60)
        real(file)

    monkeypatch.setattr(os, "fsync", hang)
    monkeypatch.setattr(run_core, "GIVE_UP_WAIT_S", 60.0)
    with beside(bench.run) as done:
        assert hangs.wait(60)
        with beside(lambda: bench.runner.give_up(bench.now)):
            until(lambda: bench.runner._given_up)
            held.set()
    assert done[0].state == "executed"
    assert bench.kinds()[-1] == "ended"
    assert bench.kinds().count("ended") == 1


def caught(work: Callable[[], Any]) -> str:
    try:
        work()
    except AuditError as error:
        return str(error)
    return "no error"


# Only the mutex stands between two runs of these playbooks.
LOOSE = {"cooldown": "0s", "maxRuns": {"count": 9, "per": "1s"}, "maxConcurrent": 9, "minAge": "0s"}


def test_one_active_run_a_target(make: Make, receiver: Receiver) -> None:
    """A second incident on the same target, whose playbook was approved as well, while the first run is under way."""
    bench, held = make(guards=LOOSE), threading.Event()
    bench.approve()
    receiver.replies = [Reply(200, wait=held)]
    with beside(bench.run):
        until(lambda: receiver.requests)
        bench.view = view(incident="i2")
        with pytest.raises(UsageError, match="is active on the target"):
            bench.approve()
        assert "is active on the target" in bench.run().sentence
        held.set()
    assert len(receiver.requests) == 1


def test_two_runs_that_begin_together_touch_a_target_once(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asks its guards and takes its targets in one step, or both would find the target free."""
    bench, both = make(guards=LOOSE), threading.Barrier(2)
    views = [view(incident="i1"), view(incident="i2")]
    for one in views:
        bench.runner.approve(one, NAME, bench.world(), "ann", TEAM)
    real = guards.evaluate

    def together(case: Case) -> list[GuardCheck]:
        checks = real(case)
        with suppress(threading.BrokenBarrierError):
            # Nobody comes while the other one holds the lock; without it both are here.
            both.wait(0.2)
        return checks

    monkeypatch.setattr(runs, "evaluate", together)
    with beside(lambda: bench.runner.run(views[0], NAME, bench.world(), "ann")):
        bench.runner.run(views[1], NAME, bench.world(), "ann")
    assert len(receiver.requests) == 1
