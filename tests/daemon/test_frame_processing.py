"""A record that the engine cannot process is set aside: everything else goes on, here, after a restart, in a replay."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.backtest import RecordFault, replay, without
from aiops.config import Config, EndpointConfig, SnapshotConfig, StateConfig
from aiops.daemon import frame_processing as folding
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.journal import read
from aiops.journal.skips import SkipLog, read_skips
from aiops.journal.snapshot import Kept
from aiops.ports import Received
from aiops.records import Alert, Record, Skipped
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0
POISON = "Poison"


class Fragile(Engine):
    """Raises in the middle of an alert of that name, when half of the state has changed."""

    kind: type[BaseException] = ZeroDivisionError
    steps = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        place = self.correlate.place

        def fragile(seq: int, now: float, name: str, entity: str, service: str | None) -> Any:
            placement = place(seq, now, name, entity, service)
            if name.startswith(POISON):
                raise self.kind(f"no place for {name}")
            return placement

        self.correlate.place = fragile  # type: ignore[method-assign, assignment]

    def step(self, batch: Any) -> list[Event]:
        Fragile.steps += 1
        return super().step(batch)


def alert(number: int, name: str = "DiskFull") -> Alert:
    return Alert(
        ts=NOW + number,
        id=f"a{number}",
        name=name,
        entity=f"db-{number % 5}",
        service="db",
        severity="critical" if number % 3 else "warning",
        status="resolved" if number % 7 == 6 and name == "DiskFull" else "firing",
    )


def alerts(first: int, count: int, poison: Mapping[int, str] = {}) -> list[Record]:
    return [alert(number, poison.get(number, "DiskFull")) for number in range(first, first + count)]


def open_daemon(
    directory: Path, make: Callable[[], Engine] = Fragile, clock: Callable[[], float] = lambda: NOW + 100.0
) -> Daemon:
    config = Config(
        state=StateConfig(str(directory)),
        snapshot=SnapshotConfig(fold_s=1e6, every_s=1e6),
        endpoints=[EndpointConfig("pager", "webhook", settle_s={"critical": 0.0, "warning": 0.0})],
    )
    return bare_daemon(config, make, clock=clock)


def feed(daemon: Daemon, records: list[Record]) -> None:
    answer = daemon.inbox.submit(Received(records))
    assert answer is not None
    daemon.pump.round()
    assert answer.result(0) is True


def snapshot(daemon: Daemon) -> None:
    daemon.pump._snapshot()
    daemon.snapshots.wait(120.0)


def state_of(daemon: Daemon) -> bytes:
    return b"".join(daemon.pump.engine.snapshot_parts())


def stored(daemon: Daemon) -> tuple[list[Any], list[Any], list[Any]]:
    """Incidents as they are now, notifications and dead letters."""
    daemon.pump._present.write_all(daemon.pump.engine)
    reader = daemon.store.database.reader
    letters = reader.execute("select place, reason, raw from dead_letters order by number").fetchall()
    incidents = reader.execute("select id, version, body from incidents order by id").fetchall()
    return incidents, [(row.incident, row.version, row.change) for row in daemon.outbox.rows()], letters


def refold(directory: Path, make: Callable[[], Engine] = Fragile) -> bytes:
    engine = make()
    engine.step(list(read(directory / "journal")))
    return engine.snapshot()


@pytest.fixture
def calm() -> Iterator[None]:
    yield
    Fragile.kind = ZeroDivisionError
    Fragile.steps = 0


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("kind", [ZeroDivisionError, RecursionError, KeyError, MemoryError])
def test_the_record_is_set_aside_and_everything_else_goes_on(tmp_path: Path, kind: type[BaseException]) -> None:
    Fragile.kind = kind
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 40))
    snapshot(daemon)
    feed(daemon, alerts(40, 20))
    feed(daemon, alerts(60, 20, {65: POISON}))
    feed(daemon, alerts(80, 10))
    assert daemon.pump.state == "running"
    incidents, rows, [(place, reason, raw)] = stored(daemon)
    assert incidents
    assert rows
    # The clock of the host is the first record.
    seq = next(iter(read_skips(tmp_path / "journal")))
    assert place == f"record {seq}"
    assert reason.startswith(f"the engine could not process this alert: {kind.__name__}: ")
    assert msgspec.json.decode(raw, type=Alert).id == "a65"
    accounts = daemon.pump.engine.accounts()
    assert accounts["conserved"]
    assert (accounts["dispositions"]["rejected"], accounts["records"]["alert"], accounts["skipped"]) == (1, 90, 1)
    daemon.pump._account()
    health: dict[str, Any] = dict(daemon.health())
    assert health["skipped"]["count"] == 1
    assert health["skipped"]["newest"][0]["seq"] == seq
    assert any(f"record {seq}: {kind.__name__}" in warning for warning in health["warnings"])
    assert "aiops_records_skipped_total 1\n" in daemon.metrics_text()
    assert 'aiops_alerts_total{disposition="rejected"} 1\n' in daemon.metrics_text()
    assert "aiops_dead_letters_total 1\n" in daemon.metrics_text()
    assert state_of(daemon) == refold(tmp_path)
    daemon.close()


def clean(directory: Path, poison: Mapping[int, str], skipped: Iterable[int]) -> tuple[list[Any], list[Any]]:
    """What a daemon stores that never met the records: others stand in their place, and are set aside as well."""
    daemon = open_daemon(directory, Engine)
    SkipLog(directory / "journal").add(dict.fromkeys(skipped, "x"), NOW)
    daemon.close()
    daemon = open_daemon(directory, Engine)
    for first in range(0, 90, 10):
        feed(daemon, alerts(first, 10, poison))
    found = stored(daemon)[:2]
    daemon.close()
    return found


@pytest.mark.usefixtures("calm")
def test_the_state_is_as_if_the_record_had_never_come(tmp_path: Path) -> None:
    poison = {31: POISON, 33: f"{POISON}2", 60: POISON}
    daemon = open_daemon(tmp_path / "one")
    for first in range(0, 90, 10):
        feed(daemon, alerts(first, 10, poison))
    incidents, rows, letters = stored(daemon)
    assert len(letters) == 3
    assert (incidents, rows) == clean(tmp_path / "other", poison, read_skips(tmp_path / "one" / "journal"))
    assert state_of(daemon) == refold(tmp_path / "one")
    daemon.close()


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("with_snapshot", [True, False])
def test_a_restart_does_not_meet_it_again(tmp_path: Path, with_snapshot: bool) -> None:
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 10))
    if with_snapshot:
        snapshot(daemon)
    feed(daemon, alerts(10, 10, {12: POISON}))
    before, state = stored(daemon), state_of(daemon)
    daemon.close()
    # This engine would not raise, and decides the same all the same: what was set aside stays aside.
    for make in (Fragile, Engine):
        daemon = open_daemon(tmp_path, make)
        assert (stored(daemon), state_of(daemon)) == (before, state)
        assert refold(tmp_path, make) == state
        daemon.close()


@pytest.mark.usefixtures("calm")
def test_killed_before_the_skip_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame is in the journal and acknowledged, and nothing says that it cannot be processed."""
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 10))

    def killed(log: SkipLog, reasons: Mapping[int, str], at: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SkipLog, "add", killed)
        assert daemon.inbox.submit(Received(alerts(10, 10, {12: POISON}))) is not None
        with pytest.raises(KeyboardInterrupt):
            daemon.pump.round()
    daemon.close()
    assert read_skips(tmp_path / "journal") == {}
    daemon = open_daemon(tmp_path)
    assert len(stored(daemon)[2]) == 1
    assert len(read_skips(tmp_path / "journal")) == 1
    assert state_of(daemon) == refold(tmp_path)
    feed(daemon, alerts(20, 10))
    assert state_of(daemon) == refold(tmp_path)
    daemon.close()


