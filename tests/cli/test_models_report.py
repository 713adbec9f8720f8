"""`aiops models report` shows the watch of a running daemon, as its health has it."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner

from aiops.app.build import build
from aiops.cli.app import app
from aiops.cli.models_report import show_watch
from aiops.config import Config, HttpConfig, StateConfig
from aiops.engine.drift.jumper import ALARM
from aiops.engine.engine import Engine
from aiops.views.model_watch import model_watch


def test_report_of_a_daemon_names_what_is_not_measured_and_why(tmp_path: Path) -> None:
    daemon = build(Config(state=StateConfig(str(tmp_path)), http=HttpConfig(enabled=False)))
    daemon.start()
    try:
        plain = CliRunner().invoke(app, ["models", "report", "--state", str(tmp_path)])
        as_json = CliRunner().invoke(app, ["models", "report", "--state", str(tmp_path), "--json"])
    finally:
        daemon.stop()
    assert (plain.exit_code, as_json.exit_code) == (0, 0), plain.output
    assert "not measured: outcomes: none yet; confirm causes" in plain.output
    assert "people cannot judge if a similar incident was similar" in plain.output
    assert "retrain: never; none is due" in plain.output
    found = json.loads(as_json.output)
    assert found["models"][0]["slot"] == "causes"
    assert found["alarm"] == ALARM


def test_no_daemon_is_a_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["models", "report", "--state", str(tmp_path)]).exit_code != 0


def test_drift_stands_first_and_hostile_text_is_plain() -> None:
    accounts = Engine().accounts()
    accounts["drift"]["alarms"] = [{"at": 9.0, "what": "rate", "text": "120 alerts an hour\x1b[31m, 9 before"}]
    out = io.StringIO()
    show_watch(Console(file=out, width=200), model_watch(accounts, {}, 10.0, 0.0, ALARM))
    first = out.getvalue().splitlines()[0]
    assert first.startswith("drift: rate: 120 alerts an hour")
    assert "\x1b" not in first
