"""Promotion in a daemon keeps what served with what it had learned; a rollback leads to exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aiops.cli import models_stage
from aiops.cli.models import models_app
from aiops.errors import UsageError
from aiops.lifecycle import Registry
from aiops.model_state import canonical, given, version_id
from aiops.records import Action
from tests.lifecycle.test_registry import added

LEARNED = canonical({"number": "what the daemon learned"})


class Daemon:
    """What promotion needs of a daemon: its model, and the records that it gets."""

    def __init__(self) -> None:
        self.algorithm = "causes"
        self.text = LEARNED
        self.actions: list[Action] = []
        self.applied = True

    def answer(self, _: Path, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["ask"] != "model_state":
            raise UsageError("no daemon answers")
        return {"algorithm": self.algorithm, "state": self.text}

    def act(self, _: Path, action: Action) -> dict[str, Any]:
        self.actions.append(action)
        if self.applied:
            self.text = given(action).text
        return {"applied": self.applied, "reason": "as the engine states it"}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    found = Daemon()
    monkeypatch.setattr(models_stage, "send_request", found.answer)
    monkeypatch.setattr(models_stage, "act", found.act)
    return found


def promote(id: str, state: Path) -> Result:
    options = ["--force", "--reason", "a trial", "--state", str(state), "--as", "kim"]
    return CliRunner().invoke(models_app, ["promote", id, *options])


def test_what_served_is_kept_with_what_it_learned(daemon: Daemon, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    one = added(registry, 1)
    assert promote(one.id, tmp_path).exit_code == 0
    kept = registry.get(version_id("causes", LEARNED))
    assert registry.served("causes") == [kept.id, one.id]
    assert (kept.stage, kept.verdict) == ("retired", None)
    assert daemon.actions[0].actor == "kim"
    done = CliRunner().invoke(models_app, ["rollback", "--slot", "causes", "--state", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert given(daemon.actions[1]).text == LEARNED
    assert registry.serving("causes") == registry.get(kept.id)


def test_a_model_that_learned_nothing_since_is_not_kept_twice(daemon: Daemon, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    one, other = added(registry, 1), added(registry, 2)
    for version in (one, other):
        assert promote(version.id, tmp_path).exit_code == 0
    assert registry.served("causes") == [version_id("causes", LEARNED), one.id, other.id]
    assert len(registry.versions()) == 3


def test_no_model_is_no_version_and_a_refusal_promotes_nothing(daemon: Daemon, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    one = added(registry, 1)
    daemon.algorithm, daemon.applied = "none", False
    refused = promote(one.id, tmp_path)
    assert "as the engine states it" in str(refused.exception)
    assert registry.moves() == []
    assert len(registry.versions()) == 1
