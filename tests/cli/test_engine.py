"""`aiops engine` shows the figures of a running daemon."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner

from aiops.app.build import build
from aiops.cli.app import app
from aiops.cli.engine import show_engine
from aiops.config import Config, HttpConfig, StateConfig
from aiops.ports import DeadLetter, Received
from aiops.records import Alert, Record
from aiops.views.engine_report import Engine, engine_report
from tests.waiting import eventually


def filled(directory: Path) -> tuple[Engine, str, str]:
    """The report of a daemon with four inputs, and what the command prints of it as text and as JSON."""
    daemon = build(Config(state=StateConfig(str(directory)), http=HttpConfig(enabled=False)))
    daemon.start()
    try:
        records: list[Record] = [
            Alert(ts=daemon.clock(), name="Down", entity=f"db-{n}", source="zab") for n in range(3)
        ]
        letters = [DeadLetter("test", "$", "expected \x1b[31mred")]
        assert daemon.inbox.put(Received(records, source="test", rejected=letters), 60)
        eventually(lambda: daemon.figures()["placed"]["received"] == 4)
        runner = CliRunner()
        plain = runner.invoke(app, ["engine", "--state", str(directory)])
        as_json = runner.invoke(app, ["engine", "--state", str(directory), "--json"])
        assert (plain.exit_code, as_json.exit_code) == (0, 0), plain.output
        return engine_report(daemon), plain.output, as_json.output
    finally:
        daemon.stop()


def test_the_command_prints_the_sum_and_where_it_came_from(tmp_path: Path) -> None:
    engine, plain, as_json = filled(tmp_path)
    assert "4 received = " in plain
    assert "1 rejected: adds up" in plain
    assert "rejected, test: expected" in plain
    assert "\x1b[31m" not in plain
    assert "zab" in plain
    assert "not measured" in plain
    assert "not configured: no endpoint: nobody is notified" in plain
    found = json.loads(as_json)
    assert found["conservation"]["received"] == engine.conservation.received == 4


def test_a_sum_that_does_not_hold_is_said(tmp_path: Path) -> None:
    engine, _, _ = filled(tmp_path)
    engine.conservation.holds, engine.conservation.missing = False, 2
    out = io.StringIO()
    show_engine(Console(file=out, width=200), engine)
    assert "does not add up: 2 missing" in out.getvalue()
