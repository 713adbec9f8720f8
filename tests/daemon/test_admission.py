"""Admission: what the engine gets is what the journal gives back, and everything else is a dead letter."""

from __future__ import annotations

import math

import pytest

from aiops.daemon.admission import admit
from aiops.journal.frame import decode_lines, encode_lines
from aiops.ports import DeadLetter, Position, Received
from aiops.records import Alert, Metric, Record, Tick

NOW = 1_772_400_000.0


def batch(*records: Record, source: str = "kafka", at: int = 1) -> Received:
    return Received([*records], position=Position(source, {"alerts/0": at}))


def test_the_records_are_those_of_the_lines() -> None:
    found = admit(
        [batch(Alert(ts=NOW, name="DiskFull", id="a"), Metric(ts=NOW, entity="db", name="cpu", value=1.5))], 0
    )
    assert encode_lines(found.records) == found.lines
    assert decode_lines(found.lines) == found.records
    assert found.dead_letters == []


def test_a_record_without_an_id_gets_its_position_in_the_log_and_keeps_none_itself() -> None:
    alert = Alert(ts=NOW, name="DiskFull")
    found = admit([batch(Alert(ts=NOW, name="First", id="a"), alert)], 40)
    assert [record.id for record in found.records] == ["a", "log:41"]
    # If the disk refuses the frame, the same record gets another position.
    assert alert.id == ""


def test_records_of_the_host_stand_before_and_behind_the_batches() -> None:
    alert = Alert(ts=NOW, name="DiskFull", id="a")
    found = admit([batch(alert)], 0, [Tick(ts=NOW + 1)], [Tick(ts=NOW, passes=False)])
    assert [type(record) for record in found.records] == [Tick, Alert, Tick]


def test_the_last_position_of_a_source_counts() -> None:
    found = admit([batch(at=1), batch(source="file", at=7), batch(at=3)], 0)
    assert found.positions == {"kafka": {"alerts/0": 3}, "file": {"alerts/0": 7}}


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_metric_that_json_does_not_know_is_a_dead_letter(value: float) -> None:
    wrong = Metric(ts=NOW, entity="db", name="cpu", value=value, id="m")
    found = admit([batch(wrong, Metric(ts=NOW, entity="db", name="cpu", value=2.0, id="n"))], 0)
    assert [record.id for record in found.records] == ["n"]
    assert [(one.source, one.place) for one in found.dead_letters] == [("kafka", "m")]


@pytest.mark.parametrize(
    "wrong", [Alert(ts=NOW, name="\ud800", id="half"), Alert(ts=NOW, name="x" * 100_000, id="long")]
)
def test_a_record_that_cannot_be_read_again_takes_no_other_with_it(wrong: Alert) -> None:
    good = Alert(ts=NOW, name="DiskFull", id="a")
    found = admit([batch(wrong, good)], 0)
    assert [record.id for record in found.records] == ["a"]
    [letter] = found.dead_letters
    assert letter.reason.startswith("no record: ")
    assert len(letter.raw) <= 64 << 10


def test_dead_letters_of_the_sources_are_kept() -> None:
    letter = DeadLetter("http", "$[0]", "expected an alert", b"?")
    found = admit([Received([], rejected=[letter])], 0)
    assert (found.records, found.dead_letters, found.positions) == ([], [letter], {})
