"""What a person reads after a replay."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.backtest import Comparison, Report
from aiops.backtest.compare import Difference
from aiops.cli.summary import MAX_DIFFERENCES, show_comparison, show_summary
from aiops.score.report import CauseReport, PlaybookReport, TruthReport


def report(**more: Any) -> Report:
    given: dict[str, Any] = {
        "records": {"alert": 12},
        "rejected": 0,
        "rejections": [],
        "dispositions": {"incident": 10, "duplicate": 2},
        "conserved": True,
        "incidents": 1,
        "incidents_by_severity": {"high": 1},
        "background_clusters": 0,
        "noise_reduction": 0.9,
        "seconds": 0.1,
        "alerts_per_second": 120.0,
        "digest": "d" * 64,
        "sensitivity": 0.5,
    }
    return Report(**{**given, **more})


def shown(capsys: pytest.CaptureFixture[str], **more: Any) -> str:
    show_summary(report(**more), [])
    return capsys.readouterr().out


def test_summary_of_a_clean_replay_ends_with_its_digest(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert f"digest {'d' * 64}" in text
    for word in ("rejected", "did not apply", "do not add up", "against the labels"):
        assert word not in text


def test_rejected_lines_and_refused_actions_are_shown_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"line {number}\x1b[31m" for number in range(9)]
    text = shown(capsys, rejected=9, rejections=lines, actions={"refused": 1}, refused_actions=["no such incident"])
    assert "9 lines were rejected" in text
    assert "line 4" in text
    assert "line 5" not in text
    assert "\x1b[31m" not in text
    assert "1 action did not apply" in text
    assert "no such incident" in text


def test_account_that_does_not_add_up_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "do not add up" in shown(capsys, conserved=False)


def test_scores_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    causes = CauseReport(4, 4, 0.5, 0.75, 0.6)
    truth = TruthReport(causes=causes, causes_given_grouping=causes, playbooks=PlaybookReport(2, 2, 0.5, 1.0, 0.7))
    text = shown(capsys, truth=truth)
    assert text.count("0.500 / 0.750 of 4") == 2
    assert "0.500 / 1.000" in text


def test_comparison_shows_differences_up_to_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    one = Difference(kind="split", before=["a", "b", "c", "d"], after=[], alerts=3, text="it fell\x1b apart")
    show_comparison(Comparison(same=2, differences=[one] * (MAX_DIFFERENCES + 5), scores={"F1": (0.5, 0.25)}))
    text = capsys.readouterr().out
    assert "2 incidents stay the same, 25 differences" in text
    assert "(a, b, c -> -, 3 alerts)" in text
    assert "\x1b" not in text
    assert "… and 5 more" in text
    assert "F1: 0.5 -> 0.25" in text
