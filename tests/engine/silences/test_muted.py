"""Streams that silences suppress, by silence, until these end."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.stream import new_stream
from aiops.engine.interning import Shared
from aiops.engine.silences.muted import Muted
from aiops.engine.silences.silences import Silence, Silences
from aiops.matchers import Matcher
from aiops.records import Alert

T0 = 1_795_000_000.0


def muted(*entities: str) -> Muted:
    """With a silence over each entity, for an hour."""
    silences = Silences()
    for entity in entities:
        silences.add(Silence(entity, (Matcher("entity", "=", entity),), T0, T0 + 3_600), T0)
    return Muted(silences)


def arrival(entity: str, at: float = 1.0, severity: str | None = "high") -> Arrival:
    made = Arrival()
    made.now = T0 + at
    made.begin(Alert(ts=T0 + at, name="Slow", entity=entity, severity=severity), T0 + at)
    made.stream = new_stream(7, (None, "Slow", entity, None, ()), Shared(), Alert(ts=0.0, name="Slow"), entity)
    return made


@pytest.mark.parametrize("severity", ["high", None])
def test_an_alert_that_a_silence_matches_is_suppressed_and_its_stream_remembered(severity: str | None) -> None:
    table, found = muted("db"), arrival("db", severity=severity)
    table.suppress(found)
    assert found.silence == "db"
    assert table.by_silence == {"db": {7: severity is not None}}
    assert table.silence_of == {7: "db"}


@pytest.mark.parametrize(("entity", "at"), [("web", 1.0), ("db", 3_601.0)])
def test_any_other_alert_goes_on_and_its_stream_is_muted_no_more(entity: str, at: float) -> None:
    table, found = muted("db"), arrival(entity, at)
    found.stream.silenced = True
    table.mute(7, "db", True)
    table.suppress(found)
    assert found.silence is None
    assert not found.stream.silenced
    assert not table.by_silence
    assert not table.silence_of


def test_another_silence_over_the_same_stream_takes_its_place() -> None:
    table = muted()
    table.mute(7, "one", True)
    table.mute(7, "two", False)
    assert table.by_silence == {"two": {7: False}}


def test_the_streams_of_an_ended_silence_are_taken_in_the_order_in_which_they_came() -> None:
    table = muted()
    for number in (3, 1, 2):
        table.mute(number, "one", number == 1)
    table.mute(9, "two", True)
    assert table.wake("one") == 3
    assert [table.take() for _ in range(3)] == [(3, False), (1, True), (2, False)]
    assert table.silence_of == {9: "two"}
    assert table.wake("one") == 0


def test_a_stream_that_ends_while_it_waits_is_not_placed_again() -> None:
    table = muted()
    table.mute(1, "one", True)
    table.mute(2, "one", True)
    table.wake("one")
    table.forget(1)
    assert table.waking == {2: True}
