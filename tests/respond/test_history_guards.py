"""What ran before: an incident with a run, a condition that comes back, and steps of the clock."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.respond.audit import Entry
from aiops.respond.history import Run
from tests.respond.alone import AT, NAME, Alone, lowered, ran


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    return Alone(samples)


@pytest.mark.parametrize(
    ("ends_ago_s", "opened_ago_s", "refused"),
    [
        ([9000, 7000], 4000, True),  # each was followed by the condition within the hour
        ([9000, 7000], 3300, False),  # the last one held for more than an hour
        ([20_000, 7000], 4000, False),  # one in a row is no chain
        ([7000], 4000, False),
        ([3000, 1500], 20_000, True),  # in one incident that stayed open
    ],
)
def test_what_worked_and_came_back_needs_a_person(
    alone: Alone, ends_ago_s: list[float], opened_ago_s: float, refused: bool
) -> None:
    for number, ago_s in enumerate(ends_ago_s):
        ran(alone.history, alone.book, f"r{number}", "verified", ago_s)
    alone.situation.opened_at = AT - opened_ago_s
    codes = [code for code in alone.codes() if code != "rate_limit"]
    assert codes == (["ineffective_chain"] if refused else [])
    alone.by = "person"
    assert "ineffective_chain" not in alone.codes()


def test_a_failure_ends_the_chain_and_the_limit_is_the_operators(alone: Alone) -> None:
    ran(alone.history, alone.book, "r0", "verified", 9000)
    ran(alone.history, alone.book, "r1", "failed", 8000)
    ran(alone.history, alone.book, "r2", "verified", 7000)
    alone.situation.opened_at = AT - 5000
    assert alone.codes() == ["unproven"]
    lowered(alone, max_recurrences=1, min_success=0.5)
    assert alone.codes() == ["ineffective_chain"]


@pytest.mark.parametrize(("state", "is_busy"), [("executed", True), ("verified", False), ("running", True)])
def test_one_run_an_incident_at_a_time(alone: Alone, state: str, is_busy: bool) -> None:
    """Another playbook on another target, for the same incident."""
    run = Run("x", "other", "1.0.0", "i1", ["db-1"], AT - 60, touched=["db-1"])
    run.state = state  # type: ignore[assignment]
    alone.history.runs["x"] = run
    assert alone.codes() == (["incident_busy"] if is_busy else [])


def test_shadows_count_for_shadows_alone(alone: Alone) -> None:
    data = {"run": "s", "playbook": NAME, "version": "1.0.0", "incident": "i0", "targets": ["worker-1"], "plan": "p"}
    alone.history.apply(Entry(0, AT - 60, "shadow", {**data, "body": "b"}, ""))
    assert alone.codes() == []
    alone.by = "shadow"
    assert alone.codes() == ["cooldown"]


@pytest.mark.parametrize("step_s", [86_400.0, -86_400.0])
def test_no_step_of_the_clock_ends_a_cooldown_or_a_rate(alone: Alone, step_s: float) -> None:
    alone.history.runs.clear()
    alone.by = "person"
    for number, ago_s in enumerate((500.0, 400.0)):
        ran(alone.history, alone.book, f"r{number}", "verified", ago_s)
    wanted = ["cooldown", "approval_missing", "rate_limit"]
    assert alone.codes() == wanted
    alone.world.now += step_s
    alone.situation.opened_at += step_s
    alone.history.apply(Entry(0, alone.world.now, "clock", {"step_s": step_s}, ""))
    assert alone.codes() == wanted
    alone.world.now += 3600
    assert alone.codes() == ["approval_missing"]


@pytest.mark.parametrize(
    ("by", "state", "ago_s", "code"),
    [
        ("engine", "refused", 599.0, ["refused_lately"]),
        ("engine", "refused", 601.0, []),
        ("engine", "stopped", 599.0, []),
        ("person", "refused", 599.0, []),
    ],
)
def test_what_a_run_refused_is_not_begun_again_at_once(
    alone: Alone, by: str, state: str, ago_s: float, code: list[str]
) -> None:
    run = ran(alone.history, alone.book, "r-9", state, ago_s)
    run.incident, run.touched = "i1", []
    alone.by = by  # type: ignore[assignment]
    assert [one for one in alone.codes() if one != "approval_missing"] == code
    run.incident = "i2"
    assert "refused_lately" not in alone.codes()
