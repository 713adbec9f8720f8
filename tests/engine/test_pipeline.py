"""The way of one alert: which stages it goes through, and its one disposition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.config import DedupConfig, EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, Event, IncidentChanged, Placed
from aiops.records import Action, Alert, Metric, Record, Skipped, Tick

T0 = 1_795_000_000.0
# The stages of a firing alert, in their order.
FIRING = ("admit", "suppress", "measure", "assign", "keep", "group", "join cluster", "judge", "take")


def alert(at: float, name: str = "DiskFull", entity: str = "db", status: str = "firing", **more: object) -> Alert:
    severity = more.pop("severity", "critical")
    return Alert(ts=T0 + at, name=name, entity=entity, severity=severity, status=status, **more)  # type: ignore[arg-type]


def silence(at: float, entity: str = "db", until: float = 3600.0) -> Action:
    matchers = f'[{{"label": "entity", "op": "=", "value": "{entity}"}}]'
    return Action(ts=T0 + at, verb="silence", args={"id": "night", "matchers": matchers, "until": repr(T0 + until)})


def placed(events: list[Event]) -> list[Placed]:
    return [event for event in events if isinstance(event, Placed)]


def last(*records: Record) -> Placed:
    """The decision on the last of some alerts."""
    return placed(Engine().step(list(records)))[-1]


@pytest.mark.parametrize(
    ("records", "disposition", "reason"),
    [
        ([alert(0)], "incident", None),
        ([alert(0), alert(5)], "duplicate", "repeat of the firing alert"),
        ([alert(0, id="a"), alert(0, id="a")], "duplicate", "exact copy"),
        ([alert(0, starts_at=T0), alert(9, starts_at=T0)], "duplicate", "repeat of the firing alert"),
        ([alert(0), alert(5, status="resolved")], "incident", "resolved"),
        ([alert(0), alert(5, status="resolved"), alert(6, status="resolved")], "duplicate", "already resolved"),
        ([alert(0, status="resolved")], "background", "resolved without having fired"),
        ([alert(0, severity="info")], "background", "severity info is below warning"),
        ([alert(0, severity="info"), alert(5, severity="info", status="resolved")], "background", None),
        ([silence(0), alert(1)], "suppressed", "silence night"),
        ([silence(0), alert(1), alert(2, status="resolved")], "suppressed", "resolved while silenced"),
        ([alert(0), silence(1), alert(2)], "suppressed", "silence night"),
        ([silence(0, "web"), alert(1)], "incident", None),
    ],
)
def test_each_verdict_has_its_disposition(records: list[Record], disposition: str, reason: str | None) -> None:
    found = last(*records)
    assert found.disposition == disposition
    if reason is not None:
        assert found.reason == reason


def test_a_lone_warning_is_background_until_another_one_joins() -> None:
    engine = Engine()
    first = engine.step([alert(0, "DiskFull", severity="warning")])
    assert [each.disposition for each in placed(first)] == ["background"]
    found = engine.step([alert(1, "Slow", severity="warning"), alert(2, "Errors", severity="critical")])
    assert placed(found)[-1].disposition == "incident"


def test_a_silenced_alert_stays_in_the_cluster_of_its_incident() -> None:
    first, again = placed(Engine().step([alert(0), silence(1), alert(2)]))
    assert (again.cluster, again.member, again.incident) == (first.cluster, first.member, first.incident)


def test_a_stream_that_comes_back_soon_goes_on_in_its_incident() -> None:
    engine = Engine()
    first = placed(engine.step([alert(0, starts_at=T0)]))[0]
    engine.step([alert(60, status="resolved", starts_at=T0), Tick(ts=T0 + 500)])
    assert engine.accounts()["open_incidents"] == 0
    events = engine.step([alert(600, starts_at=T0 + 600)])
    assert placed(events)[0].incident == first.incident
    assert next(event.change for event in events if isinstance(event, IncidentChanged)) == "reopened"
    assert [event.target for event in events if isinstance(event, ClusterMerged)] == [first.cluster]


def test_during_a_storm_what_stands_alone_is_placed_in_the_incident_of_the_storm() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)))
    found = placed(engine.step([alert(n, f"Fault{n}", f"host-{n}") for n in range(8)]))
    assert [each.disposition for each in found] == ["incident"] * 8
    assert len({each.incident for each in found[:3]}) == 3
    assert len({each.incident for each in found[3:]}) == 1
    repeat = placed(engine.step([alert(9, "Fault7", "host-7")]))[0]
    assert (repeat.disposition, repeat.incident) == ("duplicate", found[7].incident)


@pytest.fixture
def visited() -> tuple[Engine, list[str]]:
    """An engine, and the stages that its alerts have been to."""
    engine, stages = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3))), list[str]()
    pipeline = engine.pipeline

    def watch(name: str, stage: Callable[[Arrival], None]) -> Callable[[Arrival], None]:
        def watched(arrival: Arrival) -> None:
            stages.append(name)
            stage(arrival)

        return watched

    rooms = (
        (pipeline.dedup, "admit", "admit"),
        (pipeline.muted, "suppress", "suppress"),
        (pipeline.detect, "measure", "measure"),
        (pipeline.correlate, "assign", "assign"),
        (pipeline.repeats, "keep", "keep"),
        (pipeline.grouping, "group", "group"),
        (pipeline.assignment, "assign", "join cluster"),
        (pipeline.triage, "judge", "judge"),
        (pipeline.opening, "take", "take"),
        (pipeline.episodes, "update", "update"),
        (pipeline.episodes, "suppress", "count suppressed"),
    )
    for room, method, name in rooms:
        setattr(room, method, watch(name, getattr(room, method)))
    return engine, stages


@pytest.mark.parametrize(
    ("records", "stages"),
    [
        ([alert(0)], ["admit", "suppress", "measure", "assign", "join cluster", "judge", "take"]),
        ([alert(0), alert(5)], ["admit", "suppress", "measure", "assign", "keep"]),
        ([alert(0), alert(5, status="resolved")], ["admit", "update"]),
        ([alert(0, status="resolved")], ["admit", "update"]),
        ([alert(0, id="a"), alert(0, id="a")], ["admit", "update"]),
        ([silence(0), alert(1)], ["admit", "suppress", "count suppressed"]),
        (
            [alert(n, f"Fault{n}", f"host-{n}") for n in range(4)],
            ["admit", "suppress", "measure", "assign", "group"],
        ),
    ],
)
def test_an_alert_goes_no_further_than_the_stage_that_decides_it(
    visited: tuple[Engine, list[str]], records: list[Record], stages: list[str]
) -> None:
    engine, seen = visited
    engine.step(records[:-1])
    seen.clear()
    engine.step(records[-1:])
    assert seen == stages
    order = [FIRING.index(name) for name in seen if name in FIRING]
    assert order == sorted(order)


def test_the_sample_of_a_metric_that_leaves_normal_is_an_alert_and_counts_as_none() -> None:
    engine = Engine()
    usual = [Metric(ts=T0 + 60 * n, entity="db", name="cpu", value=50.0 + n % 3) for n in range(200)]
    events = engine.step(usual)
    assert not placed(events)
    events = engine.step([Metric(ts=T0 + 60 * (200 + n), entity="db", name="cpu", value=5_000.0) for n in range(20)])
    derived = placed(events)
    assert derived
    accounts = engine.accounts()
    assert accounts["derived"] == len(derived)
    assert accounts["records"]["alert"] == 0
    assert sum(accounts["dispositions"].values()) == 0
    assert accounts["conserved"]


def test_an_alert_that_was_set_aside_is_rejected_in_a_cluster_of_its_own() -> None:
    engine = Engine()
    events = engine.step([alert(0), Skipped(ts=T0 + 1, of="alert", id="a-2", reason="no place for it")])
    assert placed(events)[-1] == Placed(1, "a-2", "rejected", 1, -1, None, "no place for it")
    assert engine.accounts()["dispositions"]["rejected"] == 1
    assert engine.accounts()["conserved"]


def test_what_fires_anew_as_its_silence_ended_was_counted_when_it_came() -> None:
    engine = Engine()
    engine.step([silence(0, until=600.0), alert(1)])
    events = engine.step([Tick(ts=T0 + 601)])
    assert [event.change for event in events if isinstance(event, IncidentChanged)] == ["opened"]
    assert not placed(events)
    assert engine.accounts()["dispositions"] == {**dict.fromkeys(engine.pipeline.dispositions, 0), "suppressed": 1}


def test_an_episode_that_is_over_ends_before_the_stream_begins_anew() -> None:
    """Its turn in the queue may not have come: thousands may be due at once."""
    engine = Engine(EngineConfig(dedup=DedupConfig(quiet_s=100.0)))
    engine.step([alert(0)])
    arrival = Arrival()
    arrival.seq, arrival.now = 1, T0 + 200
    arrival.begin(alert(200), T0 + 200)
    engine.pipeline.process(arrival)
    assert arrival.ended_at == T0 + 100
    assert arrival.verdict == "new"
    cluster = engine.clusters.home(arrival.stream)
    assert cluster is not None
    assert cluster.firing == 1


def test_streams_that_are_forgotten_while_they_fire_keep_no_incident_open() -> None:
    engine = Engine(EngineConfig(dedup=DedupConfig(max_streams=2)))
    engine.step([alert(n, f"Fault{n}", f"host-{n}") for n in range(3)])
    assert not engine.dedup.dropped
    firing = [cluster.firing for cluster in engine.clusters.by_number.values()]
    assert sum(firing) == 2


def test_a_rejected_name_is_reported_at_the_number_of_its_record() -> None:
    engine, moment = Engine(), Moment(41, T0)
    engine.pipeline.reject("a-9", "poison", moment)
    assert moment.out == [Placed(41, "a-9", "rejected", 41, -1, None, "poison")]


ALERTS = st.builds(
    alert,
    st.integers(0, 400),
    st.sampled_from(["DiskFull", "Slow", "Errors"]),
    st.sampled_from(["db", "web", "cart"]),
    st.sampled_from(["firing", "firing", "resolved"]),
    severity=st.sampled_from(["info", "warning", "critical"]),
    id=st.sampled_from(["", "a", "b"]),
)


@settings(max_examples=80, deadline=None)
@given(records=st.lists(st.one_of(ALERTS, ALERTS, st.builds(silence, st.integers(0, 400))), max_size=40))
def test_every_alert_has_one_disposition_in_the_order_of_the_input(records: list[Record]) -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)))
    found = placed(engine.step(records))
    asked = [(seq, record.id) for seq, record in enumerate(records) if isinstance(record, Alert)]
    assert [(each.seq, each.id) for each in found] == asked
    counted = Counter(each.disposition for each in found)
    assert {name: count for name, count in engine.accounts()["dispositions"].items() if count} == dict(counted)
    assert engine.accounts()["conserved"]
