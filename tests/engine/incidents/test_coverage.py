"""A silence over an incident that is open: what changes of it says that all that fires is silenced, and until when."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged
from aiops.records import Action, Alert, Record, Tick

START = 1_700_000_000.0
DAY = 86_400.0


def silence(name: str, matcher: str, start: float, end: float, at: float | None = None, **args: str) -> Action:
    wanted = {"id": name, "matchers": json.dumps([matcher]), "from": repr(START + start), "until": repr(START + end)}
    return Action(ts=START + (start if at is None else at), verb="silence", id=f"do-{name}", args={**wanted, **args})


def unsilence(name: str, at: float) -> Action:
    return Action(ts=START + at, verb="unsilence", id=f"end-{name}", args={"id": name})


def alert(at: float, service: str = "web", name: str = "ServiceDown", severity: str = "critical", **more: Any) -> Alert:
    begun = more.pop("starts_at", START + at)
    return Alert(ts=START + at, name=name, entity="shop", service=service, severity=severity, starts_at=begun, **more)


def tick(at: float) -> Tick:
    return Tick(ts=START + at)


def changed(engine: Engine, *records: Record) -> list[IncidentChanged]:
    return [event for event in engine.step(records) if isinstance(event, IncidentChanged)]


def said(events: list[IncidentChanged]) -> list[tuple[list[str], list[str]]]:
    return [(event.what, event.incident.silenced_by) for event in events]


def test_a_silence_over_all_that_fires_is_in_the_record_with_its_end() -> None:
    engine = Engine()
    changed(engine, alert(0))
    (event,) = changed(engine, silence("s", "service=web", 4, 104))
    assert (event.what, event.incident.silenced_by) == (["silenced"], ["s"])
    assert event.incident.silenced_until == START + 104
    (member,) = event.incident.members
    assert (member.silenced_by, member.silenced_until) == ("s", START + 104)
    assert all(one.incident.silenced_by == ["s"] for one in changed(engine, tick(31), tick(61), tick(91)))
    assert said(changed(engine, tick(105))) == [(["silenced"], [])]


def test_an_incident_of_which_something_else_fires_is_not_silenced() -> None:
    engine = Engine()
    changed(engine, alert(0), alert(1, "cart", "CartDown"), tick(8))
    assert said(changed(engine, silence("s", "service=web", 10, 100))) == []
    (found,) = [engine.present(name) for name in engine.incidents.by_id]
    assert found is not None
    assert found[0].silenced_by == []
    assert {one.name: one.silenced_by for one in found[0].members} == {"ServiceDown": "s", "CartDown": None}
    assert said(changed(engine, tick(20), silence("t", "service=cart", 20, 90))) == [(["silenced"], ["s", "t"])]
    (found,) = [engine.present(name) for name in engine.incidents.by_id]
    assert found is not None
    assert found[0].silenced_until == START + 90, "the first end is when it may be heard of again"
    assert said(changed(engine, unsilence("s", 30))) == [(["silenced"], [])]


def test_an_alert_that_no_silence_holds_is_reported_in_a_silenced_incident() -> None:
    engine = Engine()
    changed(engine, alert(0), silence("s", "service=web", 4, 1_000))
    events = changed(engine, alert(20, "cart", "CartDown"))
    assert (["alerts"], []) in said(events)


def test_a_window_that_begins_later_silences_and_each_occurrence_ends() -> None:
    engine = Engine()
    changed(engine, silence("s", "service=web", 100, 200, at=0, every="day"), alert(10))
    assert [one for one in said(changed(engine, tick(99))) if one[0] == ["silenced"]] == []
    assert said(changed(engine, tick(101))) == [(["silenced"], ["s"])]
    assert said(changed(engine, tick(201))) == [(["silenced"], [])]
    changed(engine, alert(300, status="resolved", starts_at=START + 10), tick(1_000), alert(DAY + 10), tick(DAY + 90))
    assert said(changed(engine, tick(DAY + 101))) == [(["silenced"], ["s"])]


def test_what_no_longer_fires_is_silenced_until_its_incident_ends() -> None:
    engine = Engine()
    changed(engine, alert(0), silence("s", "service=web", 4, 100))
    events = changed(engine, alert(20, status="resolved", starts_at=START), tick(31), tick(101))
    assert all(event.incident.silenced_by for event in events), "its end is all that is left to be said"
    assert [event.change for event in changed(engine, tick(1_000))] == ["resolved"]


def test_an_end_that_moves_is_brought_up_to_date_for_those_who_look() -> None:
    engine = Engine()
    changed(engine, alert(0), silence("s", "service=web", 4, 100))
    engine.clusters.take_changed()
    assert changed(engine, silence("s", "service=web", 4, 500, at=50)) == []
    (name,) = engine.clusters.take_changed()
    found = engine.present(name)
    assert found is not None
    assert found[0].silenced_until == START + 500


def test_many_incidents_are_looked_at_some_with_each_record() -> None:
    engine = Engine()
    opened = [
        event.incident.id
        for number in range(600)
        for event in changed(
            engine,
            Alert(
                ts=START + number * 100,
                name=f"A{number}",
                entity=f"e{number}",
                severity="critical",
                ends_at=START + DAY,
            ),
        )
        if event.change == "opened"
    ]
    events = changed(engine, silence("s", "severity=critical", 60_000, 80_000))
    assert 0 < len(events) <= 300
    for number in range(5):
        events += changed(engine, tick(60_001 + number))
    assert {event.incident.id for event in events if event.what == ["silenced"]} == set(opened)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), st.sampled_from(["web", "cart"]), st.sampled_from(["high", "critical"])),
        st.tuples(st.just("resolved"), st.sampled_from(["web", "cart"]), st.just("high")),
        st.tuples(st.just("silence"), st.sampled_from(["web", "cart"]), st.sampled_from(["", "day"])),
        st.tuples(st.just("unsilence"), st.sampled_from(["web", "cart"]), st.just("")),
        st.tuples(st.just("tick"), st.just(""), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, cut=st.integers(0, 25))
def test_a_restart_changes_nothing(steps: list[tuple[str, str, str]], cut: int) -> None:
    records: list[Record] = []
    for number, (kind, service, more) in enumerate(steps):
        at = number * 17.0
        if kind == "alert":
            records.append(alert(at, service, severity=more))
        elif kind == "resolved":
            records.append(alert(at, service, severity=more, status="resolved"))
        elif kind == "silence":
            records.append(silence(service, f"service={service}", at + 10, at + 60, at=at, every=more))
        elif kind == "unsilence":
            records.append(unsilence(service, at))
        else:
            records.append(tick(at))
    whole, first, second = Engine(), Engine(), Engine()
    expected: list[Event] = whole.step(records)
    events = first.step(records[:cut])
    second.restore(first.snapshot())
    assert events + second.step(records[cut:]) == expected
    assert second.snapshot() == whole.snapshot()
