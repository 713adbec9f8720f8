"""`aiops simulate` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from aiops.cli.simulate import simulate_command
from aiops.errors import UsageError

app = typer.Typer()
app.command()(simulate_command)
SMALL = ["--services", "6", "--faults", "2", "--hours", "1", "--noise", "2"]


def test_writes_files_and_says_what_to_do_next(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "site"), *SMALL])
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "site").iterdir()} == {
        "alerts.jsonl",
        "incidents.jsonl",
        "topology.json",
        "README.md",
    }
    assert "2 incidents, of 6 services" in result.output
    assert f"aiops replay {tmp_path}/site/alerts.jsonl" in result.output
    assert "\x1b" not in result.output


def test_json_is_one_object(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path), "--json", *SMALL])
    counts = json.loads(result.stdout)
    assert counts["incidents"] == 2
    assert counts["alerts"] == sum(
        json.loads(line)["kind"] == "alert" for line in (tmp_path / "alerts.jsonl").read_text().splitlines()
    )
    assert counts["files"][0] == str(tmp_path / "alerts.jsonl")


def test_wrong_options_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--hours: expected 0\.5 to 744, got 0"):
        CliRunner().invoke(app, ["--out", str(tmp_path), "--hours", "0"], catch_exceptions=False)
    assert not list(tmp_path.iterdir())
