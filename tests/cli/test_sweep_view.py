"""A sweep as text: columns by what is known, and nothing that an alert sent unescaped."""

from __future__ import annotations

import pytest

from aiops.cli.sweep_view import MAX_DIFFERENCES, show_sweep
from aiops.sweep import Grouping, PagedDifference, Row, SettingsDifference, SweepReport
from aiops.sweep.suggestion import Suggestion


def row(label: str, **more: object) -> Row:
    return Row({"a.size": label}, label, 3, 1.5, 1.0, 2, 1.0, 4.0, {}, {"pager": 3}, **more)  # type: ignore[arg-type]


def report(*rows: Row, **more: object) -> SweepReport:
    return SweepReport(["a.size"], 8, 2 * 86_400.0, list(rows), **more)  # type: ignore[arg-type]


def test_without_truth_there_is_agreement_and_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    show_sweep(report(row("1", agreement=0.9, is_current=True), row("2")))
    out = capsys.readouterr().out
    assert "agrees" in out
    assert "F1" not in out
    assert "0.900 current" in out


def test_judgements_have_scores_without_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    show_sweep(report(row("1", scores=Grouping(0.5, 0.6, 0.7)), truth="feedback"))
    out = capsys.readouterr().out
    assert "judgements of people" in out
    assert "0.500 0.600 0.700" in out
    assert "pieces" not in out


def test_suggestion_is_shown_with_what_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    found = Suggestion("change", ["2 is better.", "Doubt: some."], 1, "[a]\nsize = 2")
    show_sweep(report(row("1", is_current=True), row("2", is_suggested=True), suggestion=found, rejected=2))
    out = capsys.readouterr().out
    assert "2 lines were rejected" in out
    assert "suggested" in out
    assert "  [a]\n  size = 2\n" in out


def test_differences_are_bounded_and_clean(capsys: pytest.CaptureFixture[str]) -> None:
    differences = [PagedDifference("only_after", "new: \x1b[2Jdisk", [], ["i"], 0, 1)] * (MAX_DIFFERENCES + 5)
    show_sweep(report(row("1"), difference=SettingsDifference("1", "2", 3, 4, 7, differences, 2)))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("0 pages -> 1") == MAX_DIFFERENCES
    assert "… and 5 more" in out
    assert "7 incidents stay the same" in out
    assert "2 incidents change without another page" in out


def test_short_history_is_named_as_projected(capsys: pytest.CaptureFixture[str]) -> None:
    short = SweepReport(["a.size"], 8, 3_600.0, [row("1")])
    show_sweep(short)
    assert "figures a day are projected" in capsys.readouterr().out
    show_sweep(report(row("1")))
    assert "projected" not in capsys.readouterr().out
