"""Whose time passes: a late record holds nobody back, and a daemon that catches up comes to the present in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.daemon.daemon import Daemon
from aiops.daemon.pump import engine_time
from aiops.daemon.sources import Sources
from aiops.daemon.ticks import BEHIND_CALM_S, BEHIND_S, RECENT_S, START_BACKLOG_S, START_CALM_S, STUCK_S, Ticks
from aiops.records import Action, Tick
from tests.daemon.test_clocks import START, Clock, changes, closed, fault, feed, opened, tick
from tests.daemon.test_notifications import Site, post, sent, site
from tests.web.test_daemon import wait_for

__all__ = ["site"]

HOUR_S = 3600.0
# No more than this passes between the host's clock and the engine's while it is at the present; see operations.md.
BOUND_S = 5.0


def pass_(daemon: Daemon, clock: Clock, seconds: float, between: Callable[[], None] = lambda: None) -> None:
    """Let time pass, a second at a time."""
    for _ in range(round(seconds)):
        clock.now += 1.0
        between()
        tick(daemon)


def lag_s(daemon: Daemon, clock: Clock) -> float:
    return clock.now - engine_time(daemon.pump.engine)


def silenced(until: float) -> Action:
    """A silence for the alert Fault1."""
    return Action(
        ts=START, verb="silence", id="q", args={"id": "q", "matchers": "alertname=Fault1", "until": str(until)}
    )


def named_at(directory: Path, name: str) -> float:
    """When an alert was named first, as the journal says."""
    return next(change.at for change in changes(directory) if name in [one.name for one in change.named])


@pytest.mark.parametrize("late_s", [600.0, 2 * HOUR_S, 90 * 24 * HOUR_S])
def test_a_late_sender_holds_back_nobody(tmp_path: Path, late_s: float) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, fault(0, clock.now))
    feed(daemon, silenced(START + 20))
    feed(daemon, fault(1, clock.now))
    for _ in range(60):
        clock.now += 1.0
        feed(daemon, fault(2, clock.now - late_s, source="zone"))
        assert lag_s(daemon, clock) <= BOUND_S
    closed(daemon)
    assert START + 20 <= named_at(tmp_path, "Fault1") <= START + 20 + BOUND_S


def test_a_time_that_stands_still_is_no_archive(tmp_path: Path) -> None:
    """The first sender of a fresh state sends one old time for ever."""
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, fault(0, START - 2 * HOUR_S))
    for number in range(round(STUCK_S + BOUND_S) + 1):
        assert number > 3 or lag_s(daemon, clock) > HOUR_S, "it may be an archive"
        clock.now += 1.0
        feed(daemon, fault(number, START - 2 * HOUR_S))
    assert lag_s(daemon, clock) <= BOUND_S
    closed(daemon)


def test_one_record_of_now_ends_the_catching_up_for_good(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    for number in range(30):
        clock.now += 1.0
        feed(daemon, fault(number, START - 50 * 24 * HOUR_S + 60 * number))
        assert lag_s(daemon, clock) > HOUR_S
    feed(daemon, fault(99, clock.now))
    for number in range(30):
        clock.now += 1.0
        feed(daemon, fault(number, START - 50 * 24 * HOUR_S + 60 * (30 + number)))
        assert lag_s(daemon, clock) <= BOUND_S
    closed(daemon)


def test_an_archive_at_its_own_pace_keeps_its_times(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    for number in range(120):
        clock.now += 1.0
        feed(daemon, fault(number, clock.now - 5 * HOUR_S))
        assert lag_s(daemon, clock) == 5 * HOUR_S
    pass_(daemon, clock, BEHIND_CALM_S + 1)
    assert lag_s(daemon, clock) <= 1.0
    closed(daemon)


@pytest.mark.parametrize(("away_s", "bound_s"), [(3.0, 1.0), (RECENT_S - 5, 1.0), (600.0, START_CALM_S + 1)])
def test_after_a_restart_without_a_backlog_time_passes_at_once(tmp_path: Path, away_s: float, bound_s: float) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    feed(daemon, fault(0, START))
    feed(daemon, silenced(START + 2))
    feed(daemon, fault(1, START))
    closed(daemon)
    clock.now += away_s
    daemon = opened(tmp_path, clock)
    begun = clock.now
    pass_(daemon, clock, bound_s + 1)
    assert lag_s(daemon, clock) <= 1.0
    closed(daemon)
    assert named_at(tmp_path, "Fault1") <= begun + bound_s


def test_a_source_with_a_backlog_is_waited_for() -> None:
    has: list[bool] = [True]
    ticks = Ticks(1.0, has_backlog=lambda: has[0])
    reached = START - HOUR_S
    assert ticks.idle(START, reached) == ticks.idle(START + START_BACKLOG_S - 1, reached) == []
    assert ticks.idle(START + START_BACKLOG_S, reached) == [Tick(ts=START + START_BACKLOG_S)]
    ticks = Ticks(1.0, has_backlog=lambda: has[0])
    assert ticks.idle(START, reached) == ticks.idle(START + START_CALM_S, reached) == []
    has[0] = False
    assert ticks.idle(START + START_CALM_S + 1, reached) != []


class Told:
    """A source that says of itself what the test gives it."""

    def __init__(self, **told: object) -> None:
        self.name = "told"
        self.told = told

    def run(self, *_: object) -> None: ...

    def stop(self) -> None: ...

    def health(self) -> dict[str, object]:
        return self.told


@pytest.mark.parametrize(
    ("told", "has"),
    [
        ({"ok": True}, False),
        ({"ok": True, "offset": 7}, False),
        ({"ok": False, "connected": False, "partitions": 0, "lag": {}}, True),
        ({"ok": True, "connected": True, "partitions": 0, "lag": {}}, True),
        ({"ok": True, "connected": True, "partitions": 2, "lag": {"t/0": 0, "t/1": 0}}, False),
        ({"ok": True, "connected": True, "partitions": 2, "lag": {"t/0": 0, "t/1": 4}}, True),
    ],
)
def test_which_sources_have_a_backlog(told: dict[str, object], has: bool) -> None:
    assert Sources([Told(**told)], object()).have_backlog() is has  # type: ignore[arg-type]


def test_a_backlog_near_the_present_is_caught_up_with_or_is_a_late_clock() -> None:
    ticks, now, lag = Ticks(1.0), START, 3000.0
    while lag > BEHIND_S:
        ticks.seen([fault(0, now - lag)], now)
        assert ticks.flowing(now) == []
        now += 5
        lag -= 50
    late, now = Ticks(1.0), START
    while now <= START + STUCK_S:
        assert late.flowing(now) == []
        late.seen([fault(0, now - 600)], now)
        now += 5
    assert late.flowing(now) != []


def test_the_first_records_after_a_start_have_the_clock_of_their_receipt() -> None:
    ticks = Ticks(1.0)
    assert [type(one) for one in ticks.idle(START, START - 1.0)] == [Tick]
    stated = ticks.clock(START + 0.5)
    assert [one.passes for one in stated if isinstance(one, Tick)] == [False]
    assert ticks.clock(START + 1.0) == []
    assert len(ticks.clock(START + 3.0)) == 1


def test_time_passes_as_often_while_records_flow() -> None:
    ticks = Ticks(1.0)
    ticks.seen([fault(0, START)], START)
    sent = [len(ticks.flowing(START + number / 4)) for number in range(9)]
    assert sent == [1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_a_sender_in_a_wrong_time_zone_holds_back_no_silence_of_a_real_daemon(site: Site) -> None:
    client, receiver = site
    ended = threading.Event()
    sender = threading.Thread(target=wrong_zone, args=(site, ended))
    post(client, {"alertname": "ZoneNow", "instance": "zone-now", "severity": "critical"})
    sender.start()
    try:
        matchers = [{"label": "alertname", "op": "=", "value": "ZoneQuiet"}]
        made = client.post("/api/v1/silences", json={"matchers": matchers, "until": time.time() + 5, "id": "zone"})
        assert made.status_code == 201, made.text
        post(client, {"alertname": "ZoneQuiet", "instance": "zone-quiet", "severity": "critical"})
        # Nothing but the late sender sends while this is waited for.
        wait_for(lambda: any("ZoneQuiet" in one["incident"]["title"] for one in sent(receiver)))
    finally:
        ended.set()
        sender.join()


def wrong_zone(site: Site, ended: threading.Event) -> None:
    """Send an alert of two hours ago twice a second."""
    while not ended.wait(0.5):
        old = {"kind": "alert", "ts": time.time() - 2 * HOUR_S, "name": "Zone", "severity": "info", "entity": "zone"}
        site[0].post("/ingest/archive", json=old)
