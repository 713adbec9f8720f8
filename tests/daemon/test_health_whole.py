"""Health and metrics of a whole daemon: they agree with each other, and say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.health import Report
from aiops.engine.engine import Engine
from aiops.ports import DeadLetter, Received
from aiops.records import Action, Alert, Record
from tests.daemons import bare_daemon

T0 = 1_795_000_000.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    found = bare_daemon(
        Config(state=StateConfig(str(tmp_path))), Engine, clock=lambda: T0, monotonic=count(50.0, 1.0).__next__
    )
    yield found
    found.close()


def feed(daemon: Daemon, *records: Record, letters: int = 0) -> None:
    rejected = [DeadLetter("http", f"$[{n}]", "bad", b"x", T0) for n in range(letters)]
    done = daemon.inbox.submit(Received(list(records), rejected=rejected))
    assert done is not None
    daemon.pump.round()
    assert done.result(0) is True
    # The counters of the engine are read about once a second: with the next look at the clock.
    daemon.inbox.wake()
    daemon.pump.round()


def alert(number: int, **more: object) -> Alert:
    return Alert(ts=T0 - 5 + number, name=f"A{number}", entity="db", severity="critical", id=f"a{number}", **more)  # type: ignore[arg-type]


def metrics(daemon: Daemon) -> dict[str, float]:
    lines = [line for line in daemon.metrics_text().splitlines() if line and not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_health_is_json_and_says_what_was_taken(daemon: Daemon) -> None:
    feed(daemon, alert(1), alert(2), letters=1)
    found = json.loads(json.dumps(daemon.health()))
    assert found["conserved"] is True
    assert found["journal"]["record"] >= 2
    assert found["inbox"]["records"] == 0
    assert found["skipped"] == {"count": 0, "newest": []}
    assert found["version"]


def test_new_daemon_has_no_engine_time(daemon: Daemon) -> None:
    assert daemon.health()["engine_time"] is None or daemon.health()["engine_time"] >= 0


def test_metrics_count_each_record_and_each_disposition(daemon: Daemon) -> None:
    feed(daemon, alert(1), alert(1), alert(2), letters=2)
    found = metrics(daemon)
    assert found['aiops_records_total{kind="alert"}'] == 3
    assert found["aiops_conserved"] == 1
    dispositions = {name: value for name, value in found.items() if name.startswith("aiops_alerts_total")}
    assert sum(dispositions.values()) == 5


def test_every_metric_has_its_help_and_type_once(daemon: Daemon) -> None:
    text = daemon.metrics_text().splitlines()
    helps = [line.split()[2] for line in text if line.startswith("# HELP")]
    types = [line.split()[2] for line in text if line.startswith("# TYPE")]
    assert helps == types
    assert len(helps) == len(set(helps))
    # karma finds Alertmanager's version by this one.
    assert {name for name in helps if not name.startswith("aiops_")} == {"alertmanager_build_info"}


def test_silence_that_is_not_in_force_is_a_warning(daemon: Daemon) -> None:
    args = {"id": "s", "matchers": "[]", "until": str(T0 + 60)}
    feed(daemon, Action(ts=T0, verb="silence", id="x", args=args))
    assert any("silence s is not in force" in warning for warning in daemon.health()["warnings"])


def test_only_the_newest_warnings_of_a_kind_are_shown(daemon: Daemon) -> None:
    records: list[Record] = [
        Action(ts=T0, verb="silence", id=f"x{n}", args={"id": f"s{n}", "matchers": "[]", "until": "1"})
        for n in range(20)
    ]
    feed(daemon, *records)
    warnings = [warning for warning in daemon.health()["warnings"] if "not in force" in warning]
    assert len(warnings) == 5
    assert "silence s19 " in warnings[-1]


def test_report_can_be_asked_by_many_threads_at_once(daemon: Daemon) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: (daemon.health()["status"], len(daemon.metrics_text()) > 0), range(40)))
    assert len(set(found)) == 1
    assert Report.__doc__
