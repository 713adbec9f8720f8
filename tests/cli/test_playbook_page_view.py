"""`aiops playbooks show` prints the whole of a playbook, from a daemon or from files."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from aiops.app.build import build
from aiops.cli.app import app
from aiops.config import Config, HttpConfig, StateConfig

RUN = CliRunner()


def test_a_playbook_is_shown_without_a_daemon(tmp_path: Path) -> None:
    found = RUN.invoke(app, ["playbooks", "show", "bad-deploy-rollback", "--state", str(tmp_path)])
    assert found.exit_code == 0, found.output
    lines = found.stdout.splitlines()
    assert lines[0] == "bad-deploy-rollback 1.1.0"
    assert "       kubectl -n <namespace> rollout undo deployment/<workload>" not in lines
    assert any(line.startswith("       kubectl -n <namespace> rollout history") for line in lines)
    # The longest line of the playbook is whole, also in a pipe of 80 columns.
    assert any(len(line) > 150 for line in lines)
    assert "Tests: 5 of 5 passed" in lines


def test_a_playbook_of_a_daemon_is_shown_as_json(tmp_path: Path) -> None:
    daemon = build(Config(state=StateConfig(str(tmp_path)), http=HttpConfig(enabled=False)))
    daemon.start()
    try:
        arguments = ["playbooks", "show", "host-disk-full", "--state", str(tmp_path), "--json"]
        found = json.loads(RUN.invoke(app, arguments).stdout)
        assert (found["name"], found["fits_now"], found["looked_at"]) == ("host-disk-full", [], 0)
        unknown = RUN.invoke(app, ["playbooks", "show", "none", "--state", str(tmp_path)])
        assert unknown.exit_code != 0
        lost = RUN.invoke(app, ["playbooks", "show", "host-disk-full", "--incident", "none", "--state", str(tmp_path)])
        assert lost.exit_code != 0
    finally:
        daemon.stop()


def test_an_incident_needs_a_daemon(tmp_path: Path) -> None:
    arguments = ["playbooks", "show", "host-disk-full", "--incident", "inc-1"]
    assert RUN.invoke(app, [*arguments, "--state", str(tmp_path)]).exit_code != 0
    assert RUN.invoke(app, [*arguments, "--playbooks", str(tmp_path)]).exit_code != 0
