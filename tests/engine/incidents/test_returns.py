"""Returns: a trouble that pauses stays one incident, opens once, and counts how often it came back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import pytest

from aiops.engine.config import CorrelateConfig, DedupConfig, EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged
from aiops.engine.incidents.returns import MAX_TIMES, PATIENCE, QUIET_S, Returns, no_returns
from aiops.records import Action, Alert, Record, Tick

T0 = 1_795_000_000.0
# Its own streams return to a cluster within the hour, and each alert finds it.
KEEPS = CorrelateConfig(idle_s=3_600.0, sensitivity=0.9, background=False)


def alert(at: float, name: str = "CrashLoop", entity: str = "api-0", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name=name, entity=entity, **{"service": "api", "severity": "critical", **more})


Timed = Alert | Action | Tick


def burst(at: float, length: float = 60.0, **more: Any) -> list[Timed]:
    """One stream that fires and is resolved, with the time after that in which an incident resolves."""
    starts_at = T0 + at
    return [
        alert(at, starts_at=starts_at, **more),
        alert(at + length, starts_at=starts_at, status="resolved", **more),
    ]


def ticks(first: float, last: float, step: float = 5.0) -> list[Timed]:
    return [Tick(ts=T0 + first + step * number) for number in range(int((last - first) // step) + 1)]


def merged(*parts: Sequence[Timed]) -> list[Timed]:
    return sorted([record for part in parts for record in part], key=lambda record: record.ts)


def loop(every: float, times: int, **more: Any) -> list[Timed]:
    bursts = [burst(every * number, **more) for number in range(times)]
    return merged(*bursts, ticks(0, every * times))


def changes(events: list[Event]) -> list[IncidentChanged]:
    return [event for event in events if isinstance(event, IncidentChanged)]


def engine_of(correlate: CorrelateConfig | None = None, **incidents: Any) -> Engine:
    return Engine(EngineConfig(correlate=correlate or CorrelateConfig(), incidents=IncidentConfig(**incidents)))


def returns_of(*pairs: tuple[float, float]) -> Returns:
    returns = no_returns()
    for at, pause in pairs:
        returns.add(at, pause)
    return returns


# The numbers


def test_the_typical_time_between_returns_is_the_median_from_the_second_on() -> None:
    returns = returns_of((480.0, 400.0))
    assert returns.typical_s() is None
    returns.add(960.0, 400.0)
    assert returns.typical_s() == 480.0
    returns.add(5_000.0, 4_000.0)
    returns.add(5_500.0, 400.0)
    assert returns.typical_s() == 500.0
    assert returns.count == 4


def test_patience_follows_the_typical_pause_and_a_longer_last_one() -> None:
    assert no_returns().patience_s() == 0.0
    assert returns_of((480.0, 400.0)).patience_s() == PATIENCE * 400.0
    assert returns_of((1.0, 400.0), (2.0, 400.0), (3.0, 10.0)).patience_s() == PATIENCE * 400.0
    assert returns_of((1.0, 400.0), (2.0, 400.0), (3.0, 800.0)).patience_s() == PATIENCE * 800.0, "it backs off"


def test_only_the_latest_returns_are_kept_and_all_are_counted() -> None:
    returns = returns_of(*[(float(number), float(number)) for number in range(MAX_TIMES + 5)])
    assert returns.count == MAX_TIMES + 5
    assert returns.times == [float(number) for number in range(5, MAX_TIMES + 5)]
    assert returns.pauses == returns.times


def test_patience_forgets_pauses_of_long_ago() -> None:
    assert returns_of(*[(0.0, 9_000.0)] * 9, *[(0.0, 200.0)] * 8).patience_s() == PATIENCE * 200.0


def test_returns_of_merged_clusters_count_once_if_they_came_together() -> None:
    ours, theirs = returns_of((1_000.0, 300.0), (2_000.0, 900.0)), returns_of((1_100.0, 350.0), (5_000.0, 700.0))
    ours.take(theirs)
    assert (ours.count, ours.times, ours.pauses) == (3, [1_000.0, 2_000.0, 5_000.0], [300.0, 900.0, 700.0])


def test_returns_whose_times_are_forgotten_stay_counted_in_a_merge() -> None:
    ours = returns_of(*[(1_000.0 * number, 300.0) for number in range(MAX_TIMES + 4)])
    ours.take(returns_of((1_000.0 * MAX_TIMES, 300.0)))
    assert ours.count == MAX_TIMES + 4
    assert len(ours.times) == len(ours.pauses) == MAX_TIMES


def test_set_back_counts_times_ahead_as_now() -> None:
    returns = returns_of((100.0, 10.0), (900.0, 10.0))
    returns.set_back(500.0)
    assert returns.times == [100.0, 500.0]


@pytest.mark.parametrize(("values", "middle"), [([5.0], 5.0), ([9.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 3.0], 2.5)])
def test_median(values: list[float], middle: float) -> None:
    assert median(values) == middle


# The incident


def test_a_crash_loop_of_two_hours_opens_once_and_ends_once_after_its_first_return() -> None:
    engine = engine_of()
    events = changes(engine.step(merged(loop(480, 15), ticks(7_200, 12_000))))
    assert [event.change for event in events if event.change != "updated"] == [
        "opened", "resolved", "reopened", "resolved",
    ]  # fmt: skip
    assert len({event.incident.id for event in events}) == 1
    last = events[-1].incident
    assert (last.returns, last.return_every_s) == (14, 480.0)
    assert last.returned_at == [T0 + 480.0 * number for number in range(1, 15)]
    assert "Came back 14 times, about every 8 min; the last time after 7 min 0 s without an alert." in last.explanation
    assert sum("returns" in event.what for event in events) == 14
    # The end of the last burst, and two and a half of its pauses.
    assert events[-1].at == T0 + 480 * 14 + 60 + PATIENCE * 420


def test_the_first_return_continues_what_had_ended() -> None:
    engine = engine_of()
    events = changes(engine.step(loop(480, 2)))
    opened, resolved, reopened = events
    assert [event.change for event in events] == ["opened", "resolved", "reopened"]
    assert (opened.is_return, resolved.is_return, reopened.is_return) == (False, False, True)
    assert reopened.what == ["status", "returns"]
    assert reopened.named == opened.named
    assert reopened.incident.returns == 1
    assert reopened.incident.return_every_s is None


@pytest.mark.parametrize(("pause_s", "returns"), [(QUIET_S - 1, 0), (QUIET_S, 1)])
def test_a_short_pause_is_no_return(pause_s: float, returns: int) -> None:
    engine = engine_of()
    events = changes(engine.step([*burst(0), *burst(60 + pause_s)]))
    (state,) = engine.clusters.by_number.values()
    assert state.return_count() == returns
    assert [event.change for event in events] == ["opened", *["updated"] * returns]


def test_what_still_fires_is_no_pause() -> None:
    engine = engine_of(KEEPS)
    other = alert(1, "NotReady", starts_at=T0 + 1)
    engine.step([*burst(0), other, *burst(500)])
    (state,) = engine.clusters.by_number.values()
    assert (state.return_count(), len(state.members)) == (0, 2)


def test_a_stream_that_sends_no_end_is_assumed_to_fire_and_yet_may_be_quiet() -> None:
    engine = engine_of(KEEPS)
    engine.step([alert(0, entity="api-1"), alert(480, entity="api-2"), alert(700, entity="api-3")])
    (state,) = engine.clusters.by_number.values()
    assert (state.return_count(), state.firing) == (2, 3), "the next pod of the service"


def test_a_repeat_of_one_stream_is_no_return() -> None:
    engine = engine_of(KEEPS)
    engine.step([alert(0), alert(480), alert(960)])
    (state,) = engine.clusters.by_number.values()
    assert (state.return_count(), state.count) == (0, 3)


def test_something_else_that_joins_after_a_silence_is_no_return() -> None:
    engine = engine_of(KEEPS)
    engine.step([alert(0), alert(200, "DiskFull")])
    (state,) = engine.clusters.by_number.values()
    assert (state.return_count(), len(state.members)) == (0, 2)


def test_a_copy_of_an_end_ends_no_silence() -> None:
    engine = engine_of()
    copies = [alert(60 + 30 * each, starts_at=T0, status="resolved") for each in range(1, 6)]
    engine.step([*burst(0), *copies, *burst(250)])
    (state,) = engine.clusters.by_number.values()
    assert state.return_count() == 1


def test_a_stream_that_is_held_as_flapping_still_returns() -> None:
    config = EngineConfig(dedup=DedupConfig(flap_count=2, flap_window_s=1_800))
    engine = Engine(config)
    events = changes(engine.step(loop(300, 5)))
    (state,) = engine.clusters.by_number.values()
    assert state.return_count() == 4
    assert [event.change for event in events] == ["opened", *["updated"] * 4]


def test_a_return_after_the_window_begins_anew() -> None:
    engine = engine_of(reopen_s=9_000.0, return_window_s=3_000.0)
    events = changes(engine.step([*burst(0), *ticks(70, 4_000), *burst(4_100)]))
    assert [(event.change, event.is_return) for event in events] == [
        ("opened", False), ("resolved", False), ("reopened", False),
    ]  # fmt: skip


def test_the_window_bounds_how_long_an_incident_stays_open_over_its_pauses() -> None:
    engine = engine_of(reopen_s=4_000.0, return_window_s=4_000.0)
    events = changes(engine.step(merged(burst(0), burst(3_600), ticks(0, 12_000))))
    assert events[-1].change == "resolved"
    assert events[-1].at == T0 + 3_660 + 4_000


def test_an_hourly_failure_stays_one_incident_over_its_pauses() -> None:
    engine = engine_of(reopen_s=4_000.0)
    events = changes(engine.step(loop(3_600, 6)))
    assert [event.change for event in events] == ["opened", "resolved", "reopened", *["updated"] * 4]
    assert events[-1].incident.returns == 5
    assert "Came back 5 times, about every 1 h; the last time after 59 min 0 s without an alert." in (
        events[-1].incident.explanation
    )


def test_a_trouble_that_returns_on_time_is_no_habit_of_background() -> None:
    # After eight equal pauses, the correlator takes the stream for one that fires on a schedule.
    engine = engine_of()
    events = changes(engine.step(loop(900, 14)))
    assert engine.dedup.stream(alert(0)).background is None
    assert len({event.incident.id for event in events}) == 1
    assert events[-1].incident.returns == 13
    assert [event.change for event in events] == ["opened", "resolved", "reopened", *["updated"] * 12]


def test_background_that_fires_on_a_schedule_has_no_returns() -> None:
    engine = engine_of(min_severity="critical")
    engine.step(loop(900, 14, severity="high"))
    clusters = [
        cluster for cluster in engine.clusters.by_number.values() if (cluster.background or "").startswith("periodic")
    ]
    assert clusters
    assert all(cluster.return_count() == 0 for cluster in clusters)


def test_a_short_window_never_ends_an_incident_sooner_than_without_returns() -> None:
    engine = engine_of(return_window_s=10.0, resolve_after_s=300.0)
    events = changes(engine.step(merged(burst(0), burst(300), ticks(0, 1_200))))
    assert [(event.change, event.at - T0) for event in events] == [
        ("opened", 0), ("updated", 300), ("resolved", 660),
    ]  # fmt: skip


def test_a_different_alert_on_the_same_entity_an_hour_later_is_a_new_incident() -> None:
    engine = engine_of()
    events = changes(engine.step(merged(burst(0), burst(480), ticks(0, 3_590), burst(3_600, name="DiskFull"))))
    assert len({event.incident.id for event in events}) == 2
    assert [event.change for event in events][-1] == "opened"
    assert events[-1].incident.returns == 0


def test_while_an_incident_waits_for_its_return_its_streams_find_it() -> None:
    # The correlator let go of it after 120 s, and `reopen_s` is shorter than the pause.
    engine = engine_of(reopen_s=600.0)
    events = changes(engine.step(merged(burst(0), burst(480), burst(480 + 60 + 1_000), ticks(0, 1_600))))
    assert len({event.incident.id for event in events}) == 1
    assert events[-1].incident.returns == 2


def test_an_acknowledged_incident_that_returns_is_acknowledged() -> None:
    engine = engine_of()
    (opened,) = changes(engine.step([*burst(0)]))
    ack = Action(ts=T0 + 61, verb="acknowledge", incident=opened.incident.id, actor="kim")
    events = changes(engine.step([ack, *ticks(70, 470), *burst(480)]))
    assert [(event.change, event.incident.status) for event in events] == [
        ("acknowledged", "acknowledged"), ("resolved", "resolved"), ("reopened", "acknowledged"),
    ]  # fmt: skip


def test_what_a_person_resolved_begins_anew_when_it_returns_and_then_continues() -> None:
    engine = engine_of()
    (opened,) = changes(engine.step([*burst(0)]))
    name = opened.incident.id
    ack = Action(ts=T0 + 61, verb="acknowledge", incident=name)
    end = Action(ts=T0 + 62, verb="resolve", incident=name)
    events = changes(engine.step(merged([ack, end], ticks(70, 1_440), burst(480), burst(960))))
    shown = [(event.change, event.is_return, event.by_person, event.incident.status) for event in events[1:]]
    assert shown == [
        ("resolved", False, True, "resolved"),
        ("reopened", False, False, "open"),
        ("updated", False, False, "open"),
    ]
    assert events[-1].incident.returns == 2


def test_a_worse_return_has_its_severity_at_once() -> None:
    engine = engine_of()
    first, worse = burst(0, severity="high"), burst(480, severity="critical")
    events = changes(engine.step(merged(first, worse, ticks(0, 540))))
    assert [(event.change, event.incident.severity) for event in events] == [
        ("opened", "high"), ("resolved", "high"), ("reopened", "critical"),
    ]  # fmt: skip
    assert len(events[-1].named) == 1
    assert events[-1].named[0].level > events[0].named[0].level


def test_it_is_learned_from_once() -> None:
    engine = engine_of()
    learned: list[str] = []
    engine.incidents.learn = lambda incident, _: learned.append(incident.id)
    engine.step(merged(loop(480, 3), ticks(1_440, 9_000)))
    assert len(learned) == 1


def test_a_clock_that_is_set_back_shortens_no_patience() -> None:
    engine = engine_of()
    engine.step(loop(480, 3))
    (state,) = engine.clusters.by_number.values()
    (incident,) = engine.incidents.by_id.values()
    assert incident.resolve_due is not None
    now = T0 + 600
    engine.clusters.set_back(now)
    engine.incidents.set_back(now)
    assert state.active_at == now
    assert state.returns is not None
    assert state.returns.times == [T0 + 480, now]
    assert incident.resolve_due == now + PATIENCE * 420


def pattern(seed: int) -> Iterator[Record]:
    """Bursts of a few streams at odd pauses, with and without ends, a person's actions, ticks."""
    chance = random.Random(seed)
    at = 0.0
    for number in range(60):
        at += chance.choice([5.0, 90.0, 200.0, 480.0, 3_000.0])
        entity = f"api-{chance.randrange(3)}"
        kind = chance.choice(["fire", "fire", "end", "tick", "bare"])
        if kind == "tick":
            yield Tick(ts=T0 + at)
        elif kind == "bare":
            yield alert(at, "Slow", entity)
        else:
            yield alert(at, entity=entity, starts_at=T0 + at, status="resolved" if kind == "end" else "firing")
        if number % 20 == 19:
            yield Action(ts=T0 + at, verb="resolve", incident="inc-none")


