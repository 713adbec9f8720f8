"""`aiops runs report` sums up an audit trail that is on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.cli.runs_report import show_report
from aiops.cli.terminal import console_for
from aiops.respond.audit import Trail
from aiops.respond.runs_report import Group, RunsReport

AT = 1_700_000_000.0


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    written = Trail(tmp_path / "runs" / "audit.jsonl")
    base: dict[str, Any] = {"run": "r1", "playbook": "restart", "version": "1.0.0", "incident": "inc-1"}
    start = {"targets": ["cart"], "plan": "p", "actor": "aiops", "by": "engine", "body": "b", "requests": []}
    sent = {"run": "r1", "key": "k", "place": "step 0", "target": "cart", "request": {"name": "restart"}}
    for kind, at, data in (
        ("run", AT, {**base, **start}),
        ("intent", AT + 1, sent),
        ("ended", AT + 600, {"run": "r1", "state": "verified", "why": ""}),
    ):
        written.append(kind, at, data)
    written.close()
    return tmp_path / "runs" / "audit.jsonl"


def test_the_report_of_a_file(trail: Path) -> None:
    found = CliRunner().invoke(app, ["runs", "report", str(trail), "--minutes", "20"])
    assert found.exit_code == 0, found.output
    assert "1 run that sent something, 1 without a person." in found.output
    assert "20 minutes saved, assuming 20 for each." in found.output
    assert "10.0 min" in found.output
    raw = json.loads(CliRunner().invoke(app, ["runs", "report", str(trail), "--json"]).stdout)
    assert (raw["total"]["verified"], raw["total"]["verify_s"], raw["minutes"]) == (1, 600.0, 15.0)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["runs", "report", str(tmp_path / "none.jsonl")])
    assert found.exit_code != 0
    assert "expected an audit trail; there is none" in str(found.exception)


def test_nothing_judged_is_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(console_for(), RunsReport(Group("", 1), [Group("restart", 1)], {"cooldown": 3}))
    shown = capsys.readouterr().out
    assert "nothing judged" in shown
    assert "cooldown" in shown
    assert "saved" not in shown
