"""What came while the daemon was away is folded at its own times, as if the daemon had been there."""

from __future__ import annotations

from pathlib import Path

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.arrival import Arrival
from aiops.engine.engine import Engine
from aiops.journal import read
from aiops.ports import Received
from aiops.records import Alert, Record, Tick
from tests.daemons import bare_daemon

START = 1_800_000_000.0
HOUR_S = 3600.0


class Clock:
    """The host's clock, set by the test."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Watched(Engine):
    """Remembers for what time each alert was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, float] = {}
        process = self.pipeline.process

        def watch(arrival: Arrival) -> None:
            self.taken[arrival.alert.id] = arrival.now
            process(arrival)

        self.pipeline.process = watch  # type: ignore[method-assign]


def opened(directory: Path, clock: Clock) -> Daemon:
    return bare_daemon(Config(state=StateConfig(str(directory))), Watched, clock=clock)


def feed(daemon: Daemon, records: list[Record]) -> None:
    answer = daemon.inbox.submit(Received(records))
    assert answer is not None
    daemon.pump.round()
    assert answer.result(0) is True


def closed(daemon: Daemon) -> None:
    daemon.snapshots.wait(120.0)
    daemon.close()


def alert(name: str, at: float) -> Alert:
    return Alert(ts=at, name=name, id=name, entity=f"host-{name}", severity="high")


def test_alerts_after_a_restart_keep_their_times(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, [alert("first", START)])
    closed(daemon)
    clock.now = START + 10 * HOUR_S
    daemon = opened(tmp_path, clock)
    # The first frame is a backlog, over hours, without any silence before it.
    backlog = [alert(f"late-{hour}", START + hour * HOUR_S) for hour in range(1, 9)]
    feed(daemon, list(backlog))
    feed(daemon, [alert("last", START + 9 * HOUR_S), alert("now", clock.now)])
    fold = daemon.recovered.engine
    assert isinstance(fold, Watched)
    for one in backlog:
        assert fold.taken[one.id] == one.ts
    assert fold.taken["last"] == START + 9 * HOUR_S
    assert fold.taken["now"] == clock.now
    closed(daemon)


def test_the_clock_comes_before_the_first_records_and_after_each_pause(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    for pause in (0.0, 1.0, 90.0):
        clock.now += pause
        feed(daemon, [alert(f"at-{clock.now}", clock.now)])
    closed(daemon)
    records = list(read(tmp_path / "journal"))
    shown = [(type(one).__name__, one.passes if isinstance(one, Tick) else None) for one in records]
    told, alerted, passed = ("Tick", False), ("Alert", None), ("Tick", True)
    # While records flow, time passes each second as well.
    assert shown == [told, alerted, passed, alerted, passed, told, alerted, passed]


def test_history_read_by_a_new_daemon_is_not_one_moment(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    for _ in range(3):
        # The silence before the first alert passes no time.
        clock.now += 100.0
        daemon.pump.round()
    old = [alert(f"old-{day}", START - (300 - day) * 24 * HOUR_S) for day in range(5)]
    feed(daemon, list(old))
    fold = daemon.recovered.engine
    assert isinstance(fold, Watched)
    assert [fold.taken[one.id] for one in old] == [one.ts for one in old]
    closed(daemon)
