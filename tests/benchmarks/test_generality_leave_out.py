"""Leave one family out: the choice never sees the family it is reported on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.generality import main
from benchmarks.accuracy.generality_leave_out import MAX_CHOICES, choices, leave_out


def row(name: str, family: str, figure: float) -> dict[str, Any]:
    return {"row": name, "family": family, "figure": figure, "distance": figure - 1}


def test_a_family_is_reported_at_what_the_others_chose(capsys: pytest.CaptureFixture[str]) -> None:
    first = [row("a", "one", 0.9), row("b", "two", 0.1), row("c", "three", 0.5)]
    second = [row("a", "one", 0.2), row("b", "two", 0.6), row("c", "three", 0.5)]
    found = leave_out(choices(["near=1,2"], {}), [first, second])
    assert [(each["row"], each["figure"], each["settings"]) for each in found] == [
        ("b", 0.1, "near=1"),
        ("a", 0.2, "near=2"),
        ("c", 0.5, "near=1"),
    ]
    assert "without one: near=2 (one 0.2000, 0.9000 if chosen on itself)" in capsys.readouterr().out


def test_many_rows_of_a_family_do_not_outvote_the_others() -> None:
    few, many = row("a", "one", 0.9), [row(str(at), "two", 0.5) for at in range(9)]
    other = [row("c", "three", 0.0)]
    first, second = [few, *many, *other], [{**few, "figure": 0.1}, *({**each, "figure": 0.6} for each in many), *other]
    chosen = {each["family"]: each["settings"] for each in leave_out(choices(["near=1,2"], {}), [first, second])}
    assert chosen["three"] == "near=1"


def test_grids_are_combined_over_the_other_settings() -> None:
    assert choices([], {"near": "3"}) == [{"near": "3"}]
    assert len(choices(["a=1,2", "b=1,2,3"], {})) == 6
    with pytest.raises(ValueError, match=f"at most {MAX_CHOICES}"):
        choices(["a=" + ",".join("1" * 9), "b=" + ",".join("1" * 9)], {})
    with pytest.raises(ValueError, match="--leave-one-out: expected NAME=VALUE"):
        choices(["a"], {})


def test_the_command_reports_the_rows_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["--rows", "unrelated, 1 a day", "--jobs", "1", "--json", str(tmp_path / "rows.json")]
    assert main([*rows, "--leave-one-out", "sensitivity=.5,.99"]) == 0
    said = capsys.readouterr().out
    assert "without simulated: sensitivity=.5" in said
    assert "sensitivity=.5" in (tmp_path / "rows.json").read_text()
    with pytest.raises(SystemExit) as ended:
        main([*rows, "--leave-one-out", "nothing=1,2"])
    assert ended.value.code == 2
