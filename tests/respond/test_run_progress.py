"""Every planned step is done, unknown or not begun, wherever a crash or an error ends the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aiops.respond.history import Run
from aiops.respond.run_progress import NO_ANSWER, NOT_FOLLOWED, steps_text
from aiops.step_kinds.exchange import Reply, Request
from tests.respond.bench import Bench, post
from tests.respond.test_history import Story, request

STEPS = ("drain on worker-1", "restart on worker-1", "undrain on worker-1")
Make = Callable[..., Bench]


class Answers:
    """A transport that answers by a script and keeps what arrived; an exception is raised after the arrival."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies, self.arrived = list(replies), list[str]()

    def send(self, request: Request, idempotency_key: str, gate: Callable[[], bool]) -> Reply:
        """See `Transport.send`."""
        if not gate():
            return Reply(error="not sent", sent=False)
        self.arrived.append(request.url.rsplit("/", 1)[-1])
        reply = self.replies.pop(0) if self.replies else Reply(200)
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def make(samples: SimpleNamespace, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(name: str = "audit.jsonl", **changes: Any) -> Bench:
        steps = [post(SimpleNamespace(url="https://ops.example"), one) for one in ("drain", "restart", "undrain")]  # type: ignore[arg-type]
        back = [post(SimpleNamespace(url="https://ops.example"), "undo")]  # type: ignore[arg-type]
        playbook = samples.playbook(**{"steps": steps, "rollback": back, **changes})
        made.append(Bench(samples, tmp_path / name, playbook))
        return made[-1]

    yield bench
    for one in made:
        one.close()


def only(bench: Bench) -> Run:
    [run] = bench.runner.history.runs.values()
    return run


def names(texts: list[str]) -> list[str]:
    return [text.split(": ")[0] for text in texts]


@pytest.mark.parametrize("replies", [(), (Reply(200), Reply(500)), (Reply(200), Reply(error="timed out"))])
def test_crash_at_any_line_leaves_a_true_record(make: Make, tmp_path: Path, replies: tuple[Reply, ...]) -> None:
    bench = make()
    bench.runner._transport = Answers(*replies)
    bench.release()
    bench.approve()
    bench.run()
    bench.trail.close()
    lines = bench.path.read_bytes().splitlines(keepends=True)
    for count in range(bench.kinds().index("run") + 1, len(lines)):
        (tmp_path / f"{count}.jsonl").write_bytes(b"".join(lines[:count]))
        seen = [entry["data"] | {"kind": entry["kind"]} for entry in bench.lines()[:count]]
        sent = [one["place"] for one in seen if one["kind"] == "intent" and one["place"].startswith("step")]
        answers = [one for one in seen if one["kind"] == "outcome" and one["place"].startswith("step")]
        after = make(f"{count}.jsonl")
        run, says = only(after), [one.text for one in after.runner.history.pending_notices.values()]
        known = [name for name in names(run.done) if name in STEPS]
        stated = [name for name in (*known, *names(run.unknown), *run.left) if name in STEPS]
        assert sorted(stated) == sorted(STEPS), "each once"
        assert [name for name in run.left if name in STEPS] == list(STEPS[len(sent) :]), "certainly not begun"
        assert known == list(STEPS[: len([one for one in answers if one["status"]])]), "certainly answered"
        if run.state == "unknown":
            assert all(step in says[-1] for step in (*run.unknown, *run.done)), "people are notified of it"


def test_error_after_an_accepted_step_leaves_a_true_record(make: Make) -> None:
    bench = make()
    bench.runner._transport = Answers(Reply(200), RuntimeError("the transport broke"))
    bench.release()
    bench.approve()
    with pytest.raises(RuntimeError):
        bench.run()
    run = only(bench)
    assert run.state == "unknown"
    assert run.done == ["drain on worker-1: accepted"]
    assert run.unknown == [f"restart on worker-1: {NO_ANSWER}"]
    assert run.left == ["undrain on worker-1"]
    [said] = [one.text for one in bench.runner.history.pending_notices.values()]
    assert f"unknown: restart on worker-1: {NO_ANSWER}; done: drain on worker-1: accepted; not begun: undrain" in said
    bench.trail.close()
    again = only(make())
    assert (again.done, again.unknown, again.left) == (run.done, run.unknown, run.left), "as it was before the restart"


def test_error_during_a_rollback_leaves_a_true_record(make: Make) -> None:
    bench = make()
    bench.runner._transport = Answers(Reply(200), Reply(500), RuntimeError("the transport broke"))
    bench.release()
    bench.approve()
    with pytest.raises(RuntimeError):
        bench.run()
    run = only(bench)
    assert run.done == ["drain on worker-1: accepted", "restart on worker-1: status 500"]
    assert run.unknown == [f"rollback undo on worker-1: {NO_ANSWER}"]
    assert run.left == ["undrain on worker-1"]
    assert (run.state, run.rollback) == ("unknown", "waiting")


def test_steps_that_were_not_begun_remain_so_after_a_rollback(make: Make) -> None:
    bench = make()
    bench.runner._transport = Answers(Reply(200), Reply(500))
    bench.release()
    bench.approve()
    bench.run()
    run = only(bench)
    assert run.rollback == "done"
    assert run.done[-1] == "rollback undo on worker-1: accepted"
    assert len(run.done) == 3, "each once"
    assert (run.unknown, run.left) == ([], ["undrain on worker-1"])


def begin(story: Story, **more: Any) -> Run:
    run = story.begin(steps=("restart", "undrain"))
    asked = request("restart", "a") | more
    story.tell("intent", run="r1", key="k", place="step 0", target="a", request=asked)
    return run


def test_accepted_step_that_is_followed_is_unknown_until_its_system_says_so(story: Story) -> None:
    run = begin(story, poll={"request": {}})
    story.tell("outcome", run="r1", key="k", target="a", place="step 0", problem=None, status=201, sent=True)
    assert (run.done, run.unknown) == ([], [f"restart on a: {NOT_FOLLOWED}"])
    story.tell("asked", run="r1", key="k", place="step 0", target="a", problem=None, count=2)
    assert (run.done, run.unknown) == (["restart on a: done"], [])


def test_step_that_was_not_followed_to_its_end_stays_unknown(story: Story) -> None:
    run = begin(story, poll={"request": {}})
    story.tell("outcome", run="r1", key="k", target="a", place="step 0", problem=None, status=201, sent=True)
    story.tell("asked", run="r1", key="k", place="step 0", target="a", problem="not done within 9 s", unsure=True)
    assert (run.done, run.unknown) == ([], ["restart on a: not done within 9 s"])


def test_step_that_was_not_sent_is_not_begun(story: Story) -> None:
    run = begin(story)
    story.tell("outcome", run="r1", key="k", target="a", place="step 0", problem="not sent", status=0, sent=False)
    assert (run.done, run.unknown, run.left) == ([], [], ["restart on a", "undrain on a"])


def test_end_of_an_earlier_release_keeps_what_the_answers_show(story: Story) -> None:
    run = begin(story)
    story.tell("ended", run="r1", state="unknown", why="cut off by a crash", done=[], left=[])
    assert run.unknown == [f"restart on a: {NO_ANSWER}"]


def test_notice_names_three_steps_of_each_kind() -> None:
    run = Run("r", "p", "1", "i", ["a"], 0.0, left=["one", "two", "three", "four", "five"], unknown=["x" * 999])
    assert steps_text(run) == f"unknown: {'x' * 200}; not begun: one, two, three and 2 more steps"


@pytest.fixture
def story() -> Story:
    return Story()
