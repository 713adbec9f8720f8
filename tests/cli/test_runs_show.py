"""One run from the audit trail, while no daemon runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.cli.runs_show import from_trail
from aiops.errors import UsageError
from aiops.respond.audit import Trail
from tests.respond.test_history import request

RUN = {"run": "r1", "playbook": "p", "version": "1", "incident": "i", "plan": "x", "targets": ["a"], "actor": "ann"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The trail of a daemon that was killed between an intent and its outcome."""
    (tmp_path / "runs").mkdir()
    found = tmp_path / "runs" / "audit.jsonl"
    trail = Trail(found)
    trail.append("run", 1.0, RUN | {"requests": [request("drain", "a"), request("restart", "a")]})
    change = {"run": "r1", "key": "k", "place": "step 0", "target": "a"}
    trail.append("intent", 2.0, change | {"request": request("drain", "a")})
    trail.close()
    return found


def test_a_run_that_was_cut_off_is_shown_from_the_trail(path: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["runs", "show", "r1", "--state", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "no daemon runs" in done.output
    assert "unknown: drain on a: it may have been sent; no answer is recorded" in done.output
    assert "not begun: restart on a" in done.output
    assert "p 1 on a: unknown" in done.output


def test_a_run_before_the_damage_of_a_trail_is_shown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"{}\n")
    record, problem = from_trail(path, "r1")
    assert record.run.state == "unknown"
    assert "up to its damage" in problem


def test_a_run_of_which_nothing_was_sent_is_stopped(path: Path) -> None:
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert from_trail(path, "r1")[0].run.state == "stopped"


def test_a_run_that_the_trail_lacks_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="expected a run of the audit trail"):
        from_trail(path, "r2")
