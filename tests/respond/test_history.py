"""The state of runs as the lines of the trail make it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from aiops.respond import history as history_module
from aiops.respond.audit import Entry
from aiops.respond.history import GLOBAL, WAITING, History, Run

AT = 1_700_000_000.0


class Story:
    """A history to which entries are told by kind."""

    def __init__(self) -> None:
        self.history, self.seq = History(), 0

    def tell(self, kind: str, at: float = AT, **data: Any) -> None:
        self.history.apply(Entry(self.seq, at, kind, data, ""))
        self.seq += 1

    def begin(self, run: str = "r1", targets: tuple[str, ...] = ("a",), steps: tuple[str, ...] = ("restart",)) -> Run:
        requests = [request(name, target) for target in targets for name in steps]
        requests += [request("undo", target, "rollback") for target in targets]
        more: dict[str, Any] = {"playbook": "p", "version": "1.0.0", "incident": "i", "plan": f"plan-{run}"}
        self.tell("run", run=run, targets=list(targets), actor="ann", requests=requests, **more)
        return self.history.runs[run]

    def intend(self, name: str, target: str = "a", run: str = "r1", place: str = "step 0", key: str = "") -> None:
        key = key or f"{place} {name} {target}"
        self.tell("intent", run=run, key=key, place=place, target=target, request=request(name, target))

    def answer(
        self, name: str, target: str = "a", problem: str | None = None, place: str = "step 0", **more: Any
    ) -> None:
        self.tell(
            "outcome", run="r1", key=f"{place} {name} {target}", target=target, place=place, problem=problem, **more
        )


def request(name: str, target: str, phase: str = "step") -> dict[str, Any]:
    place = f"{phase} 0"
    return {"method": "POST", "url": "https://x", "phase": phase, "place": place, "name": name, "target": target}


@pytest.fixture
def story() -> Story:
    return Story()


def test_new_history_has_the_global_switch_engaged(story: Story) -> None:
    assert story.history.engaged([GLOBAL]) == GLOBAL
    assert story.history.engaged(["team:a", "playbook:p"]) is None


def test_switches_are_as_the_last_line_says(story: Story) -> None:
    story.tell("switch", scope=GLOBAL, engaged=False)
    story.tell("switch", scope="team:a", engaged=True)
    assert story.history.engaged(["team:a", GLOBAL]) == "team:a"
    story.tell("switch", scope="team:a", engaged=False)
    assert story.history.engaged(["team:a", GLOBAL]) is None


def test_approvals_last_until_the_plan_runs(story: Story) -> None:
    for actor in ("ann", "bob"):
        story.tell("approval", plan="plan-r1", actor=actor, playbook="p", incident="i")
    assert [one.actor for one in story.history.approvals["plan-r1"]] == ["ann", "bob"]
    assert story.history.plans == {"plan-r1": ("p", "i")}
    story.begin()
    assert (story.history.approvals, story.history.plans) == ({}, {})


def test_approvals_last_until_they_expire(story: Story) -> None:
    story.tell("approval", plan="x", actor="ann", playbook="p", incident="i")
    story.tell("expired", plan="x", playbook="p", incident="i")
    assert (story.history.approvals, story.history.plans) == ({}, {})
    story.tell("expired", plan="never approved", playbook="p", incident="i")


def test_rejection_ends_the_approvals_of_its_playbook_and_incident(story: Story) -> None:
    for plan, book, incident in (("a", "p", "i"), ("b", "p", "other"), ("c", "q", "i")):
        story.tell("approval", plan=plan, actor="ann", playbook=book, incident=incident)
    story.tell("rejected", incident="i", playbook="p", actor="bob", reason="no")
    assert sorted(story.history.approvals) == ["b", "c"]
    assert sorted(story.history.plans) == ["b", "c"]


def test_run_begins_with_all_its_steps_left(story: Story) -> None:
    run = story.begin(targets=("a", "b"), steps=("drain", "restart"))
    assert run.left == ["drain on a", "restart on a", "drain on b", "restart on b"]
    assert (run.state, run.is_active, run.touched, run.actor) == ("running", True, [], "ann")
    assert [call.phase for call in story.history.calls["r1"]].count("rollback") == 2
    assert story.history.begun == 1


def test_run_that_is_told_twice_is_one(story: Story) -> None:
    """The runner takes the targets before the line is on disk; the line then says what is known."""
    first = story.begin()
    assert story.begin() is first
    assert story.history.begun == 1


def test_intent_touches_the_target_and_takes_the_step_from_what_is_left(story: Story) -> None:
    run = story.begin(targets=("a", "b"))
    story.intend("restart", "a")
    assert (run.touched, run.left, run.keys) == (["a"], ["restart on b"], ["step 0 restart a"])


def test_two_steps_of_one_name_are_left_one_by_one(story: Story) -> None:
    run = story.begin(steps=("restart", "restart"))
    story.intend("restart", key="first")
    assert run.left == ["restart on a"]
    story.intend("restart", place="step 1", key="second")
    assert run.left == []


def test_rollback_request_touches_nothing_new(story: Story) -> None:
    run = story.begin()
    story.intend("undo", place="rollback 0")
    assert (run.touched, run.left) == ([], ["restart on a"])


def test_request_that_was_not_sent_touched_nothing(story: Story) -> None:
    run = story.begin()
    story.intend("restart")
    story.answer("restart", problem="not sent: stopped", sent=False, first=True)
    assert (run.touched, run.keys) == ([], [])


def test_second_request_that_was_not_sent_leaves_the_target_touched(story: Story) -> None:
    run = story.begin(steps=("drain", "restart"))
    story.intend("drain")
    story.answer("drain", sent=True, first=True)
    story.intend("restart")
    story.answer("restart", problem="not sent: stopped", sent=False, first=False)
    assert (run.touched, run.keys) == (["a"], ["step 0 drain a"])


@pytest.mark.parametrize(("problem", "rolled"), [(None, True), ("status 500", False)])
def test_rollback_request_counts_once_it_was_accepted(story: Story, problem: str | None, rolled: bool) -> None:
    story.begin()
    story.intend("undo", place="rollback 0")
    story.answer("undo", problem=problem, place="rollback 0", sent=True)
    assert bool(story.history.rolled) == rolled


@pytest.mark.parametrize("kind", ["intent", "outcome", "ended", "rollback"])
def test_lines_of_a_run_that_is_not_known_change_nothing(story: Story, kind: str) -> None:
    """The run itself was so long ago that it was forgotten."""
    data: dict[str, Any] = {
        "run": "gone",
        "key": "k",
        "place": "step 0",
        "target": "a",
        "state": "failed",
        "why": "",
        "request": {},
    }
    story.tell(kind, **data, problem=None)
    assert structs.replace(story.history, high_water=0.0, entries=0) == History()


def test_end_says_state_reason_and_what_was_done(story: Story) -> None:
    run = story.begin()
    story.tell("ended", AT + 9, run="r1", state="failed", why="status 500", done=["x"], left=["y"], rollback="waiting")
    assert (run.state, run.ended_at, run.why, run.done, run.left) == ("failed", AT + 9, "status 500", ["x"], ["y"])
    assert run.is_active
    assert "r1" in story.history.calls, "the rollback may still be sent"


@pytest.mark.parametrize(
    ("state", "rollback", "keeps"),
    [
        ("verified", "", False),
        ("refused", "", False),
        ("executed", "", True),
        ("failed", "", False),
        ("failed", "waiting", True),
        ("stopped", "waiting", True),
        ("unknown", "waiting", True),
    ],
)
def test_requests_are_kept_while_they_may_be_sent(story: Story, state: str, rollback: str, keeps: bool) -> None:
    story.begin()
    story.tell("ended", run="r1", state=state, why="", rollback=rollback)
    assert ("r1" in story.history.calls) == keeps


@pytest.mark.parametrize(
    ("state", "active"),
    [("running", True), ("done", False), ("failed", True), ("waiting", True), ("unknown", True), ("closed", False)],
)
def test_rollback_holds_the_targets_until_it_is_over(story: Story, state: str, active: bool) -> None:
    run = story.begin()
    story.tell("ended", run="r1", state="failed", why="first", done=["x"], rollback="waiting")
    story.tell("rollback", run="r1", state=state, why="", done=["undo on a: accepted"], left=[])
    assert (run.rollback, run.is_active, run.why) == (state, active, "first")
    assert run.done == ["x", "undo on a: accepted"]
    assert (state in WAITING) == (active and state != "running")


def test_active_runs_on_a_target_are_found(story: Story) -> None:
    first, second = story.begin("r1", ("a", "b")), story.begin("r2", ("b", "c"))
    other = story.begin("r3", ("d",))
    assert story.history.on_targets_of(first) == [second]
    assert story.history.on_targets_of(other) == []
    story.tell("ended", run="r2", state="verified", why="")
    assert story.history.on_targets_of(first) == []
    assert story.history.active() == [first, other]


def test_runs_of_a_playbook_leave_out_those_that_touched_nothing(story: Story) -> None:
    story.begin("r1")
    story.tell("ended", run="r1", state="refused", why="")
    touched = story.begin("r2")
    story.intend("restart", run="r2")
    assert story.history.of_playbook("p") == [touched]
    assert story.history.of_playbook("q") == []


def test_memory_is_bounded_and_active_runs_stay(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MAX_RUNS", 3)
    story.begin("active", ("z",))
    for number in range(5):
        story.begin(f"r{number}")
        story.tell("ended", run=f"r{number}", state="verified", why="")
    assert list(story.history.runs) == ["active", "r3", "r4"]
    assert list(story.history.calls) == ["active"]
    assert story.history.begun == 6


def test_cut_engages_switches_and_keeps_the_latest_time(story: Story) -> None:
    story.tell("switch", scope=GLOBAL, engaged=False)
    story.tell("cut", AT, problem="2 lines are missing", until=AT - 50, engaged=[GLOBAL, "team:a"])
    assert story.history.engaged([GLOBAL]) == GLOBAL
    assert story.history.engaged(["team:a"]) == "team:a"
    gap = story.history.gap
    assert gap is not None
    assert (gap.problem, gap.until, gap.accepted) == ("2 lines are missing", AT - 50, False)
    story.tell("accepted")
    assert gap.accepted
    story.tell("cut", AT + 10, problem="again", until=AT - 90, engaged=[])
    assert story.history.gap is not None
    assert (story.history.gap.until, story.history.gap.accepted) == (AT - 50, False)


def test_cut_of_unknown_time_reaches_to_the_line_that_tells_it(story: Story) -> None:
    story.tell("cut", AT, problem="x", until=None, engaged=[])
    assert story.history.gap is not None
    assert story.history.gap.until == AT


def test_accepting_a_whole_trail_changes_nothing(story: Story) -> None:
    story.tell("accepted")
    assert structs.replace(story.history, high_water=0.0, entries=0) == History()


def test_what_people_must_hear_waits_until_they_were_notified(story: Story) -> None:
    story.tell("refused", incident="i", say="it was not run")
    story.tell("refused", incident="i", say="")
    story.tell("unknown kind", say="still said")
    assert {seq: (one.incident, one.text) for seq, one in story.history.pending_notices.items()} == {
        0: ("i", "it was not run"),
        2: ("", "still said"),
    }
    story.tell("said", entry=0)
    story.tell("said", entry=77)
    assert list(story.history.pending_notices) == [2]


def test_the_last_move_of_a_switch_is_kept_with_its_reason() -> None:
    story = Story()
    story.tell("switch", scope=GLOBAL, engaged=False, actor="alice", reason="drill is over")
    story.tell("switch", at=AT + 5, scope=GLOBAL, engaged=True, actor="bob", reason="wrong target")
    moved = story.history.moved[GLOBAL]
    assert (moved.engaged, moved.at, moved.actor, moved.reason) == (True, AT + 5, "bob", "wrong target")


def test_refusals_are_kept_and_bounded() -> None:
    story = Story()
    for number in range(history_module.MAX_REFUSALS + 1):
        story.tell("refused", playbook="p", incident=f"i{number}", guard="age", reason="too young", actor="alice")
    assert len(story.history.refusals) == history_module.MAX_REFUSALS
    assert story.history.refusals[0].incident == "i1"


@pytest.mark.parametrize(
    ("by", "state", "mode"),
    [
        ("engine", "failed", "approve"),
        ("engine", "unknown", "approve"),
        ("engine", "verified", None),
        ("person", "failed", None),
    ],
)
def test_a_run_without_a_person_that_fails_takes_its_promotion_back(
    story: Story, by: str, state: str, mode: str | None
) -> None:
    more: dict[str, Any] = {"playbook": "p", "version": "1.0.0", "incident": "i", "plan": "x", "by": by, "body": "b"}
    story.tell("run", run="r", targets=["a"], **more)
    story.tell("ended", run="r", state=state, why="")
    found = story.history.levels.get("p")
    assert (found.mode if found is not None else None) == mode
