"""Late records are told from old ones: late is what the engine's time has passed."""

from __future__ import annotations

import pytest

from aiops.daemon.lateness import Lateness
from aiops.ports import Position, Received
from aiops.records import Alert, Record
from aiops.records.late import LATE_S

NOW = 1_800_000_000.0
OLD = 1_660_000_000.0


def received(*times: float, source: str = "http") -> Received:
    records: list[Record] = [Alert(ts=at, name="x") for at in times]
    return Received(records, source=source)


@pytest.mark.parametrize(
    ("engine", "times", "late"),
    [
        (float("-inf"), (OLD, OLD + 1), 0),  # The first of a fresh log are history, not late.
        (-1.0, (OLD, OLD + 1), 0),
        (OLD, (OLD - LATE_S, OLD - 1, OLD + 9), 0),
        (OLD, (OLD - LATE_S - 1, OLD), 1),
        (NOW, (OLD, OLD + 1, NOW), 2),
        (OLD, (OLD, OLD + 1_000, OLD + 1), 1),  # An archive that is not in order is late by itself.
        (OLD, (NOW + 9 * LATE_S, OLD + 1), 0),  # A clock that is ahead makes nobody else late.
        (OLD, (), 0),
    ],
)
def test_what_the_time_has_passed_is_late(engine: float, times: tuple[float, ...], late: int) -> None:
    batch = received(*times)
    Lateness().judge([batch], engine, NOW)
    assert batch.late == late


def test_one_batch_moves_time_on_for_the_next() -> None:
    first, second = received(OLD + 10_000.0), received(OLD)
    Lateness().judge([first, second], OLD, NOW)
    assert (first.late, second.late, second.late_s) == (0, 1, 10_000.0)


def test_each_source_is_counted_and_the_warning_ends() -> None:
    lateness = Lateness()
    kafka = Received([Alert(ts=OLD, name="x")], Position("alerts", {}))
    batches = [received(OLD, OLD), kafka, received(NOW, source="file")]
    lateness.judge(batches, NOW, NOW)
    lateness.count(batches, NOW)
    health = lateness.health(NOW + 60)
    assert (health["ok"], health["records"]) == (False, {"http": 2, "alerts": 1})
    assert "source http: 2 records came up to" in health["detail"]
    assert "source alerts: 1 record came up to" in health["detail"]
    later = lateness.health(NOW + 86_400)
    assert (later["ok"], later["detail"], later["records"]) == (True, "", {"http": 2, "alerts": 1})
    [family] = lateness.metrics()
    assert 'aiops_records_late_total{source="http"} 2' in family.lines


def test_what_was_not_taken_is_not_counted() -> None:
    lateness = Lateness()
    lateness.judge([received(OLD)], NOW, NOW)
    assert lateness.health(NOW)["records"] == {}
