"""What still fires when a silence ends is placed as if it were new, however the silence ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged, Notice, Placed
from aiops.engine.incidents.lifecycle import MAX_DUE
from aiops.records import Action, Alert, Record, Tick

START = 1_700_000_000.0
HOUR = 3_600.0


def silence(name: str, matcher: str, end: float, start: float = 0.0, at: float = 0.0, **args: str) -> Action:
    wanted = {"id": name, "matchers": json.dumps([matcher]), "from": repr(START + start), "until": repr(START + end)}
    return Action(ts=START + at, verb="silence", id=f"do-{name}", args={**wanted, **args})


def end(name: str, at: float) -> Action:
    return Action(ts=START + at, verb="unsilence", id=f"end-{name}", args={"id": name})


def alert(at: float, entity: str = "db-1", severity: str = "critical", name: str = "DiskFull", **more: object) -> Alert:
    begun = more.pop("starts_at", START + at)
    return Alert(ts=START + at, name=name, entity=entity, severity=severity, starts_at=begun, **more)  # type: ignore[arg-type]


def tick(at: float) -> Tick:
    return Tick(ts=START + at)


def changes(events: list[Event]) -> list[tuple[str, str]]:
    return [
        (event.change, event.incident.title or "")
        for event in events
        if isinstance(event, IncidentChanged) and event.what != ["cause"]
    ]


def test_the_end_by_time_opens_what_still_fires_without_a_repeat() -> None:
    engine = Engine()
    events = engine.step([silence("s", "entity=db-1", 600), alert(10, message="94 % used", url="https://t.example")])
    assert changes(events) == []
    events = engine.step([tick(599)])
    assert changes(events) == []
    events = engine.step([tick(601)])
    assert changes(events) == [("opened", "DiskFull on db-1")]
    (opened,) = [event for event in events if isinstance(event, IncidentChanged)]
    assert (opened.incident.message, opened.incident.url) == ("94 % used", "https://t.example")
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "silence s ended: 1 alert stream may still fire, and is placed again"
    ]
    # The tool repeats itself after all: that is a repeat, and its end is the end.
    events = engine.step([alert(700, starts_at=START + 10)])
    assert [event.disposition for event in events if isinstance(event, Placed)] == ["duplicate"]
    engine.step([alert(710, status="resolved", starts_at=START + 10)])
    assert changes(engine.step([tick(710 + 301)])) == [("resolved", "DiskFull on db-1")]
    assert engine.accounts()["conserved"]


def answers(events: list[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Feedback)]


def test_the_end_by_hand_says_what_is_notified_now() -> None:
    engine = Engine()
    engine.step([silence("s", "entity=~db-.*", HOUR), silence("i", "entity=disk", 3 * HOUR)])
    engine.step([alert(10 + n, f"db-{n}", name=f"Alert{n}") for n in range(2)])
    events = engine.step([end("s", 60)])
    assert [event.change for event in events if isinstance(event, IncidentChanged)] == ["opened"]
    assert answers(events) == [
        "silence s is ended: 2 alert streams still fire under it: 2 are in 1 incident and notified now"
    ]
    engine.step([alert(2 * HOUR, "disk", "info", "Idle")])
    assert answers(engine.step([end("i", 2 * HOUR + 1)])) == [
        "silence i is ended: 1 alert stream still fires under it: 1 is background"
    ]
    again = engine.step([silence("t", "entity=nowhere", 4 * HOUR, at=3 * HOUR), end("t", 3 * HOUR + 1)])
    assert answers(again)[-1] == "silence t is ended: nothing that it muted still fires"


@pytest.mark.parametrize("how", ["resolved", "lease"])
def test_what_ended_in_the_silence_is_not_notified(how: str) -> None:
    engine = Engine()
    more: dict[str, Any] = {"ends_at": START + 100} if how == "lease" else {}
    engine.step([silence("s", "entity=db-1", 600), alert(10, **more)])
    if how == "resolved":
        engine.step([alert(50, status="resolved", starts_at=START + 10)])
    assert changes(engine.step([tick(700)])) == []


def test_another_silence_keeps_it_silent_until_that_ends_too() -> None:
    engine = Engine()
    engine.step([silence("s", "entity=db-1", 600), silence("longer", "alertname=DiskFull", 1_200), alert(10)])
    assert changes(engine.step([tick(601)])) == []
    assert changes(engine.step([tick(1_201)])) == [("opened", "DiskFull on db-1")]


def test_what_another_silence_holds_is_not_said_to_be_notified() -> None:
    engine = Engine()
    engine.step([alert(0, severity="high")])
    engine.step([silence("s", "entity=db-1", 600, start=5, at=5), silence("longer", "alertname=DiskFull", 1_200, at=6)])
    engine.step([alert(20, severity="critical")])
    events = engine.step([end("s", 30)])
    assert answers(events) == ["silence s is ended: nothing that it muted still fires"]
    assert changes(events) == []
    assert [event.incident.severity for event in engine.step([tick(1_201)]) if isinstance(event, IncidentChanged)]


def test_each_occurrence_of_a_recurring_window_ends() -> None:
    engine = Engine()
    engine.step([silence("nightly", "entity=db-1", HOUR, every="day")])
    engine.step([alert(10)])
    assert changes(engine.step([tick(HOUR + 1)])) == [("opened", "DiskFull on db-1")]
    engine.step([alert(HOUR + 2, status="resolved", starts_at=START + 10)])
    engine.step([tick(24 * HOUR - 60), tick(24 * HOUR + 60)])
    engine.step([alert(24 * HOUR + 60)])
    assert changes(engine.step([tick(25 * HOUR - 1)])) == []
    assert changes(engine.step([tick(25 * HOUR + 1)])) == [("opened", "DiskFull on db-1")]


def test_what_got_worse_in_a_silence_is_reported_when_it_ends() -> None:
    engine = Engine()
    engine.step([alert(0, severity="high")])
    engine.step([silence("s", "entity=db-1", 600, start=10, at=10)])
    assert changes(engine.step([alert(20, severity="critical")])) == []
    events = engine.step([tick(601)])
    assert [event.incident.severity for event in events if isinstance(event, IncidentChanged)] == ["critical"]


def test_a_silence_that_is_narrowed_lets_go_of_what_it_no_longer_matches() -> None:
    engine = Engine()
    engine.step([silence("s", "entity=~db-.*", HOUR), alert(10, "db-1"), alert(11, "db-2", name="Other")])
    events = engine.step([silence("s", "entity=db-2", HOUR, at=60), tick(61)])
    assert changes(events) == [("opened", "DiskFull on db-1")]


def test_thousands_are_placed_over_several_records_and_none_is_lost() -> None:
    engine = Engine()
    engine.step([silence("s", "team=core", 600)])
    count = MAX_DUE + 50
    engine.step([alert(10 + n / 100, f"host-{n}", name=f"Alert{n}", labels={"team": "core"}) for n in range(count)])
    engine.step([tick(601)])
    # What else was due on the way counts as well.
    waiting = len(engine.pipeline.muted.waking)
    assert 50 <= waiting < 60
    # Each record does a few, whatever it is.
    engine.step([alert(601, "elsewhere")])
    assert len(engine.pipeline.muted.waking) == waiting - 2
    engine.step([tick(602)])
    assert not engine.pipeline.muted.waking
    firing = sum(engine.clusters.by_number[one.cluster].firing for one in engine.incidents.by_id.values())
    assert firing == count + 1
    assert engine.accounts()["conserved"]


RECORDS = st.lists(
    st.one_of(
        st.builds(
            alert,
            st.just(0.0),
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["info", "warning", "critical"]),
            st.sampled_from(["Down", "Slow"]),
            status=st.sampled_from(["firing", "firing", "resolved"]),
        ),
        st.builds(silence, st.sampled_from(["s", "t"]), st.sampled_from(["entity=a", "entity=~a|b"]), st.just(HOUR)),
        st.builds(end, st.sampled_from(["s", "t"]), st.just(0.0)),
        st.builds(tick, st.just(0.0)),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, gaps=st.lists(st.integers(0, 900), min_size=30, max_size=30), cut=st.integers(0, 30))
def test_a_snapshot_anywhere_continues_the_same_and_nothing_stays_unsaid(
    records: list[Record], gaps: list[int], cut: int
) -> None:
    at = START
    timed: list[Record] = []
    for record, gap in zip(records, gaps, strict=False):
        at += gap
        record = type(record)(**{**{name: getattr(record, name) for name in record.__struct_fields__}, "ts": at})
        if isinstance(record, Action) and record.verb == "silence":
            record.args = {**record.args, "from": repr(at), "until": repr(at + HOUR)}
        if isinstance(record, Alert):
            record.starts_at = None
        timed.append(record)
    whole, first, second = Engine(), Engine(), Engine()
    events = whole.step(timed)
    before = first.step(timed[:cut])
    second.restore(first.snapshot())
    assert [*before, *second.step(timed[cut:])] == events
    assert second.snapshot() == whole.snapshot()
    whole.step([Tick(ts=at + 1)])
    for stream in whole.dedup.streams.values():
        if stream.firing and stream.silenced:
            assert whole.pipeline.muted.silence_of[stream.number] in whole.silences.by_id
    assert whole.accounts()["conserved"]
