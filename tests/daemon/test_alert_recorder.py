"""The record of what became of each alert: complete, exact, and the same after a crash."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.ports import Received
from aiops.records import Action, Alert, Change, Logged, Metric
from aiops.store import alert_history
from aiops.store.alert_history import AlertQuery, Episode
from aiops.store.site_changes import site_changes
from tests.daemons import bare_daemon

T0 = 1_795_000_000.0

Input = Action | Alert | Change | Metric


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> float:
        return self.now


def daemon_in(folder: Path, clock: Clock) -> Daemon:
    return bare_daemon(Config(state=StateConfig(str(folder))), Engine, clock=clock, monotonic=clock)


def feed(daemon: Daemon, records: list[Any]) -> None:
    done = daemon.inbox.submit(Received(list(records)))
    assert done is not None
    daemon.pump.round()
    assert done.result(0) is True


def flushed(daemon: Daemon) -> sqlite3.Connection:
    daemon.pump._snapshot()
    daemon.snapshots.wait(60.0)
    return daemon.store.database.reader


def found(daemon: Daemon, **query: Any) -> list[Episode]:
    return alert_history.search(flushed(daemon), AlertQuery(limit=1_000, **query)).episodes


def alert(at: float, name: str = "Down", entity: str = "db-1", **more: Any) -> Alert:
    more.setdefault("severity", "critical")
    return Alert(ts=T0 + at, name=name, entity=entity, service="db", **more)


def test_recorder_keeps_an_episode_with_its_repeats_and_its_end(tmp_path: Path) -> None:
    clock = Clock()
    daemon = daemon_in(tmp_path, clock)
    team = {"team": "data"}
    feed(daemon, [alert(0, labels=team, message="no answer", url="https://am.example/1", id="a1")])
    feed(daemon, [alert(n, labels=team) for n in range(1, 5)])
    (one,) = found(daemon)
    assert (one.name, one.entity, one.service, one.count, one.ended_at) == ("Down", "db-1", "db", 5, None)
    assert (one.disposition, one.severity, one.started_at) == ("incident", 4, T0)
    assert (one.message, one.labels, one.url, one.alert_id) == ("no answer", team, "https://am.example/1", "a1")
    clock.now = T0 + 9
    feed(daemon, [alert(9, labels=team, status="resolved")])
    (one,) = found(daemon)
    assert (one.count, one.ended_at, one.ended_by) == (6, T0 + 9, "sender")
    assert one.incident is not None
    reader = daemon.store.database.reader
    assert alert_history.of_incident(reader, one.incident, 10) == [one]
    assert alert_history.minutes(reader, [one.incident, "inc-none"], 0.0) == {
        one.incident: [(int(T0 // 60), "db", 4, 5)],
        "inc-none": [],
    }
    daemon.close()


def test_recorder_keeps_two_episodes_of_one_frame(tmp_path: Path) -> None:
    daemon = daemon_in(tmp_path, Clock())
    feed(daemon, [alert(0), alert(1), alert(2, status="resolved"), alert(3), alert(4, status="resolved"), alert(5)])
    last, middle, first = found(daemon)
    assert [(one.count, one.ended_at) for one in (first, middle, last)] == [(3, T0 + 2), (2, T0 + 4), (1, None)]
    assert [one.ended_by for one in (first, middle, last)] == ["sender", "sender", None]
    daemon.close()


def test_recorder_names_the_silence(tmp_path: Path) -> None:
    clock = Clock()
    daemon = daemon_in(tmp_path, clock)
    until = {"id": "s1", "matchers": 'entity="db-1"', "until": "2027-01-01T00:00:00Z"}
    feed(daemon, [Action(ts=T0, verb="silence", id="x1", args=until)])
    feed(daemon, [alert(1), alert(2, entity="db-2")])
    other, muted = found(daemon)
    assert (muted.entity, muted.disposition, muted.silence, muted.incident) == ("db-1", "suppressed", "s1", None)
    assert (other.entity, other.disposition, other.silence) == ("db-2", "incident", None)
    assert found(daemon, silence="s1") == [muted]
    clock.now = T0 + 5
    # When the silence ends, what still fires gets an incident, and still names the silence that muted it.
    feed(daemon, [Action(ts=T0 + 5, verb="unsilence", id="x2", args={"id": "s1"})])
    (after,) = found(daemon, silence="s1")
    assert (after.disposition, after.silence) == ("incident", "s1")
    assert after.incident is not None
    daemon.close()


def test_recorder_follows_background_into_its_incident(tmp_path: Path) -> None:
    clock = Clock()
    daemon = daemon_in(tmp_path, clock)
    feed(daemon, [alert(0, "Slow", severity="warning")])
    (one,) = found(daemon)
    assert (one.disposition, one.incident) == ("background", None)
    assert one.reason
    for turn in range(1, 12):
        clock.now = T0 + turn * 300
        feed(daemon, [alert(turn * 300, "Slow", severity="warning")])
    (one,) = found(daemon)
    assert one.disposition == "incident"
    assert one.incident is not None
    assert one.count == 12
    counted = alert_history.minutes(daemon.store.database.reader, [one.incident])[one.incident]
    # Its beginning counts; what it repeated while it was background does not.
    assert counted[0] == (int(T0 // 60), "db", 2, 1)
    daemon.close()


def test_recorder_keeps_changes(tmp_path: Path) -> None:
    daemon = daemon_in(tmp_path, Clock())
    deploy = Change(ts=T0 + 1, entity="db-1", service="db", name="deploy 8.14", url="https://ci.example/1", id="c1")
    feed(daemon, [deploy, Change(ts=T0 + 2, entity="web-1", name="scale")])
    reader = flushed(daemon)
    assert [one.name for one in site_changes(reader, T0, T0 + 60)] == ["scale", "deploy 8.14"]
    (one,) = site_changes(reader, T0, T0 + 60, entities=["nope"], services=["db"])
    assert (one.entity, one.at, one.url) == ("db-1", T0 + 1, "https://ci.example/1")
    daemon.close()


def archive(seed: int) -> list[list[Input]]:
    """Return frames of a random archive: firings, repeats, ends, orphans, copies, silences, metrics, changes."""
    rng, at = random.Random(seed), 0.0
    frames: list[list[Input]] = []
    for _ in range(60):
        frame: list[Input] = []
        for _ in range(rng.randrange(1, 12)):
            at += rng.choice((0.1, 1.0, 20.0, 400.0))
            kind = rng.random()
            entity = f"host-{rng.randrange(12)}"
            if kind < 0.03:
                name = f"s{rng.randrange(3)}"
                args = {"id": name, "matchers": f'entity="{entity}"', "until": f"{T0 + at + 900}"}
                args["until"] = _rfc(T0 + at + 900)
                frame.append(Action(ts=T0 + at, verb="silence", id=f"x{at}", args=args))
            elif kind < 0.06:
                frame.append(Change(ts=T0 + at, entity=entity, name="deploy"))
            elif kind < 0.1:
                frame.append(Metric(ts=T0 + at, entity=entity, name="cpu", value=rng.random()))
            else:
                frame.append(_random_alert(rng, at, entity))
        frames.append(frame)
    return frames


def _random_alert(rng: random.Random, at: float, entity: str) -> Alert:
    return Alert(
        ts=T0 + at,
        name=rng.choice(("Down", "Slow", "Errors", "Disk")),
        entity=entity,
        service=rng.choice(("db", "web", None)),
        severity=rng.choice(("critical", "high", "warning", "info", "purple", None)),
        status="resolved" if rng.random() < 0.3 else "firing",
        id=rng.choice(("", f"id{rng.randrange(40)}")),
    )


def _rfc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _alerts(frames: list[list[Input]]) -> int:
    return sum(isinstance(one, Alert) for frame in frames for one in frame)


@pytest.mark.parametrize("seed", range(6))
def test_every_alert_is_in_the_history_once(tmp_path: Path, seed: int) -> None:
    clock = Clock()
    daemon = daemon_in(tmp_path, clock)
    frames = archive(seed)
    for frame in frames:
        clock.now = max(clock.now, frame[-1].ts)
        feed(daemon, frame)
    reader = flushed(daemon)
    received = _alerts(frames)
    dispositions = {name: count for name, count in daemon.pump.engine.accounts()["dispositions"].items() if count}
    assert sum(alert_history.totals(reader).values()) == received
    assert alert_history.totals(reader) == dispositions
    episodes = found(daemon)
    assert sum(one.count for one in episodes) == received
    assert len({one.seq for one in episodes}) == len(episodes) == alert_history.kept(reader).episodes
    daemon.close()


@pytest.mark.parametrize("seed", range(6))
def test_history_is_the_same_after_crashes(tmp_path: Path, seed: int) -> None:
    frames = archive(100 + seed)
    whole = _history(tmp_path / "whole", frames, frozenset())
    rng = random.Random(seed)
    assert _history(tmp_path / "torn", frames, frozenset(rng.sample(range(60), 8))) == whole


def _history(folder: Path, frames: list[list[Input]], crashes: frozenset[int]) -> tuple[Any, ...]:
    """Return all rows after these frames; the process is killed after some of them, as `kill -9` does."""
    clock = Clock()
    (folder / "snapshots").mkdir(parents=True)
    daemon = daemon_in(folder, clock)
    for number, frame in enumerate(frames):
        clock.now = max(clock.now, frame[-1].ts)
        feed(daemon, frame)
        if number % 7 == 3:
            daemon.pump._snapshot()
            daemon.snapshots.wait(60.0)
        if number in crashes:
            daemon.close()
            daemon = daemon_in(folder, clock)
    reader = flushed(daemon)
    rows = [
        reader.execute(f"select {columns} from {table} order by {columns}").fetchall()
        for table, columns in (
            ("alert_totals", "minute, disposition, count"),
            ("alert_minutes", "minute, name, service, severity, count"),
            ("site_changes", "at, entity, name"),
        )
    ]
    # Without the numbers: a start adds ticks to the log.
    episodes = [
        (one.started_at, one.fingerprint, one.count, one.disposition, one.ended_at, one.ended_by, one.silence)
        for one in found(daemon)
    ]
    daemon.close()
    return (*rows, sorted(episodes, key=str))


class Fragile(Engine):
    """An engine that cannot process one alert."""

    def step(self, batch: Sequence[Logged]) -> list[Event]:
        if any(isinstance(one, Alert) and one.name == "Boom" for one in batch):
            super().step([one for one in batch if isinstance(one, Alert) and one.name != "Boom"])
            raise RuntimeError("boom")
        return super().step(batch)


def test_alert_that_the_engine_cannot_process_is_in_the_history_as_rejected(tmp_path: Path) -> None:
    config = Config(state=StateConfig(str(tmp_path)))
    clock = Clock()
    daemon = bare_daemon(config, Fragile, clock=clock, monotonic=clock)
    feed(daemon, [alert(0), alert(1, entity="db-2")])
    feed(daemon, [alert(2), alert(3, "Boom", id="b1"), alert(4, entity="db-2"), alert(5, entity="db-3")])
    reader = flushed(daemon)
    assert alert_history.totals(reader) == {"incident": 3, "duplicate": 2, "rejected": 1}
    episodes = found(daemon)
    assert sum(one.count for one in episodes) == 6
    (bad,) = [one for one in episodes if one.disposition == "rejected"]
    assert (bad.alert_id, bad.count) == ("b1", 1)
    assert "boom" in str(bad.reason)
    daemon.close()


def test_counts_by_minute_come_back_when_a_merge_is_undone(tmp_path: Path) -> None:
    clock = Clock()
    daemon = daemon_in(tmp_path, clock)
    for service, at in (("shop", 0), ("mail", 600)):
        clock.now = T0 + at
        feed(daemon, [Alert(ts=clock.now, name="Down", entity=service, service=service, severity="critical")])
        feed(daemon, [Alert(ts=clock.now, name="Hot", entity=f"{service}-1", service=service, severity="critical")])
    ids = sorted({str(one.incident) for one in found(daemon) if one.incident is not None})
    assert len(ids) == 2
    before = alert_history.minutes(flushed(daemon), ids)
    assert all(before.values())
    feed(daemon, [Action(ts=clock.now, verb="merge", incident=ids[0], actor="alice", args={"into": ids[1]}, id="m-1")])
    merged = alert_history.minutes(flushed(daemon), ids)
    assert not merged[ids[0]]
    feed(daemon, [Action(ts=clock.now, verb="undo", incident=ids[1], actor="alice", id="u-1")])
    assert alert_history.minutes(flushed(daemon), ids) == before
    daemon.close()