@pytest.mark.parametrize("seed", [1, 2, 4, 6])
def test_a_restored_engine_continues_as_if_it_had_never_stopped(seed: int) -> None:
    records = list(pattern(seed))
    whole, parts = engine_of(KEEPS), engine_of(KEEPS)
    expected = whole.step(records)
    found: list[Event] = []
    for record in records:
        found += parts.step([record])
        restored = engine_of(KEEPS)
        restored.restore(parts.snapshot())
        assert restored.snapshot() == parts.snapshot()
        parts = restored
    assert found == expected
    assert any(event.incident.returns for event in changes(expected)), "the pattern returns"


def test_records_show_no_returns_without_one() -> None:
    (opened,) = changes(engine_of().step(burst(0)))
    assert (opened.incident.returns, opened.incident.returned_at, opened.incident.return_every_s) == (0, [], None)


# Storms


def storm(engine: Engine, first: float, count: int = 30) -> list[Event]:
    """As many unrelated alerts as begin a storm of ten."""
    return engine.step([alert(first + n / 2, f"Alert{n}", f"host-{n}", service=None) for n in range(count)])


def test_a_return_during_a_storm_goes_to_its_own_incident() -> None:
    engine = engine_of(storm_incidents=10, storm_window_s=300.0)
    (opened,) = changes(engine.step(burst(0)))
    storm(engine, 400)
    assert engine.pipeline.storms.active
    events = changes(engine.step(burst(480)))
    found = [(event.incident.id, event.incident.returns) for event in events if event.incident.returns]
    assert found == [(opened.incident.id, 1)]


def test_what_is_grouped_during_a_storm_has_no_returns() -> None:
    engine = engine_of(storm_incidents=10, storm_window_s=2_000.0)
    storm(engine, 0)
    grouped = [cluster for cluster in engine.clusters.by_number.values() if cluster.storm is not None]
    assert grouped
    storm(engine, 1_000)
    assert all(cluster.return_count() == 0 for cluster in grouped)
