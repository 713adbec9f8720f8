"""Guarded runs are opened where they are enabled, and their absence has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from aiops.app.runs import _RunReports, open_runs, secret_warnings, shipped_or_named
from aiops.config import Config, StateConfig
from aiops.daemon.opening import Clocks
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.parts import Core
from aiops.engine.config import PlaybooksConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.records import Action
from aiops.respond.catalogue import read_catalogue
from aiops.respond.config import RespondConfig, RunSecret
from aiops.topology import Topology
from tests.daemons import bare_core
from tests.playbook_site import playbook


def core(directory: Path, respond: RespondConfig) -> Core:
    return bare_core(Config(state=StateConfig(str(directory)), respond=respond), Engine, clocks=Clocks())


def test_without_them_there_is_neither_a_runner_nor_a_problem(tmp_path: Path) -> None:
    found = core(tmp_path, RespondConfig(enabled=False))
    assert open_runs(found, Topology(), shipped_or_named(found.config)) == (None, "")
    assert not (tmp_path / "runs").exists()
    found.state.close()


def test_their_trail_lies_in_a_private_directory_of_the_state(tmp_path: Path) -> None:
    found = core(tmp_path, RespondConfig(ceiling="approve"))
    runs, problem = open_runs(found, Topology(), shipped_or_named(found.config))
    assert problem == ""
    assert runs is not None
    assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o700
    runs.close()
    found.state.close()


def test_a_trail_that_was_changed_stops_runs_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(parents=True)
    (tmp_path / "runs" / "audit.jsonl").write_text('{"no": "entry"}\n')
    found = core(tmp_path, RespondConfig(ceiling="approve"))
    runs, problem = open_runs(found, Topology(), shipped_or_named(found.config))
    assert runs is None
    assert problem.startswith("nothing can be run: ")
    found.state.close()


def test_secrets_that_cannot_be_sent_are_named_and_stop_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPS_TOKEN", raising=False)
    book = {**playbook("https://ops.example"), "name": "restart-worker"}
    book["steps"] = [{**book["steps"][0], "secret": "ops"}]
    (tmp_path / "restart-worker.yaml").write_text(json.dumps(book))
    secret = RunSecret(use="bearer", hosts=["other.example"], env="OPS_TOKEN")
    respond = RespondConfig(ceiling="approve", secrets={"ops": secret})
    config = Config(state=StateConfig(str(tmp_path)), respond=respond)
    catalogue = read_catalogue([tmp_path / "restart-worker.yaml"])
    missing = "secret 'ops': expected it in the environment variable OPS_TOKEN; not set"
    misdirected = "playbook restart-worker, step 'restart': secret 'ops' is not for ops.example"
    [first, second] = secret_warnings(config, catalogue)
    assert first == f"secrets: warning: {missing}; what needs it is not run"
    assert second.startswith(f"secrets: warning: {misdirected}")
    assert secret_warnings(Config(respond=RespondConfig(enabled=False, secrets={"ops": secret})), catalogue) == []
    found = core(tmp_path, respond)
    runs, problem = open_runs(found, Topology(), catalogue)
    assert (problem, runs is not None) == ("", True)
    assert runs is not None
    detail = str(runs.health()["detail"])
    assert (missing in detail, misdirected in detail) == (True, True)
    runs.close()
    found.state.close()


class Actions:
    """Operator actions that are applied, but for notes on what was resolved."""

    def __init__(self, resolved: bool) -> None:
        self.resolved, self.done = resolved, list[tuple[str, dict[str, str]]]()

    def act(self, action: Action, timeout_s: float) -> Feedback | None:
        self.done.append((action.verb, action.args))
        if action.verb == "reopen":
            self.resolved = False
        applied = action.verb != "note" or not self.resolved
        return Feedback(1, action.id, action.verb, applied, "resolved")


@pytest.mark.parametrize(
    ("resolved", "page", "verbs"),
    [
        (False, True, ["note"]),
        (False, False, ["note"]),
        (True, False, ["note"]),
        (True, True, ["note", "reopen", "note"]),
    ],
)
def test_who_must_come_is_called_even_if_the_incident_was_resolved(
    resolved: bool, page: bool, verbs: list[str]
) -> None:
    actions = Actions(resolved)
    assert _RunReports(cast(OperatorActions, actions)).notify("inc-1", "was cut off", page)
    assert [verb for verb, _ in actions.done] == verbs
    assert actions.done[0][1] == {"text": "was cut off", **({"notify": "page"} if page else {})}


@pytest.mark.parametrize("is_named", [False, True])
def test_the_shipped_playbooks_are_used_unless_others_are_named(tmp_path: Path, is_named: bool) -> None:
    named = PlaybooksConfig("playbooks", {"playbooks": [str(tmp_path)]}) if is_named else PlaybooksConfig("playbooks")
    catalogue = shipped_or_named(Config(playbooks=named))
    assert bool(catalogue.playbooks) is not is_named