@pytest.mark.usefixtures("calm")
def test_killed_after_the_skip_and_before_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 10))

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(daemon.store, "apply", killed)
        assert daemon.inbox.submit(Received(alerts(10, 10, {12: POISON}))) is not None
        with pytest.raises(KeyboardInterrupt):
            daemon.pump.round()
    daemon.close()
    daemon = open_daemon(tmp_path)
    assert [place for place, *_ in stored(daemon)[2]] == [f"record {seq}" for seq in read_skips(tmp_path / "journal")]
    daemon.close()


@pytest.mark.usefixtures("calm")
def test_a_disk_that_refuses_the_skip_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 10))
    path = tmp_path / "journal" / "skipped.jsonl"
    path.mkdir()
    feed(daemon, alerts(10, 10, {12: POISON}))
    state: str = daemon.pump.state
    assert state == "degraded"
    assert "Is a directory" in daemon.pump.reason
    assert daemon.inbox.submit(Received(alerts(20, 1))) is None
    path.rmdir()
    daemon.pump.round()
    state = daemon.pump.state
    assert state == "running"
    assert len(stored(daemon)[2]) == 1
    feed(daemon, alerts(20, 10))
    assert state_of(daemon) == refold(tmp_path)
    daemon.close()


@pytest.mark.usefixtures("calm")
def test_many_such_records_cost_a_bounded_number_of_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restored: list[int] = []
    restore = folding.restore

    def counted(fold: folding.HostedEngine, kept: Kept) -> None:
        restored.append(1)
        restore(fold, kept)

    monkeypatch.setattr(folding, "restore", counted)
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 10))
    feed(daemon, alerts(10, 500, {number: f"{POISON}{number}" for number in range(20, 500, 2)}))
    assert len(stored(daemon)[2]) == 240
    # Seconds with a large state; one for each of these records would be minutes.
    assert len(restored) <= 10
    assert state_of(daemon) == refold(tmp_path)
    daemon.close()


