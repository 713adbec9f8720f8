"""The watch in health and metrics of a daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.drift.stage import Alarm
from aiops.engine.engine import Engine
from aiops.records import Tick
from aiops.views.model_watch import Watch
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    def make() -> Engine:
        engine = Engine()
        engine.step([Tick(ts=NOW)])
        return engine

    found = bare_daemon(Config(state=StateConfig(str(tmp_path))), make, clock=lambda: NOW)
    yield found
    found.close()


def engine_of(daemon: Daemon) -> Engine:
    engine = daemon.pump.engine
    assert isinstance(engine, Engine)
    return engine


def test_a_quiet_daemon_has_a_watch_and_no_warning(daemon: Daemon) -> None:
    health = daemon.health()
    found = msgspec.convert({name: one for name, one in health["watch"].items() if name != "retrain"}, Watch)
    assert found.ok
    assert [one.slot for one in found.models][:3] == ["causes", "playbooks", "similar"]
    assert health["watch"]["retrain"] == {"mode": "never", "is_due": False, "running": "", "problem": "", "last": None}
    assert not any("watch" in text for text in health["warnings"])


def test_drift_is_a_warning_with_what_to_do(daemon: Daemon) -> None:
    engine_of(daemon).drift.alarms.append(Alarm(NOW - 10.0, "rate", "120 alerts an hour, 9 before"))
    daemon.pump._account()
    [warning] = [text for text in daemon.health()["warnings"] if text.startswith("watch: ")]
    assert warning.startswith("watch: drift: rate: 120 alerts an hour, 9 before; train again (`aiops models train")
    assert daemon.health()["status"] != "failed"


def test_a_training_that_failed_is_a_warning(daemon: Daemon) -> None:
    daemon.retrain_job.problem = "retraining of causes failed: too few outcomes"
    assert "watch: retraining of causes failed: too few outcomes" in daemon.health()["warnings"]


def test_metrics_count_judgements_and_what_is_not_measured_is_no_number(daemon: Daemon) -> None:
    for number in range(3):
        engine_of(daemon).drift.outcomes.judged("grouping", str(number), number > 0)
    daemon.pump._account()
    text = daemon.metrics_text()
    assert 'aiops_model_outcomes_total{slot="grouping",result="right"} 2' in text
    assert 'aiops_model_outcomes_total{slot="grouping",result="wrong"} 1' in text
    assert 'aiops_model_calibration_error{slot="causes"} NaN' in text
    assert 'aiops_drift_capital{measure="names"} 1' in text
    assert "aiops_drift_standing 0" in text
