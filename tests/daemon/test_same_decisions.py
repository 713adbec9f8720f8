"""The daemon decides as the replay of its journal does: whatever the batches, the restarts and the crashes."""

from __future__ import annotations

import random
import sqlite3
import struct
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.config import Config, EndpointConfig, JournalConfig, SnapshotConfig, StateConfig
from aiops.daemon.admission import admit
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.journal import Meta, read
from aiops.journal.snapshot import snapshot_paths
from aiops.ports import DeadLetter, Position, Received
from aiops.records import Action, Record
from aiops.simulate import Options, simulate
from aiops.store.store import FrameDecisions
from tests.daemons import bare_daemon

SITE = simulate(Options(seed=3, services=16, faults=5, noise=6.0, hours=2.0))
RECORDS: list[Record] = [record for record in SITE.records if not isinstance(record, Action)]


def config(directory: Path) -> Config:
    return Config(
        state=StateConfig(str(directory)),
        journal=JournalConfig(segment_bytes=65_536),
        snapshot=SnapshotConfig(fold_s=0.002, every_s=1e6, max_share=1.0),
        endpoints=[EndpointConfig("pager", "webhook", settle_s={"critical": 0.0, "high": 0.0, "warning": 0.0})],
    )


def make() -> Engine:
    return Engine(topology=SITE.topology)


class Clock:
    """The host's clock, a little ahead of what is fed."""

    def __init__(self) -> None:
        self.now = SITE.options.start

    def __call__(self) -> float:
        return self.now


def open_daemon(directory: Path, clock: Clock) -> Daemon:
    return bare_daemon(config(directory), make, clock=clock)


def refold(directory: Path) -> tuple[dict[str, bytes], list[tuple[str, int, str]]]:
    """The incidents as they are in the end, and their changes, by a fold of the journal in one go."""
    newest: dict[str, bytes] = {}
    changes: list[tuple[str, int, str]] = []
    engine = make()
    for event in engine.step(list(read(directory / "journal"))):
        if isinstance(event, IncidentChanged):
            newest[event.incident.id] = msgspec.json.encode(event.incident)
            changes.append((event.incident.id, event.version, event.change))
    for name in newest:
        if (present := engine.present(name)) is not None:
            newest[name] = msgspec.json.encode(present[0])
    return newest, changes


def stored(daemon: Daemon) -> tuple[dict[str, bytes], list[tuple[str, int, str]]]:
    # What changed since its last version is shown as it is now.
    daemon.pump._present.write_all(daemon.pump.engine)
    reader = daemon.store.database.reader
    bodies = dict(reader.execute("select id, body from incidents").fetchall())
    changes = reader.execute(
        "select incident, version, text from audit where topic = 'incident' order by number"
    ).fetchall()
    return bodies, [(incident, version, text.split(":")[0]) for incident, version, text in changes]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1 << 16))