@pytest.mark.usefixtures("calm")
def test_frames_with_such_records_do_not_process_the_journal_again_and_again(tmp_path: Path) -> None:
    """Each begins where the one before ended, though no snapshot was taken."""
    daemon = open_daemon(tmp_path)
    costs = []
    for first in range(0, 400, 10):
        before = Fragile.steps
        feed(daemon, alerts(first, 10, {first + 5: POISON}))
        costs.append(Fragile.steps - before)
    assert max(costs[1:]) <= min(costs[1:]) + 2
    assert len(stored(daemon)[2]) == 40
    assert state_of(daemon) == refold(tmp_path)
    daemon.close()


def test_a_passing_fault_sets_nothing_aside(tmp_path: Path) -> None:
    failing = [True]

    class Once(Engine):
        def step(self, batch: Any) -> list[Event]:
            found = super().step(batch)
            if failing[0] and self.seq > 12:
                failing[0] = False
                raise MemoryError
            return found

    daemon = open_daemon(tmp_path, Once)
    feed(daemon, alerts(0, 10))
    feed(daemon, alerts(10, 10))
    assert not failing[0]
    assert read_skips(tmp_path / "journal") == {}
    assert state_of(daemon) == refold(tmp_path, Engine)
    daemon.close()


def test_an_engine_that_raises_at_everything_sets_the_frame_aside(tmp_path: Path) -> None:
    class Broken(Engine):
        def step(self, batch: Any) -> list[Event]:
            if any(not isinstance(record, Skipped) for record in batch) and self.seq > 1:
                self.seq += len(batch)
                raise OSError(errno.EIO, "no")
            return super().step(batch)

    daemon = open_daemon(tmp_path, Broken)
    feed(daemon, alerts(0, 1))
    feed(daemon, alerts(1, 30))
    assert daemon.pump.state == "running"
    assert daemon.pump.engine.accounts()["dispositions"]["rejected"] >= 30
    daemon.close()


@pytest.mark.usefixtures("calm")
def test_a_line_that_was_cut_off_hides_no_other(tmp_path: Path) -> None:
    SkipLog(tmp_path).add({3: "first"}, NOW)
    with open(tmp_path / "skipped.jsonl", "ab") as file:
        file.write(b'{"seq":7,"rea')
    SkipLog(tmp_path).add({9: "last"}, NOW)
    assert read_skips(tmp_path) == {3: "first", 9: "last"}


@pytest.mark.usefixtures("calm")
def test_a_replay_sets_it_aside_as_the_daemon_did(tmp_path: Path) -> None:
    daemon = open_daemon(tmp_path)
    feed(daemon, alerts(0, 40, {20: POISON}))
    daemon.close()
    done = replay(read(tmp_path / "journal"), Fragile())
    # And without the daemon's list: a replay finds it itself.
    (tmp_path / "journal" / "skipped.jsonl").unlink()
    with pytest.raises(RecordFault) as fault:
        replay(read(tmp_path / "journal"), Fragile())
    reasons = {fault.value.number: fault.value.reason}
    again = replay(without(read(tmp_path / "journal"), reasons), Fragile())
    assert list(again.decisions()) == list(done.decisions())
    assert [msgspec.json.encode(one) for one in again.incidents()] == [
        msgspec.json.encode(one) for one in done.incidents()
    ]
    [rejected] = [one for one in done.decisions() if one.disposition == "rejected"]
    assert (rejected.id, rejected.incident) == ("a20", None)


# A daemon of its own process that is killed while it sets a record aside.
KILLED = """
import os, signal, sys
from pathlib import Path
from aiops.journal import skips
from aiops.store.store import Store
from tests.daemon.test_frame_processing import POISON, alerts, feed, open_daemon

directory, moment = Path(sys.argv[1]), sys.argv[2]
daemon = open_daemon(directory)
feed(daemon, alerts(0, 10))

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "before":
    skips.SkipLog.add = die
elif moment == "while":
    def half(fd):
        os.ftruncate(fd, os.fstat(fd).st_size // 2)
        die()
    skips.os.fsync = half
elif moment == "after":
    Store.apply = die
feed(daemon, alerts(10, 10, {12: POISON}))
"""


@pytest.mark.crash
@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("moment", ["before", "while", "after"])
def test_kill_it_while_a_record_is_set_aside(tmp_path: Path, moment: str) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), moment]
    died = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100)
    assert died.returncode == -signal.SIGKILL, died.stderr
    daemon = open_daemon(tmp_path)
    assert [place for place, *_ in stored(daemon)[2]] == [f"record {seq}" for seq in read_skips(tmp_path / "journal")]
    assert len(read_skips(tmp_path / "journal")) == 1
    feed(daemon, alerts(20, 10))
    assert state_of(daemon) == refold(tmp_path)
    assert daemon.pump.engine.accounts()["conserved"]
    before = stored(daemon)
    daemon.close()
    daemon = open_daemon(tmp_path)
    assert stored(daemon) == before
    daemon.close()
