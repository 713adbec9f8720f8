"""`aiops dead-letters` shows what was rejected, why, and the input itself; nothing of it reaches the terminal raw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.cli.dead_letters import dead_letters_command
from aiops.config import Config, StateConfig
from aiops.engine.engine import Engine
from aiops.errors import UsageError
from aiops.ports import DeadLetter, Received
from aiops.store.store import Store
from tests.daemons import bare_daemon

NOW = 1_795_000_000.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The directory of a daemon that rejected three inputs."""
    daemon = bare_daemon(Config(state=StateConfig(str(tmp_path))), Engine, clock=lambda: NOW)
    reasons = ("expected JSON", "expected a name \x1b[31m", "expected a time")
    letters = [
        DeadLetter("http/webhook", f"$[{n}]", reason, b"\xff{bad" + str(n).encode(), NOW + n)
        for n, reason in enumerate(reasons)
    ]
    done = daemon.inbox.submit(Received([], rejected=letters))
    assert done is not None
    daemon.pump.round()
    assert done.result(0) is True
    daemon.close()
    return tmp_path


def test_dead_letters_are_listed_newest_first_with_their_input(state: Path) -> None:
    result = CliRunner().invoke(app, ["dead-letters", "--state", str(state), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert [one["place"] for one in found] == ["$[2]", "$[1]", "$[0]"]
    assert found[0]["reason"] == "expected a time"
    assert (found[0]["source"], found[0]["input"]) == ("http/webhook", "\ufffd{bad2")
    limited = CliRunner().invoke(app, ["dead-letters", "--state", str(state), "--json", "--limit", "1"])
    assert [one["place"] for one in json.loads(limited.output)] == ["$[2]"]


def test_the_table_is_for_people_and_their_terminals(state: Path) -> None:
    result = CliRunner().invoke(app, ["dead-letters", "--state", str(state)])
    assert result.exit_code == 0
    assert "expected JSON" in result.output
    assert "\x1b" not in result.output


def test_no_store_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["dead-letters", "--state", str(tmp_path / "none")])
    assert isinstance(result.exception, UsageError)
    assert "there is no store" in str(result.exception)


@pytest.mark.parametrize("limit", ["0", "-1", "100001", "x"])
def test_limit_is_bounded(state: Path, limit: str) -> None:
    assert CliRunner().invoke(app, ["dead-letters", "--state", str(state), "--limit", limit]).exit_code == 2


def test_no_letters_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path).close()
    dead_letters_command(state=tmp_path)
    assert "no dead letters" in capsys.readouterr().out
    dead_letters_command(state=tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out) == []
