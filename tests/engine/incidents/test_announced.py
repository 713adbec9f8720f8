"""What joins an open incident is reported once, soon, and at a bounded rate."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged, Mention
from aiops.engine.incidents.announced import MAX_NAMED, is_replaced, no_names
from aiops.engine.incidents.lifecycle import NEWS_EVERY_S
from aiops.records import Alert, Record, Severity, Tick

START = 1_700_000_000.0


def alert(at: float, name: str, service: str, severity: str = "critical", **more: object) -> Alert:
    # One entity, so that the correlator joins them.
    return Alert(ts=START + at, name=name, entity="shop", service=service, severity=severity, **more)  # type: ignore[arg-type]


def changed(engine: Engine, *records: Record) -> list[IncidentChanged]:
    return [event for event in engine.step(records) if isinstance(event, IncidentChanged)]


def test_a_name_that_joins_an_open_incident_is_reported_at_once() -> None:
    engine = Engine()
    (opened,) = changed(engine, alert(0, "ApiErrors", "api"))
    assert opened.named == [Mention("ApiErrors", "api", 4)]
    events = changed(engine, alert(33, "PaymentsDown", "payments"))
    assert [(event.change, event.what) for event in events if event.what != ["members"]] == [("updated", ["alerts"])]
    assert Mention("PaymentsDown", "payments", 4) in events[-1].named
    assert changed(engine, alert(34, "PaymentsDown", "payments", id="again")) == []


def test_a_burst_is_a_few_records_and_all_of_it_is_named() -> None:
    engine = Engine()
    changed(engine, alert(0, "ApiErrors", "api"))
    burst = [alert(1 + n / 1000, f"Alert{n}", f"svc-{n}") for n in range(60)]
    assert changed(engine, *burst) == []
    (event,) = changed(engine, Tick(ts=START + NEWS_EVERY_S))
    assert len(event.named) == 61
    assert event.at == START + NEWS_EVERY_S


def test_a_repeat_on_its_usual_way_that_got_worse_is_reported() -> None:
    engine = Engine()
    changed(engine, *[alert(n * 30.0, "CartSlow", "cart", "high") for n in range(10)])
    events = changed(engine, alert(300, "CartSlow", "cart", "critical"))
    assert ["severity"] in [event.what for event in events]
    assert events[-1].named == [Mention("CartSlow", "cart", 4)]


def test_names_are_bounded_for_each_severity_and_the_rest_is_counted() -> None:
    named = no_names()
    assert all(named.add((f"n{n}", f"p{n}", Severity.WARNING)) for n in range(MAX_NAMED))
    assert not named.add(("one too many", "p0", Severity.WARNING))
    assert named.more == 1
    assert named.add(("Critical", "p0", Severity.CRITICAL)), "a hundred warnings keep no critical alert out"
    assert named.mentions()[0] == Mention("Critical", "p0", 4)
    assert len(named.names) == MAX_NAMED + 1


SAID = st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.integers(0, 4))


@settings(max_examples=200, deadline=None)
@given(said=st.lists(SAID, max_size=60))
def test_whatever_is_named_is_news_once_at_each_severity(said: list[tuple[str, str, int]]) -> None:
    named = no_names()
    names: dict[str, int] = {}
    places: dict[str, int] = {}
    for name, place, level in said:
        is_new = level > names.get(name, -1) or level > places.get(place, -1)
        assert named.add((name, place, level)) == is_new
        names[name], places[place] = max(level, names.get(name, -1)), max(level, places.get(place, -1))
    assert {name: level for name, (level, _) in named.names.items()} == names
    assert {place: level for place, (level, _) in named.places.items()} == places
    levels = [mention.level for mention in named.mentions()]
    assert levels == sorted(levels, reverse=True)


STORM = EngineConfig(incidents=IncidentConfig(storm_incidents=10, storm_window_s=60.0))


def storm(severity: str, count: int = 100) -> list[Record]:
    return [
        Alert(ts=START + n * 0.5, name=f"Alert{n}", entity=f"host{n}x", severity=severity, labels={"zone": "a"})
        for n in range(count)
    ]


def test_what_is_worse_than_a_storm_opens_its_own_incident_up_to_a_reserve() -> None:
    engine = Engine(STORM)
    changed(engine, *storm("high"))
    assert engine.pipeline.storms.active
    worse = [
        Alert(ts=START + 50 + n * 0.1, name=f"Down{n}", entity=f"core{n}x", severity="critical", labels={"zone": "a"})
        for n in range(30)
    ]
    events = changed(engine, *worse)
    opened = [event.incident.title for event in events if event.change == "opened"]
    assert opened[0] == "Down0 on core0x"
    assert engine.pipeline.storms.reserved == 10
    assert len(opened) == 10
    # What comes beyond the reserve is in the storm's incident, which says so at once, by name and first.
    gathered = next(event for event in events if event.what == ["severity"])
    assert "Storm" in (gathered.incident.title or "")
    assert gathered.named[0] == Mention("Down10", "core10x", 4)


def test_what_is_as_severe_as_the_storm_is_gathered() -> None:
    engine = Engine(STORM)
    changed(engine, *storm("critical"))
    more = Alert(ts=START + 50.2, name="Down", entity="core", severity="critical", labels={"zone": "a"})
    assert [event.change for event in changed(engine, more)] in ([], ["updated"])
    assert engine.pipeline.storms.reserved == 0


def test_a_place_that_replaces_another_one_is_named_as_that() -> None:
    named = no_names()
    named.add(("CrashLoop", "api-1", 3))
    named.replace("api-2", "api-1")
    named.replace("api-3", "api-2")
    assert not named.add(("CrashLoop", "api-2", 3))
    assert not named.add(("CrashLoop", "api-3", 3))
    assert named.add(("CrashLoop", "api-3", 4)), "it is worse"
    assert named.mentions() == [Mention("CrashLoop", "api-1", 4)]
    assert named.add(("CrashLoop", "api-4", 3))


def test_places_that_replace_others_are_bounded() -> None:
    named = no_names()
    for number in range(MAX_NAMED + 5):
        named.replace(f"api-{number}", "api")
    named.replace("api", "api")
    assert list(named.same) == [f"api-{number}" for number in range(5, MAX_NAMED + 5)]


@pytest.mark.parametrize(
    ("entity", "workload", "replaced"),
    [
        ("api-7d9f8c6b5d-x2x4z", "api", True),
        ("backup-28412345", "backup", True),
        ("db-0", "db", False),
        ("node-12", "node", False),
        ("node-1234", "node", False),
        ("api", "api", False),
        ("pod-a", "checkout", False),
    ],
)
def test_replicas_that_keep_their_names_replace_none(entity: str, workload: str, replaced: bool) -> None:
    assert is_replaced(entity, workload) == replaced
