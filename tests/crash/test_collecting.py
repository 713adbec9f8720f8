"""A daemon that is killed while it reads another system reads it once more, and never a third time."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.journal import frames
from aiops.records import Action
from aiops.testing.daemon_process import Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.collect.test_in_daemon import PLAYBOOK
from tests.waiting import eventually

pytestmark = pytest.mark.crash
AT = 1_700_000_000
CONFIG = """
[state]
directory = "{state}"
[http]
enabled = false
[incidents]
rank_after_s = 0.2
[playbooks.options]
playbooks = ["{playbooks}"]
[respond]
allow_private = true
[respond.systems.prometheus]
kind = "prometheus"
url = "{url}"
[[sources]]
name = "alerts"
type = "file"
options = {{path = "{alerts}", poll_s = 0.05}}
"""
FOUND = {"metric": {"pod": "cart-1"}, "value": [AT, "9"]}
ANSWER = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [FOUND]}}).encode()


class Trial:
    """The files of a daemon, and what its store has of reads."""

    def __init__(self, directory: Path, url: str) -> None:
        self.state, self.path = directory / "state", directory / "aiops.toml"
        alerts, playbook = directory / "alerts.jsonl", directory / "restarts.yaml"
        playbook.write_text(PLAYBOOK.replace("AT", str(AT)))
        self.path.write_text(CONFIG.format(state=self.state, playbooks=playbook, url=url, alerts=alerts))
        alert = {"kind": "alert", "ts": time.time(), "name": "Errors", "entity": "cart-1", "severity": "critical"}
        alerts.write_text(json.dumps({**alert, "labels": {"namespace": "shop"}}) + "\n")

    def reads(self) -> list[tuple[Any, ...]]:
        """State, attempts and whether the engine has the result, of each read of the system that is configured."""
        with sqlite3.connect(f"{(self.state / 'aiops.db').as_uri()}?mode=ro", uri=True, timeout=10) as connection:
            made = "select state, attempts, reported from findings where state != 'skipped'"
            return connection.execute(made).fetchall()

    def findings(self) -> list[Action]:
        """The findings in the journal."""
        records = [record for frame in frames(self.state / "journal") for record in frame.records]
        return [one for one in records if isinstance(one, Action) and one.verb == "finding"]


def hung(receiver: Receiver, count: int) -> Callable[[], bool]:
    return lambda: len(receiver.requests) == count


def test_a_read_that_a_kill_cuts_off_is_made_once_more(tmp_path: Path) -> None:
    let_go = threading.Event()
    with receiving() as prometheus, Hatchery(tmp_path / "log") as hatchery:
        trial = Trial(tmp_path, prometheus.url)
        prometheus.replies = [Reply(200, ANSWER, wait=let_go)]
        first = hatchery.start(trial.path, trial.state)
        eventually(hung(prometheus, 1), or_say=(tmp_path / "log").read_text)
        first.kill()
        assert trial.reads() == [("reading", 1, 0)]
        prometheus.replies = [Reply(200, ANSWER)]
        let_go.set()
        second = hatchery.start(trial.path, trial.state)
        eventually(lambda: trial.reads() == [("done", 2, 1)], or_say=trial.reads)
        assert second.stop() == 0
        assert len(prometheus.requests) == 2
        (finding,) = trial.findings()
        assert json.loads(finding.args["findings"])[0]["text"] == "cart-1 restarts"
        third = hatchery.start(trial.path, trial.state)
        third.wait_ready()
        third.stop()
        assert (len(prometheus.requests), len(trial.findings())) == (2, 1)


def test_one_that_is_killed_twice_gives_up(tmp_path: Path) -> None:
    let_go = threading.Event()
    with receiving() as prometheus, Hatchery(tmp_path / "log") as hatchery:
        trial = Trial(tmp_path, prometheus.url)
        prometheus.replies = [Reply(200, ANSWER, wait=let_go)]
        for count in (1, 2):
            daemon = hatchery.start(trial.path, trial.state)
            eventually(hung(prometheus, count), or_say=(tmp_path / "log").read_text)
            daemon.kill()
            assert trial.reads() == [("reading", count, 0)]
        last = hatchery.start(trial.path, trial.state)
        log = tmp_path / "log"
        eventually(lambda: trial.reads() == [("failed", 2, 1)], or_say=lambda: f"{trial.reads()} {log.read_text()}")
        last.stop()
        let_go.set()
        assert (len(prometheus.requests), trial.findings()) == (2, [])
