"""Storms: many alerts that stand alone become few incidents, and every one of them is still accounted for."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.backtest import replay
from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged, Notice, Placed
from aiops.engine.incidents.storm import Storms
from aiops.records import Alert, Incident, Record, Tick

LIMIT = 10
CONFIG = EngineConfig(incidents=IncidentConfig(storm_incidents=LIMIT, storm_window_s=60.0))
START = 1_700_000_000.0


def outage(count: int, gap_s: float = 0.5, domains: int = 1, severity: str | None = "critical") -> list[Record]:
    """Alerts that have nothing in common: each of another kind on another entity."""
    return [
        Alert(
            ts=START + number * gap_s,
            name=f"Alert{number}",
            id=str(number),
            entity=f"host{number}x",
            severity=severity,
            labels={"namespace": f"team-{number % domains}"},
        )
        for number in range(count)
    ]


def fold(engine: Engine, records: Sequence[Record]) -> list[Event]:
    return [event for record in records for event in engine.step((record,))]


def notices(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice) and event.topic == "storm"]


def storms(events: Sequence[Event]) -> list[Incident]:
    """The latest record of each incident that gathers."""
    latest = {event.incident.id: event.incident for event in events if isinstance(event, IncidentChanged)}
    return [incident for incident in latest.values() if (incident.title or "").startswith("Storm")]


def test_an_outage_of_a_thousand_things_is_few_incidents() -> None:
    engine = Engine(CONFIG)
    events = fold(engine, outage(1000))
    assert sum(isinstance(event, IncidentChanged) for event in fold(Engine(), outage(1000)[:200])) > 100
    opened = [event for event in events if isinstance(event, IncidentChanged) and event.change == "opened"]
    # Those that made it a storm, the storm's own, and a few whose alerts the correlator tied to others.
    assert LIMIT < len(opened) < 10 * LIMIT
    assert "a storm begins: more than 10 incidents opened within 1 min 0 s" in notices(events)[0]
    gathered = [event for event in events if isinstance(event, Placed) and "storm" in (event.reason or "")]
    assert len(gathered) > 800
    assert {event.disposition for event in gathered} == {"incident"}
    assert engine.accounts()["conserved"]
    assert engine.accounts()["storm"]


def test_background_that_gets_company_in_a_storm_opens_no_more_than_the_limit() -> None:
    """A mild alert waits in the background until something serious on the same host joins it, 300 times over."""
    engine = Engine(CONFIG)
    alerts: list[Record] = []
    for number in range(300):
        for severity in ("info", "critical"):
            name, host, at = f"Alert{number}{severity}", f"host{number}x", START + number * 0.5
            alerts.append(Alert(ts=at, name=name, id=name, entity=host, severity=severity))
    placed = [event for event in fold(engine, alerts) if isinstance(event, Placed)]
    opened = engine.accounts()["open_incidents"]
    assert LIMIT < opened < 5 * LIMIT
    assert engine.accounts()["conserved"]
    gathered = [event for event in placed if event.disposition == "incident" and "storm" in (event.reason or "")]
    assert len(gathered) > 200
    assert all(event.incident is not None for event in gathered)
    # Each stream stays where it is: what it says next is a repeat, and its end is told to the same incident.
    ends = [
        msgspec.structs.replace(alert, ts=START + 151.0, id=f"{alert.id}-over", status="resolved")
        for alert in alerts
        if isinstance(alert, Alert)
    ]
    over = [event for event in fold(engine, ends) if isinstance(event, Placed)]
    assert {event.disposition for event in over if event.incident is not None} == {"incident"}
    fold(engine, [Tick(ts=START + 2000.0), Tick(ts=START + 4000.0), Tick(ts=START + 6000.0)])
    assert engine.accounts()["open_incidents"] == 0


def test_its_incident_says_what_it_is() -> None:
    engine = Engine(CONFIG)
    events = fold(engine, [*outage(500), Tick(ts=START + 1500.0), Tick(ts=START + 3000.0)])
    (storm,) = storms(events)
    assert storm.alert_count > 400
    assert storm.title is not None
    assert storm.title.startswith(f"Storm in namespace=team-0: {storm.alert_count} alerts on {storm.alert_count} ent")
    assert len(storm.members) == 100
    assert storm.status == "resolved"
    assert "Most frequent: Alert" in storm.explanation[1]
    assert any("nothing ties to others are gathered" in text for text in storm.explanation)


def test_a_storm_ends_by_itself_and_incidents_open_again() -> None:
    engine = Engine(CONFIG)
    events = fold(engine, [*outage(200), Tick(ts=START + 400.0)])
    assert notices(events)[-1].startswith("the storm has ended: ")
    assert not engine.accounts()["storm"]
    later = fold(engine, [Alert(ts=START + 500.0, name="DiskFull", entity="db", severity="critical")])
    assert [event.change for event in later if isinstance(event, IncidentChanged)] == ["opened"]


def test_few_incidents_are_no_storm() -> None:
    slowly = fold(Engine(CONFIG), outage(60, gap_s=10.0))
    assert not notices(slowly)
    assert not storms(slowly)
    never = EngineConfig(incidents=IncidentConfig(storm_incidents=0))
    assert not notices(fold(Engine(never), outage(300)))


def test_domains_have_storms_of_their_own_up_to_a_cap() -> None:
    few = storms(fold(Engine(CONFIG), [*outage(600, domains=3), Tick(ts=START + 400.0)]))
    assert sorted(storm.title.split(":")[0] for storm in few if storm.title) == [
        f"Storm in namespace=team-{number}" for number in range(3)
    ]
    many = storms(fold(Engine(CONFIG), [*outage(600, domains=50), Tick(ts=START + 400.0)]))
    assert len(many) == 5


def test_lone_warnings_that_last_are_gathered_too() -> None:
    engine = Engine(CONFIG)
    warnings = outage(300, severity="warning")
    for record in warnings:
        assert isinstance(record, Alert)
        record.starts_at = record.ts
    records = [*warnings, Tick(ts=START + 4000.0), Tick(ts=START + 4100.0)]
    events = fold(engine, records)
    (storm,) = storms(events)
    assert storm.alert_count > 200
    assert sum(isinstance(event, IncidentChanged) and event.change == "opened" for event in events) < 30
    decisions = list(replay(records, Engine(CONFIG)).decisions())
    assert len(decisions) == len(warnings)
    assert sum(decision.incident == storm.id for decision in decisions) > 200


def test_what_belongs_together_still_opens_its_own() -> None:
    engine = Engine(CONFIG)
    storm = storms(fold(engine, outage(200)))[0]
    at = START + 101.0
    fault = [
        Alert(ts=at + number * 0.2, name="Saturated", entity="db-7", severity="critical", labels={"disk": str(number)})
        for number in range(8)
    ]
    placed = [event for event in fold(engine, fault) if isinstance(event, Placed)]
    assert placed[-1].incident not in (None, storm.id)


def test_memory_of_a_storm_is_bounded() -> None:
    engine = Engine(CONFIG)
    fold(engine, outage(3000, gap_s=0.01))
    biggest = max(engine.clusters.by_number.values(), key=lambda cluster: cluster.count)
    assert biggest.count > 2500
    assert len(biggest.members) == 200
    assert len(engine.clusters.by_number) < 100
    assert len(engine.clusters.alias) < 100


@given(st.integers(0, 2**32), st.integers(1, 400))
@settings(max_examples=12, deadline=None)
def test_snapshots_batches_and_conservation_hold_in_a_storm(seed: int, cut: int) -> None:
    rng = random.Random(seed)
    records: list[Record] = []
    now = START
    for number in range(400):
        now += rng.choice((0.0, 0.1, 1.0, 1.0, 90.0 if rng.random() < 0.05 else 2.0))
        kind = rng.randrange(60)
        records.append(
            Alert(
                ts=now,
                name=f"Alert{kind}",
                id=str(number),
                entity=f"host{rng.randrange(40)}x",
                severity=rng.choice(("critical", "high", "warning", None)),
                status="resolved" if rng.random() < 0.2 else "firing",
                labels={"namespace": f"team-{kind % 7}"},
            )
        )
    whole = Engine(CONFIG)
    events = [*whole.step(records), *whole.finish()]
    first, second = Engine(CONFIG), Engine(CONFIG)
    parts = fold(first, records[:cut])
    second.restore(first.snapshot())
    parts += [*second.step(records[cut:]), *second.finish()]
    assert parts == events
    assert second.snapshot() == whole.snapshot()
    assert whole.accounts()["conserved"]
    assert whole.accounts()["open_incidents"] == 0
    counted = sum(cluster.count for cluster in whole.clusters.by_number.values() if cluster.incident is not None)
    assert counted <= len(records)


@pytest.mark.parametrize("limit", [1, 2])
def test_the_smallest_storms(limit: int) -> None:
    config = EngineConfig(incidents=IncidentConfig(storm_incidents=limit))
    events = fold(Engine(config), [*outage(50), Tick(ts=START + 5000.0)])
    begins = [text for text in notices(events) if "begins" in text]
    assert len(begins) == 1
    assert len(notices(events)) == 2


def test_what_a_pause_made_due_ends_over_several_records_and_a_tick_does_more() -> None:
    never = EngineConfig(incidents=IncidentConfig(storm_incidents=0))
    engine, ticked = Engine(never), Engine(never)
    resolved = [
        msgspec.structs.replace(alert, ts=alert.ts + 1.0, id=f"{alert.id}-over", status="resolved")
        for alert in outage(450, gap_s=0.01)
        if isinstance(alert, Alert)
    ]
    fold(engine, [*outage(450, gap_s=0.01), *resolved])
    fold(ticked, [*outage(450, gap_s=0.01), *resolved])
    due = engine.accounts()["open_incidents"]
    assert due > 200
    noise = Alert(ts=START + 600.0, name="Other", entity="other", severity="info")
    later = [msgspec.structs.replace(noise, id=f"later-{number}") for number in range(2 * due)]
    fold(engine, later[:10])
    assert due - 40 < engine.accounts()["open_incidents"]
    events = fold(engine, later[10:])
    assert engine.accounts()["open_incidents"] == 0
    ends = [event.at for event in events if isinstance(event, IncidentChanged) and event.change == "resolved"]
    assert ends
    assert max(ends) < START + 600.0
    fold(ticked, [Tick(ts=START + 600.0), Tick(ts=START + 601.0), Tick(ts=START + 602.0)])
    assert ticked.accounts()["open_incidents"] == 0


def test_a_storm_is_over_once_fewer_than_half_as_many_want_to_open() -> None:
    storms = Storms(CONFIG.incidents)
    for second in range(LIMIT):
        began = storms.opens(START + second)
    assert began
    assert storms.active
    # Five of the last ten wanted to open from second 5 on; a minute later there are fewer than five.
    assert storms.next_due() == START + 5 + 60
    storms.wanted(START + 30)
    assert storms.next_due() == START + 6 + 60
    engine = Engine(CONFIG)
    fold(engine, outage(100))
    last = START + 99 * 0.5
    assert engine.pipeline.storms.active
    assert notices(fold(engine, [Tick(ts=last - 4 * 0.5 + 59.9)])) == []
    assert "the storm has ended" in notices(fold(engine, [Tick(ts=last - 4 * 0.5 + 60.1)]))[0]
    assert not engine.pipeline.storms.active
