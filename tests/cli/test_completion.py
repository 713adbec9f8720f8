"""Completion from files, asked as shells ask: by the environment, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aiops.engine.events import IncidentChanged
from aiops.records import Incident
from aiops.store.outbox import Entry
from aiops.store.store import FrameDecisions, Store

DEADLINE_S = 120.0
NOW = 1_772_400_000.0
HOSTILE = "$(touch hacked)`id`;'\"\n<b>"
NAMES = ("inc-0a1b", "inc-0a2c", "inc-ffff")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with three incidents whose titles are hostile, and a message for an endpoint."""
    store = Store(tmp_path / "state")
    for number, name in enumerate((*NAMES, HOSTILE)):
        incident = Incident(
            id=name,
            title=HOSTILE,
            severity="critical",
            status="resolved" if name == "inc-0a1b" else "open",
            opened_at=NOW + number,
            last_alert_at=NOW + number,
        )
        store.apply([FrameDecisions(number, NOW, [IncidentChanged(number, NOW, "opened", incident, 1, [])])])
    with store.database.transaction() as connection:
        for endpoint in ("pager-old", HOSTILE):
            entry = Entry(
                endpoint=endpoint, incident="inc-ffff", version=1, change="opened", body=b"{}", at=NOW, due_at=NOW
            )
            store.outbox.add(connection, [entry], NOW)
    store.close()
    return tmp_path / "state"


def complete(*words: str, cwd: Path) -> list[str]:
    """What bash would offer for the last word."""
    environment = {
        **os.environ,
        "_AIOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("aiops", *words)),
        "COMP_CWORD": str(len(words)),
        "XDG_STATE_HOME": str(cwd),
    }
    program = "import sys; sys.argv[0] = 'aiops'; from aiops.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_incidents_are_completed_open_ones_first(state: Path, tmp_path: Path) -> None:
    assert complete("incidents", "show", "--state", str(state), "inc", cwd=tmp_path) == [
        "inc-ffff",
        "inc-0a2c",
        "inc-0a1b",
    ]
    assert complete("incidents", "ack", "--state", str(state), "inc-0a1", cwd=tmp_path) == ["inc-0a1b"]


def test_hostile_names_are_never_offered(state: Path, tmp_path: Path) -> None:
    assert complete("incidents", "show", "--state", str(state), "$", cwd=tmp_path) == []
    assert complete("outbox", "list", "--state", str(state), "--endpoint", "", cwd=tmp_path) == ["pager-old"]


def test_endpoints_are_those_of_the_configuration_too(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "aiops.toml"
    config.write_text(
        f'[state]\ndirectory = "{state}"\n[[endpoints]]\nname = "pager-new"\ntype = "webhook"\n'
        'options = {url = "https://ops.example.org/"}\n'
    )
    assert complete("outbox", "enable", "--config", str(config), "pager", cwd=tmp_path) == ["pager-new", "pager-old"]


def test_playbooks_are_the_shipped_ones_or_those_of_the_configuration(tmp_path: Path) -> None:
    assert "bad-deploy-rollback" in complete("playbooks", "show", "bad", cwd=tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "restart-cart.yaml").write_text("name: restart-cart\n")
    config = tmp_path / "aiops.toml"
    config.write_text('[playbooks.options]\nplaybooks = ["own"]\n')
    assert complete("playbooks", "show", "--config", str(config), "re", cwd=tmp_path) == ["restart-cart"]


def test_nothing_is_completed_without_a_store_or_with_a_broken_configuration(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[state\n")
    assert complete("incidents", "show", "inc", cwd=tmp_path) == []
    assert complete("incidents", "show", "--config", str(tmp_path / "broken.toml"), "inc", cwd=tmp_path) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script_that_is_shown(state: Path, tmp_path: Path) -> None:
    program = (
        'eval "$(aiops --show-completion)"; COMP_WORDS=(aiops incidents show --state '
        f'{state} inc-f); COMP_CWORD=5; _aiops_completion aiops; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.stdout.split() == ["inc-ffff"], done.stderr
    assert not (tmp_path / "hacked").exists()


def test_help_in_a_pipe_cuts_no_summary() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    for words in (["-h"], ["incidents", "-h"], ["playbooks", "-h"]):
        done = subprocess.run(
            [sys.executable, "-m", "aiops", *words],
            capture_output=True,
            text=True,
            env=environment,
            timeout=DEADLINE_S,
            check=True,
        )
        assert "..." not in done.stdout.partition("Commands:")[2], words
