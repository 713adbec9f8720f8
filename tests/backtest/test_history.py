"""Histories: archives from their beginning, journals of a daemon from each snapshot and from their beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.archive import write
from aiops.backtest.explain import Question, explain
from aiops.backtest.history import ArchiveStart, archive, journal, restored
from aiops.config import Config, SnapshotConfig, StateConfig, engine_digest
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.journal.snapshot import snapshot_paths
from aiops.ports import Received
from aiops.records import Alert, Record
from tests.daemons import bare_daemon

T0 = 1_795_000_000.0
ALERTS = [
    Alert(ts=T0 + n, name=f"A{n % 3}", entity=f"db-{n % 4}", service="db", severity="critical", id=f"a{n}")
    for n in range(24)
]


def feed(daemon: Daemon, records: list[Record]) -> None:
    done = daemon.inbox.submit(Received(records))
    assert done is not None
    daemon.pump.round()
    assert done.result(0) is True


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a daemon that was stopped in between: it has a snapshot of 16 alerts, and one of all."""
    folder = tmp_path_factory.mktemp("state")
    config = Config(state=StateConfig(str(folder)), snapshot=SnapshotConfig(fold_s=1e-9, max_share=1.0))
    for part in (ALERTS[:16], ALERTS[16:]):
        daemon = bare_daemon(config, Engine, clock=lambda: T0 + 30.0, monotonic=lambda: 50.0)
        feed(daemon, list(part))
        daemon.close()
        daemon.snapshots.wait(60.0)
    return folder


def test_an_archive_has_one_start_with_numbered_records(tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    write(file, ALERTS)
    start = archive([str(file)])[0]
    assert isinstance(start, ArchiveStart)
    assert [(number, record.id) for number, record in start.records()] == [(n, f"a{n}") for n in range(24)]
    assert start.notes("any") == []


def test_a_journal_starts_at_its_snapshots_the_latest_first_and_at_its_beginning(state: Path) -> None:
    starts = list(journal(state / "journal", state / "snapshots"))
    assert len(starts) == len(snapshot_paths(state / "snapshots")) + 1 == 3
    ids = [[record.id for _, record in start.records() if isinstance(record, Alert)] for start in starts]
    assert ids == [[], [f"a{n}" for n in range(16, 24)], [f"a{n}" for n in range(24)]]


def test_each_start_leads_to_the_same_state(state: Path) -> None:
    states = set()
    for start in journal(state / "journal", state / "snapshots"):
        engine = restored(start, Engine())
        assert engine is not None
        numbered = list(start.records())
        assert not numbered or numbered[0][0] == engine.seq
        engine.step([record for _, record in numbered])
        states.add(engine.snapshot())
    assert len(states) == 1


def test_explanations_are_the_same_from_a_snapshot_and_from_the_beginning(state: Path) -> None:
    digest = engine_digest(Config())
    for name in ("a17", "a23"):
        short = explain(journal(state / "journal", state / "snapshots"), Engine, Question(name), digest)
        assert short == explain(journal(state / "journal"), Engine, Question(name), digest)
        assert short.notes == []


def test_another_configuration_than_the_snapshots_is_noted(state: Path) -> None:
    one = explain(journal(state / "journal", state / "snapshots"), Engine, Question("a17"), "other")
    assert "another configuration" in one.notes[0]


def test_a_snapshot_that_cannot_be_read_is_passed_over(state: Path, tmp_path: Path) -> None:
    snapshots = tmp_path / "snapshots"
    snapshots.mkdir()
    for path in snapshot_paths(state / "snapshots"):
        (snapshots / path.name).write_bytes(path.read_bytes()[:-20])
    assert len(list(journal(state / "journal", snapshots))) == 1
