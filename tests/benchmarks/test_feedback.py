"""The benchmark of feedback: an operator, a time split, and what is measured of the later half."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aiops.compile import is_compiled
from aiops.engine.config import EngineConfig
from aiops.engine.correlate.lesson import new_lesson
from aiops.engine.correlate.lessons import MOST_AGAINST, Lessons
from aiops.records import Alert, Truth
from aiops.topology import Topology
from benchmarks.accuracy.feedback import arms_of, left_out, lost, main
from benchmarks.accuracy.feedback_operator import Operator
from benchmarks.accuracy.feedback_rows import ROWS, stream_of, system_of
from benchmarks.accuracy.feedback_run import Task, found, literal, mean, outcome, starts_of

T = 1_772_400_000.0


def alerts() -> list[Alert]:
    """Eight nights on each of which two unrelated faults come 40 s apart."""
    return [
        Alert(
            ts=T + night * 86_400.0 + after,
            name=name,
            id=f"{name}-{night}",
            service=service,
            entity=service,
            severity="critical",
            truth=Truth(incident=f"{name}-{night}"),
        )
        for night in range(8)
        for after, name, service in ((0.0, "Errors", "shop"), (40.0, "BackupFailed", "vault"))
    ]


def test_corrections_of_the_first_half_change_the_second() -> None:
    task = Task("", Path(), 0, 50)
    empty = Topology.build([], [])
    before = outcome(alerts(), empty, EngineConfig(), task._replace(budget=0))
    after = outcome(alerts(), empty, EngineConfig(), task)
    assert (before.corrections, before.merged) == (0, 0.5)
    assert 2 < after.splits <= 5
    assert after.merged < before.merged
    assert after.foreign < before.foreign
    wrong = outcome(alerts(), empty, EngineConfig(), task._replace(errs=1.0))
    assert wrong.corrections > 0


def test_only_faults_that_begin_later_are_measured() -> None:
    labels = {one.id: one.truth.incident if one.truth else None for one in alerts()}
    starts = starts_of(alerts(), labels)
    assert starts["Errors-3"] == T + 3 * 86_400.0
    figures = found([("a", 1), ("a", 1), ("a", 2), ("b", 2)], Operator({}, 0))
    assert (figures.pieces, figures.merged) == (2.0, 0.5)
    assert mean([figures, figures]) == figures


@pytest.mark.parametrize("row", [row.name for row in ROWS if not row.file])
def test_simulated_rows_have_enough_faults(row: str) -> None:
    stream = stream_of(row, Path(), 0)
    assert system_of(row)
    assert len({item.incident for item in stream.items}) >= 12


def line(row: str, budget: int, f1: float) -> dict[str, Any]:
    return {"row": row, "budget": budget, "errs": 0.0, "rule": "lessons", "f1": f1}


def test_settings_by_which_another_system_loses_are_not_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    bold = [line("micross", 0, 0.9), line("micross", 9, 0.8), line("site 1", 0, 0.5), line("site 1", 9, 0.9)]
    shy = [line("micross", 0, 0.9), line("micross", 9, 0.9), line("site 1", 0, 0.5), line("site 1", 9, 0.6)]
    assert lost(bold) == pytest.approx(0.1)
    assert lost(shy) == 0.0
    chosen = left_out([{"SURE": "0"}, {"SURE": "1"}], [bold, shy])
    # Each takes what is best for the other one: the sites alone show nothing of what micross loses.
    assert [each["f1"] for each in chosen] == [0.9, 0.8, 0.5, 0.6]
    assert "micross: {'SURE': '0'}" in capsys.readouterr().out


@pytest.mark.skipif(is_compiled(), reason="methods of compiled modules cannot be changed")
def test_the_naive_rule_does_what_was_last_said_of_two_streams() -> None:
    cart, web, other = ("Errors", "cart"), ("Latency", "web"), ("Latency", "mail")
    found = Lessons()
    for number, verb in enumerate(("split", "split", "merge")):
        lesson = new_lesson(str(number), verb, T, "alice", f"inc-{number}")
        lesson.left, lesson.right = [cart], [web]
        found.add(lesson)
    row = found.row(cart, T)
    assert row is not None
    with literal():
        assert (found.weigh(row, cart, web), found.weigh(row, cart, other)) == (MOST_AGAINST, 0.0)
    assert found.nats(cart, other, int(T / 86_400)) < 0.0


def run(words: Sequence[str]) -> int:
    return main([*words, "--jobs", "1"])


def test_the_command_prints_a_line_for_each_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert arms_of("0,5", errs=False) == [(0, 0.0, "lessons"), (5, 0.0, "lessons")]
    with pytest.raises(SystemExit):
        run(["--budgets", "many"])
    assert run(["--rows", "no such row"]) == 0
    assert "pieces" in capsys.readouterr().out
