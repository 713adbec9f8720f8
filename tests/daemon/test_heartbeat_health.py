"""A daemon expects its Watchdog: silence is an incident in health, metrics and history, over a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.heartbeats.config import ExpectedConfig, HeartbeatConfig
from aiops.journal import read
from aiops.ports import Inbox, Position, Received
from aiops.records import Alert, Tick
from tests.daemon.test_clocks import START, Clock, feed, tick
from tests.daemon.test_clocks import closed as close
from tests.daemons import bare_daemon

EXPECTED = HeartbeatConfig(expected=[ExpectedConfig(matchers=['alertname="Watchdog"'], every="10m")])


class Broker:
    """A source whose broker may be away."""

    name = "kafka"

    def __init__(self) -> None:
        self.connected = True

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """Never started."""

    def stop(self) -> None:
        """Nothing to end."""

    def health(self) -> dict[str, Any]:
        """Whether the broker is there."""
        return {"ok": self.connected, "connected": self.connected}


class Site:
    """A daemon on a state directory, with a clock and a source."""

    def __init__(self, directory: Path) -> None:
        self.clock, self.broker, self.directory = Clock(START), Broker(), directory
        self.daemon = self.open()

    def open(self) -> Daemon:
        config = Config(state=StateConfig(str(self.directory)), heartbeats=EXPECTED)
        make = lambda: Engine(EngineConfig(heartbeats=EXPECTED))  # noqa: E731
        return bare_daemon(config, make, [self.broker], clock=self.clock, monotonic=self.clock)

    def beat(self, at: float, source: str = "alertmanager") -> None:
        self.clock.now = START + at
        alert = Alert(ts=self.clock.now, name="Watchdog", source=source, severity="none", entity="prom", id=str(at))
        answer = self.daemon.inbox.submit(Received([alert], source="kafka"))
        assert answer is not None
        self.daemon.pump.round()

    def wait(self, start: float, end: float) -> None:
        for at in range(int(start), int(end), 10):
            self.clock.now = START + at
            tick(self.daemon)

    def restart(self) -> None:
        close(self.daemon)
        self.daemon = self.open()

    def changes(self) -> list[tuple[float, str]]:
        events = Engine(EngineConfig(heartbeats=EXPECTED)).step(list(read(self.directory / "journal")))
        return [(event.at - START, event.change) for event in events if isinstance(event, IncidentChanged)]


def test_silence_is_an_incident_in_health_metrics_and_history(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for at in (0, 300, 600):
        site.beat(at)
        site.wait(at + 10, at + 300)
    site.restart()
    site.wait(910, 1_400)
    site.daemon.pump._account()
    assert site.daemon.health()["heartbeats"] == {
        "ok": True, "detail": "", "expected": 1, "learned": 0, "silent": 1, "outages": 0, "away": [], "refused": 0,
    }  # fmt: skip
    assert '\naiops_heartbeats{state="silent"} 1' in site.daemon.metrics_text()
    close(site.daemon)
    [opened] = [at for at, change in site.changes() if change == "opened"]
    assert 1_200 <= opened <= 1_220
    with closing(sqlite3.connect(next(tmp_path.glob("*.db")))) as store:
        query = "select s.name, s.entity, e.severity from alert_episodes e join alert_streams s on s.id = e.stream"
        assert ("Watchdog is silent", "prom", 3) in store.execute(query).fetchall()


def test_a_daemon_that_was_down_and_a_broker_that_is_away_are_no_silence(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.beat(0)
    site.wait(10, 500)
    close(site.daemon)
    site.clock.now = START + 8_000
    site.daemon = site.open()
    site.wait(8_000, 8_050)
    site.beat(8_060)
    site.broker.connected = False
    site.wait(8_070, 9_500)
    site.daemon.pump._account()
    assert site.daemon.health()["heartbeats"]["away"] == ["alertmanager"]
    site.broker.connected = True
    site.wait(9_500, 9_900)
    assert [tick_ for tick_ in read(tmp_path / "journal") if isinstance(tick_, Tick) and tick_.away]
    close(site.daemon)
    assert site.changes() == []


def test_what_is_refused_is_shown(tmp_path: Path) -> None:
    site = Site(tmp_path)
    alert = Alert(ts=START, name="Backup", source="x", labels={"expected_every": "soon"})
    feed(site.daemon, alert)
    site.daemon.pump._account()
    found = site.daemon.health()
    assert found["heartbeats"]["ok"] is False
    assert any("1 expectation of senders refused" in text for text in found["warnings"])
    assert "\naiops_heartbeats_refused_total 1" in site.daemon.metrics_text()
    close(site.daemon)