def test_random_batches_restarts_and_crashes(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory, chance, clock = tmp_path_factory.mktemp("state"), random.Random(seed), Clock()
    daemon, at = open_daemon(directory, clock), 0
    while at < len(RECORDS):
        size = chance.choice([1, 3, 40, 250, 1200])
        part = RECORDS[at : at + size]
        at += len(part)
        clock.now = max(clock.now, *(record.ts + 1.0 for record in part if not hasattr(record, "opened_at")))
        received = Received(part, Position("feed", {"file": at}), [DeadLetter("feed", str(at), "bad")])
        fate = chance.random()
        if fate < 0.1:
            # Killed between the commit and the fold: acknowledged, and nothing made of it.
            admitted = admit([received], daemon.writer.seq)
            meta = Meta(clock.now, admitted.positions, daemon.pump.meta.rejected + 1, admitted.dead_letters)
            daemon.writer.append(admitted.records, admitted.lines, meta)
        else:
            answer = daemon.inbox.submit(received)
            assert answer is not None
            daemon.pump.round()
            assert answer.result(0) is True
        if fate < 0.2:
            daemon.snapshots.wait(120.0)
            daemon.close()
            daemon = open_daemon(directory, clock)
        position = daemon.position("feed")
        assert position is not None
        assert position.at == {"file": at}
        if chance.random() < 0.1:
            clock.now += 2.0
    daemon.snapshots.wait(120.0)
    daemon.close()
    daemon = open_daemon(directory, clock)
    try:
        bodies, changes = stored(daemon)
        wanted, wanted_changes = refold(directory)
        assert bodies == wanted
        assert changes == wanted_changes
        assert len(bodies) >= 2
        assert list((directory / "snapshots").iterdir())
        accounts = daemon.recovered.engine.accounts()
        assert accounts["conserved"]
        assert accounts["records"]["alert"] == len(SITE.alerts)
        letters = daemon.store.database.reader.execute("select count(*) from dead_letters").fetchone()[0]
        assert letters == daemon.pump.meta.rejected > 0
        rows = daemon.outbox.rows(limit=10_000)
        assert len({(row.incident, row.version) for row in rows}) == len({row.key for row in rows}) == len(rows)
        opened = {row.incident for row in rows if row.change == "opened"}
        assert opened == {id for id, *_ in changes}
    finally:
        daemon.snapshots.wait(120.0)
        daemon.close()


def feed(daemon: Daemon, clock: Clock, records: list[Record]) -> None:
    clock.now = max(record.ts for record in records if not hasattr(record, "opened_at"))
    assert daemon.inbox.submit(Received(records)) is not None
    daemon.pump.round()
    daemon.snapshots.wait(120.0)


def test_a_lost_store_is_written_again_and_nobody_is_told_twice(tmp_path: Path) -> None:
    clock = Clock()
    daemon = open_daemon(tmp_path, clock)
    for at in range(0, len(RECORDS), 100):
        feed(daemon, clock, RECORDS[at : at + 100])
    before = stored(daemon)
    told = {(row.key, row.change) for row in daemon.outbox.rows(limit=10_000)}
    assert told
    daemon.pump.stop()
    daemon.pump.run()
    daemon.close()
    for path in tmp_path.glob("aiops.db*"):
        path.unlink()
    daemon = open_daemon(tmp_path, clock)
    try:
        assert stored(daemon) == before
        rows = daemon.outbox.rows(limit=10_000)
        assert {(row.key, row.change) for row in rows if row.change == "opened"} <= told
        assert not [row for row in rows if row.state == "due" and row.due_at <= daemon.recovered.meta.at]
        assert any("the store ends at frame 0" in problem for problem in daemon.recovered.problems)
    finally:
        daemon.close()


def test_a_damaged_snapshot_costs_time_only(tmp_path: Path) -> None:
    clock = Clock()
    daemon = open_daemon(tmp_path, clock)
    for at in range(0, len(RECORDS), 100):
        feed(daemon, clock, RECORDS[at : at + 100])
    before = stored(daemon)
    daemon.close()
    snapshots = sorted((tmp_path / "snapshots").iterdir())
    assert len(snapshots) == 3
    snapshots[-1].write_bytes(snapshots[-1].read_bytes()[:-5])
    daemon = open_daemon(tmp_path, clock)
    try:
        assert stored(daemon) == before == refold(tmp_path)
        assert any(snapshots[-1].name in problem for problem in daemon.recovered.problems)
    finally:
        daemon.close()


def test_a_snapshot_that_does_not_tell_its_parts_is_used(tmp_path: Path) -> None:
    """Those of older versions; a daemon that is upgraded goes on where it was."""
    clock = Clock()
    daemon = open_daemon(tmp_path, clock)
    for at in range(0, len(RECORDS), 100):
        feed(daemon, clock, RECORDS[at : at + 100])
    daemon.pump.stop()
    daemon.pump.run()
    before = stored(daemon)
    daemon.close()
    newest = snapshot_paths(tmp_path / "snapshots")[-1]
    raw = newest.read_bytes()
    header = struct.Struct("<4sIQI")
    magic, told_bytes, state_bytes, _ = header.unpack_from(raw)
    told = msgspec.json.decode(raw[header.size : header.size + told_bytes])
    assert len(told.pop("parts")) > 10
    rest = msgspec.json.encode(told) + raw[header.size + told_bytes :]
    newest.write_bytes(header.pack(magic, len(rest) - state_bytes, state_bytes, zlib.crc32(rest)) + rest)
    daemon = open_daemon(tmp_path, clock)
    try:
        assert daemon.recovered.problems == []
        assert daemon.recovered.frames == 0
        assert stored(daemon) == before
    finally:
        daemon.close()


def test_a_store_that_refuses_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    daemon = open_daemon(tmp_path, clock)
    apply = daemon.store.apply

    def full(decided: list[FrameDecisions]) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(daemon.store, "apply", full)
    feed(daemon, clock, RECORDS)
    state: str = daemon.pump.state
    assert state == "degraded"
    assert "database or disk is full: free some space" in daemon.pump.reason
    assert daemon.inbox.submit(Received(RECORDS[:1])) is None
    monkeypatch.setattr(daemon.store, "apply", apply)
    daemon.pump.round()
    state = daemon.pump.state
    assert state == "running"
    assert stored(daemon) == refold(tmp_path)
    daemon.snapshots.wait(120.0)
    daemon.close()
