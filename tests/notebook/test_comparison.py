"""Two results side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

import aiops
from aiops.backtest import Comparison as Compared
from aiops.backtest import Difference
from aiops.notebook.comparison import MAX_FIGURES, MAX_SHOWN, Comparison


def test_a_result_equals_itself(result: aiops.Result) -> None:
    same = result.compare(result)
    assert not same
    assert same.same == len(result.incidents)
    assert repr(same) == f"<aiops.Comparison: {len(result.incidents)} incidents the same, no difference>"
    assert len(same.differences) == len(same.scores) == len(same) == 0


def test_other_settings_differ(result: aiops.Result, folder: Path) -> None:
    other = aiops.replay(
        [folder / "alerts.jsonl", folder / "incidents.jsonl"],
        topology=folder / "topology.json",
        settings={"incidents.min_severity": "critical"},
    )
    found = result.compare(other)
    assert found
    assert list(found.scores.loc["incidents"]) == [
        len(result.incidents),
        len(other.incidents),
        len(other.incidents) - len(result.incidents),
    ]
    differences = found.differences
    assert len(differences) == len(found) == len(list(found))
    before = [name for names in differences["before"] for name in names]
    after = [name for names in differences["after"] for name in names]
    assert len(before) + found.same == len(result.incidents)
    assert len(after) + found.same == len(other.incidents)
    back = other.compare(result)
    assert back.scores["change"].to_dict() == (-found.scores["change"]).to_dict()


def test_only_a_result_is_compared(result: aiops.Result) -> None:
    with pytest.raises(aiops.UsageError, match=r"compare: expected the result of another replay \(got dict\)"):
        result.compare({})  # type: ignore[arg-type]


def test_a_large_comparison_stays_small_and_escaped() -> None:
    hostile = "<script>alert(1)</script>\u202e" * 50
    compared = Compared(
        same=1,
        differences=[Difference("only_after", [], [f"inc-{place}"], 2_000, hostile) for place in range(300)],
        scores={f"figure-{place}": (0.0, 1.0) for place in range(60)},
    )
    found = Comparison(compared)
    assert repr(found) == "<aiops.Comparison: 1 incident the same, 300 only after>"
    html = found._repr_html_()
    assert len(html) < 10_000
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") > MAX_SHOWN
    assert "\u202e" not in html
    assert f"and {300 - MAX_SHOWN} more differences in .differences" in html
    assert f"and {60 - MAX_FIGURES} more figures in .scores" in html
    assert "2,000" in html
