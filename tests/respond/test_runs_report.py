"""The report of runs counts what the trail holds, and states what it assumes."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.cli.runs_report import show_report
from aiops.cli.terminal import console_for
from aiops.respond import history as history_module
from aiops.respond.audit import Entry
from aiops.respond.history import History
from aiops.respond.runs_report import runs_report
from aiops.score.least_rate import lower

AT = 1_700_000_000.0


class TrailOf:
    """A history from lines as the runner writes them."""

    def __init__(self) -> None:
        self.history, self._count = History(), 0

    def line(self, kind: str, at: float, **data: Any) -> None:
        self.history.apply(Entry(self._count, AT + at, kind, data, ""))
        self._count += 1

    def run(
        self, name: str, at: float, state: str, took: float = 300.0, target: str = "cart", by: str = "engine"
    ) -> None:
        base: dict[str, Any] = {"run": name, "playbook": "restart", "version": "1.0.0", "incident": f"inc-{name}"}
        self.line("run", at, **base, targets=[target], plan=f"p-{name}", actor="aiops", by=by, body="b", requests=[])
        request = {"name": "restart"}
        self.line("intent", at, run=name, key=f"k-{name}", place="step 0", target=target, request=request)
        self.line("ended", at + took, run=name, state=state, why="")


def test_an_empty_trail_has_an_empty_report() -> None:
    report = runs_report(History())
    assert (report.total.runs, report.playbooks, report.decisions, report.minutes) == (0, [], {}, 0.0)
    assert (report.total.low, report.total.high, report.total.verify_s) == (0.0, 1.0, None)


def test_runs_are_counted_by_playbook_with_the_bound_of_their_rate() -> None:
    trail = TrailOf()
    for number in range(3):
        trail.run(f"r{number}", 10_000.0 * number, "verified", took=60.0 * (number + 1))
    trail.run("r3", 40_000.0, "failed")
    trail.run("r4", 50_000.0, "stopped", by="person")
    [group] = runs_report(trail.history).playbooks
    assert (group.playbook, group.runs, group.alone, group.judged, group.verified) == ("restart", 5, 4, 4, 3)
    # Wilson's interval of 3 of 4.
    assert (round(group.low, 2), round(group.high, 2)) == (0.3, 0.95)
    assert group.verify_s == 120.0


def test_a_condition_that_came_back_within_the_hour_counts() -> None:
    trail = TrailOf()
    trail.run("a", 0.0, "verified")
    trail.run("b", 300.0 + 3_599.0, "verified")
    trail.run("c", 20_000.0, "verified")
    trail.run("d", 20_400.0, "verified", target="other")
    assert runs_report(trail.history).total.recurred == 1


def test_minutes_saved_are_those_of_verified_runs_without_a_person() -> None:
    trail = TrailOf()
    trail.run("a", 0.0, "verified")
    trail.run("b", 10_000.0, "verified", by="person")
    trail.run("c", 20_000.0, "failed")
    report = runs_report(trail.history, 20.0)
    assert (report.minutes, report.minutes_each) == (20.0, 20.0)


def test_runs_in_shadow_that_were_not_needed_are_false_fires() -> None:
    trail = TrailOf()
    for name, state in (("s1", "cleared"), ("s2", "persisted"), ("s3", "unjudged")):
        base = {"run": name, "playbook": "restart", "version": "1.0.0", "body": "b", "incident": name}
        trail.line("shadow", 0.0, **base, targets=["cart"], plan=name)
        trail.line("shadow-ended", 900.0, run=name, playbook="restart", incident=name, state=state, helped=None)
    report = runs_report(trail.history)
    assert (report.shadow_judged, report.false_fires) == (2, 1)
    assert (report.decisions, report.shadow_decisions) == ({}, {"would_run": 3})


@pytest.mark.parametrize(("number", "least"), [(9, None), (10, lower(9, 1))])
def test_reviewed_decisions_are_counted_with_those_that_nobody_reviewed(number: int, least: float | None) -> None:
    trail = TrailOf()
    for place in range(number):
        base = {"playbook": "restart", "incident": f"inc-{place}", "targets": ["cart"]}
        trail.line("trial", 0.0, **base, body="b", trial=True)
        trail.line("reviewed", 900.0, **base, right=place > 0, answer="cart")
    trail.line("trial", 0.0, playbook="restart", incident="inc-x", targets=["cart"], body="b", trial=True)
    report = runs_report(trail.history)
    assert (report.trials, report.reviewed, report.right) == (number + 1, number, number - 1)
    assert report.least_right == least
    console = console_for()
    with console.capture() as shown:
        show_report(console, report)
    text = " ".join(shown.get().split())
    assert f"of {number} were right" in text.replace(f"{number - 1} of", "of")
    assert ("at least" in text) is (least is not None)


def decided(trail: TrailOf, code: str, incident: str = "inc-1", by: str = "engine") -> None:
    base: dict[str, Any] = {"playbook": "restart", "incident": incident, "targets": ["cart"], "reason": "x"}
    trail.line("decided", 0.0, **base, code=code, by=by)


def test_a_decision_that_comes_back_is_one() -> None:
    trail = TrailOf()
    for _ in range(9):
        decided(trail, "storm_rate")
        decided(trail, "person_at_work")
    decided(trail, "storm_rate", "inc-2")
    trail.line("refused", 0.0, playbook="restart", incident="inc-2", code="storm_rate", guard="storm", reason="x")
    trail.run("a", 0.0, "verified")
    trail.run("b", 10_000.0, "verified")
    assert runs_report(trail.history).decisions == {"storm_rate": 2, "started": 2, "person_at_work": 1}


def test_decisions_of_shadow_mode_are_counted_apart() -> None:
    trail = TrailOf()
    decided(trail, "storm_rate", by="shadow")
    decided(trail, "storm_rate")
    report = runs_report(trail.history)
    assert (report.decisions, report.shadow_decisions) == ({"storm_rate": 1}, {"storm_rate": 1})


def test_the_memory_of_counted_decisions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MAX_COUNTED", 3)
    trail = TrailOf()
    for number in range(9):
        decided(trail, "storm_rate", f"inc-{number}")
    assert (len(trail.history.counted), runs_report(trail.history).decisions) == (3, {"storm_rate": 9})
