"""The report of a shadow replay states its sums, its assumption, and an example for each refusal."""

from __future__ import annotations

import pytest

from aiops.backtest.remediation import RefusedRun, RemediationReport, WouldRun
from aiops.cli.remediation_view import MAX_ROWS, show_remediation
from aiops.cli.terminal import console_for
from aiops.respond.trials import Record


def shown(report: RemediationReport, capsys: pytest.CaptureFixture[str]) -> str:
    show_remediation(console_for(), report)
    return " ".join(capsys.readouterr().out.split())


def run(number: int, state: str = "persisted", is_right: bool | None = None) -> WouldRun:
    return WouldRun(
        1_700_000_000.0 + number, f"inc-{number}", "restart", ["cart"], ["restart on cart"], state, is_right
    )


def test_runs_are_judged_by_their_condition_and_by_labels(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [run(0, "cleared", True), run(1, "persisted", False), run(2, "unjudged")]
    text = shown(RemediationReport(5, 4, runs), capsys)
    assert "5 incidents, 4 with a playbook that can run, 3 with a run. Nothing was sent." in text
    assert "1 of 2 judged conditions cleared without the run." in text
    assert "By labels 1 of 2 runs would have touched" in text
    assert "WRONG" in text
    assert "Assumed" not in text


def test_nothing_cleared_alone_where_a_run_acted_or_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [run(0, "acted_on"), run(1, "unknown"), run(2, "cleared")]
    text = shown(RemediationReport(3, 3, runs, is_live=True), capsys)
    assert "1 of 1 judged condition cleared without the run. Runs of the daemon acted on 1 incident of these." in text
    assert "acted on by a run" in text
    assert "cleared; unknown by what" in text
    assert "No audit trail can be read beside this journal" in text
    assert "alone" not in text
    assert "No audit trail" not in shown(RemediationReport(3, 3, runs, is_live=True, trail="x"), capsys)


def test_each_code_has_a_count_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    refused = [RefusedRun(0.0, "inc-1", "restart", ["cart"], "cooldown", "run r1 touched the target 20 s ago\x1b[2J")]
    text = shown(RemediationReport(1, 1, [], refused, {"cooldown": 1}, 0.95), capsys)
    assert "cooldown" in text
    assert "touched the target 20 s ago" in text
    assert "\x1b[2J" not in text
    assert "certain to 0.95" in text


@pytest.mark.parametrize(("reviewed", "says"), [(9, "too few for a bound."), (30, "at least 7")])
def test_reviews_are_counted(capsys: pytest.CaptureFixture[str], reviewed: int, says: str) -> None:
    report = RemediationReport(99, 99, record=Record(40 if reviewed > 9 else 12, reviewed, reviewed - 1))
    text = shown(report, capsys)
    assert f"Reviewed: {reviewed} of" in text
    assert says in text


def test_a_long_list_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(RemediationReport(99, 99, [run(number) for number in range(MAX_ROWS + 2)]), capsys)
    assert "and 2 more: --json" in text
