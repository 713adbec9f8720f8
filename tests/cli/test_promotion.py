"""Promotions on a terminal: where each playbook stands, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from aiops.cli import promotion as module
from aiops.cli.app import app
from aiops.respond.evidence import Evidence
from aiops.respond.history import Level
from aiops.respond.promotion import Promotion

FOUND = Promotion(
    "restart-worker",
    "auto",
    "auto",
    "approve",
    "approve",
    "auto",
    ["19 judged runs", "\x1b[31mnobody"],
    Evidence(19, 19),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The requests to the daemon, which answers each."""
    found: list[dict[str, Any]] = []

    def send(directory: Path, request: dict[str, Any]) -> dict[str, Any]:
        found.append(request)
        plain = msgspec.to_builtins(FOUND)
        return {"promotions": [plain], "promotion": plain, "switches": {"global": False}}

    monkeypatch.setattr(module, "send_request", send)
    return found


def command(tmp_path: Path, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--state", str(tmp_path)], env={"COLUMNS": "200"})


def test_the_table_has_evidence_and_the_next_mode(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    done = command(tmp_path, "playbooks", "promotion")
    assert done.exit_code == 0
    assert "restart-worker" in done.output
    assert "19 of 19" in done.output
    assert "missing" not in done.output
    assert asked == [{"ask": "promotion", "playbook": None}]


def test_one_playbook_has_what_is_missing(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    FOUND.moved = Level("approve", 1.7e9, "aiops", "run r ended failed")
    done = command(tmp_path, "playbooks", "promotion", "restart-worker")
    assert "missing for auto: 19 judged runs" in done.output
    assert "approve by aiops at" in done.output
    assert "\x1b" not in done.output


@pytest.mark.parametrize(
    ("words", "mode"), [(["promote"], "auto"), (["demote"], "approve"), (["demote", "--to", "suggest"], "suggest")]
)
def test_a_mode_is_set_with_person_and_reason(
    tmp_path: Path, asked: list[dict[str, Any]], words: list[str], mode: str
) -> None:
    verb, *more = words
    done = command(tmp_path, "playbooks", verb, "restart-worker", "--as", "ann", "--note", "why", *more)
    assert done.exit_code == 0, done.output
    assert asked == [{"ask": "level", "playbook": "restart-worker", "mode": mode, "actor": "ann", "reason": "why"}]


@pytest.mark.parametrize("words", [["promote", "--to", "always"], ["demote", "--to", "auto"]])
def test_a_mode_that_does_not_fit_is_refused(tmp_path: Path, asked: list[dict[str, Any]], words: list[str]) -> None:
    done = command(tmp_path, "playbooks", words[0], "restart-worker", *words[1:])
    assert (done.exit_code != 0, asked) == (True, [])


def test_resume_releases_the_global_switch(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    done = command(tmp_path, "remediation", "resume", "--as", "ann", "--note", "checked")
    assert done.exit_code == 0
    assert (asked[0]["ask"], asked[0]["scope"], asked[0]["engaged"]) == ("switch", "global", False)
    assert "kill switch global: off" in done.output
