"""`aiops playbooks plan`, `runs`, `switch` and `rollback`, over a real control socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.cli.runs import anchored
from aiops.errors import AiopsError, UsageError
from tests.cli.desk import Desk, desk_in


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


def test_runs_are_listed_with_the_kill_switches(desk: Desk) -> None:
    shown = desk.out("playbooks", "runs")
    assert "no runs" in shown
    assert "kill switch global: on" in shown
    assert json.loads(desk.out("playbooks", "runs", "--json"))["runs"] == []


def test_switch_is_moved_with_who_and_why(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert "kill switch global: off" in desk.out("playbooks", "switch", "off", "--as", "ann", "--note", "tested")
        told = desk.out("playbooks", "switch", "on", "--scope", "playbook:backup-failed", "--json")
        assert json.loads(told)["switches"] == {"global": False, "playbook:backup-failed": True}
        trail = (tmp_path / "runs.jsonl").read_text()
        assert '"actor":"ann"' in trail
        assert '"reason":"tested"' in trail


@pytest.mark.parametrize("to", ["ON", "true", "", "1"])
def test_switch_is_on_or_off(desk: Desk, to: str) -> None:
    result = desk.run("playbooks", "switch", to)
    assert isinstance(result.exception, UsageError)
    assert "expected on or off" in str(result.exception)


def test_scope_of_nothing_is_refused_with_those_there_are(desk: Desk) -> None:
    result = desk.run("playbooks", "switch", "on", "--scope", "team:nobody")
    assert isinstance(result.exception, AiopsError)
    assert "team:nobody" in str(result.exception)


def test_plan_shows_guards_and_sends_nothing(desk: Desk) -> None:
    shown = desk.out("playbooks", "plan", desk.incident, "--playbook", "host-disk-full")
    assert "Dry run of host-disk-full" in shown
    assert "refused because" in shown
    plan = json.loads(desk.out("playbooks", "plan", desk.incident, "--playbook", "host-disk-full", "--json"))
    assert plan["playbook"] == "host-disk-full"
    assert desk.run("playbooks", "plan", desk.incident, "--playbook", "gone").exit_code != 0


def test_rollback_of_a_run_that_is_not_there_is_refused(desk: Desk) -> None:
    for words in ((), ("--close",)):
        asked = desk.run("playbooks", "rollback", "gone", "--note", "why", *words)
        assert "gone" in str(asked.exception)


def test_trail_that_is_whole_needs_nobody_to_accept_it(desk: Desk) -> None:
    assert "this one is whole" in str(desk.run("playbooks", "accept-trail", "--note", "looked").exception)


def test_trail_is_where_the_configuration_says(desk: Desk, tmp_path: Path) -> None:
    path, mark = anchored(None, None, desk.directory)
    assert path == desk.directory / "runs" / "audit.jsonl"
    assert mark is None or mark.entries >= -1
    sets = [f"state.directory={desk.directory}", f"respond.directory={tmp_path}"]
    assert anchored(None, sets, None)[0] == tmp_path / "audit.jsonl"


def test_without_a_daemon_each_command_says_so(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        pass
    for words in (("runs",), ("switch", "on"), ("rollback", "x", "--note", "why")):
        assert desk.run("playbooks", *words).exit_code == 1
