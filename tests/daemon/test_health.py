"""The health and the metrics of a daemon: sections, warnings, and numbers of parts that are not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.app.build import assemble
from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.opening import Clocks, open_state
from aiops.daemon.parts import Neighbours
from aiops.daemon.status import STATUSES
from aiops.engine.engine import Engine
from aiops.ports import Inbox, Position
from aiops.store.outbox import Entry
from aiops.telemetry.metrics import Family

NOW = 1_772_400_000.0


class Source:
    """A source with a backlog, an unknown word and a count, which is not healthy."""

    name = "odd"

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """Bring nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def health(self) -> dict[str, Any]:
        return {
            "ok": False,
            "detail": "no broker",
            "lag": {"alerts/0": 7, "alerts/1": "unknown"},
            "unknown": {"status": {"perhaps": 2}, "colour": {"red": 1}},
            "counts": ("retries",),
            "retries": 3,
            "paused": True,
        }


class Tracing:
    """A neighbour with a section and a metric."""

    def start(self) -> None:
        """Do nothing."""

    def stop(self, timeout_s: float) -> None:
        """Do nothing."""

    def health(self) -> dict[str, Any]:
        return {"ok": False, "detail": "the collector is away"}

    def metrics(self) -> list[Family]:
        return [Family("aiops_spans_total", "counter", "Spans.").add(4, result="dropped")]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    config = Config(state=StateConfig(str(tmp_path)))
    clocks = Clocks(lambda: NOW, lambda: 50.0)
    core = assemble(config, open_state(config, Engine, None, clocks), [Source()], clocks)
    beside = Neighbours(tracing=Tracing(), runs_problem="nothing can be run: no trail", left_out=["a folder", "a file"])
    found = Daemon(core, beside)
    yield found
    found.close()


def test_sections_of_neighbours_are_shown_and_each_problem_is_a_warning(daemon: Daemon) -> None:
    health = daemon.health()
    assert (health["status"], health["ready"], health["reason"], health["engine_time"]) == ("starting", False, "", None)
    assert health["left_out"] == {"ok": False, "detail": "a folder; a file"}
    assert health["runs"] == {"ok": False, "detail": "nothing can be run: no trail"}
    assert health["warnings"] == [
        "source odd: no broker",
        "left_out: a folder; a file",
        "runs: nothing can be run: no trail",
        "tracing: the collector is away",
    ]
    assert {"late", "clock"} <= health.keys()
    assert {"delivery", "store"} & health.keys() == set()


def test_counts_of_a_source_are_metrics_and_not_health(daemon: Daemon) -> None:
    assert "counts" not in daemon.health()["sources"]["odd"]
    text = daemon.metrics_text()
    for line in (
        'aiops_source_up{source="odd"} 0',
        'aiops_source_lag{source="odd",place="alerts/0"} 7',
        'aiops_source_events_total{source="odd",event="retries"} 3',
        'aiops_source_paused{source="odd"} 1',
        'aiops_status_unknown_total{source="odd",word="perhaps"} 2',
        'aiops_spans_total{result="dropped"} 4',
    ):
        assert f"\n{line}\n" in text
    assert "alerts/1" not in text
    assert "colour" not in text


def test_a_message_that_nobody_got_is_a_warning(daemon: Daemon) -> None:
    def put(incident: str, version: int) -> int:
        entry = Entry(
            endpoint="pager", incident=incident, version=version, change="opened", body=b"{}", at=NOW, due_at=NOW
        )
        with daemon.store.database.transaction() as connection:
            daemon.outbox.add(connection, [entry], NOW)
        [row] = daemon.outbox.claim(NOW, 1, ["pager"])
        return row.id

    daemon.outbox.dead(put("i-1", 1), "HTTP 400: bad", NOW, status=400)
    daemon.outbox.dead(put("i-2", 1), "HTTP 400: bad", NOW, status=400)
    warnings = [text for text in daemon.health()["warnings"] if text.startswith("endpoint pager")]
    assert warnings == [
        "endpoint pager: 2 notifications could not be delivered: see `aiops outbox list --status dead`, then "
        "`aiops outbox retry` or `drop`"
    ]
    # A newer message of the incident was delivered: nobody waits for the older one.
    daemon.outbox.sent([put("i-2", 2)], NOW, 202)
    assert any("1 notification could" in text for text in daemon.health()["warnings"])
    daemon.outbox.drop(NOW, [row.id for row in daemon.outbox.rows("dead")])
    assert not any(text.startswith("endpoint pager") for text in daemon.health()["warnings"])


def test_one_state_is_set(daemon: Daemon) -> None:
    lines = [line for line in daemon.metrics_text().splitlines() if line.startswith("aiops_state{")]
    assert len(lines) == len(STATUSES)
    assert [line for line in lines if line.endswith(" 1")] == ['aiops_state{state="starting"} 1']


def test_a_store_that_cannot_be_read_takes_no_other_metric_with_it(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> dict[object, int]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(daemon.outbox, "counts", fail)
    text = daemon.metrics_text()
    assert "aiops_outbox_rows{" not in text
    assert "\naiops_conserved 1\n" in text
    assert "\naiops_dead_letters_total 0\n" in text
