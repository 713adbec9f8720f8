"""A measure: recent steps beside earlier ones, and its test."""

from __future__ import annotations

from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.measure import Measure


def measure() -> Measure:
    return Measure(3, Exchangeability(2, (-1.0, 0.0)))


def test_steps_leave_the_recent_ones_for_those_before() -> None:
    one = measure()
    for part, whole in ((1.0, 2.0), (0.0, 2.0), (1.0, 1.0), (0.0, 3.0), (3.0, 4.0)):
        one.take(part, whole, int(part > 0))
    assert one.before == 1.0 / 4.0
    assert one.recent == 4.0 / 8.0


def test_alarm_counts_and_a_restart_forgets_all_but_that() -> None:
    one = measure()
    for _ in range(100):
        one.take(0.0, 1.0, 0)
    steps = 1
    while not one.take(1.0, 1.0, 1):
        steps += 1
    assert 15 <= steps <= 25
    one.restart()
    report = one.report()
    assert report == {"recent": None, "before": None, "steps": 0, "capital": 1.0, "most": 1.0, "alarms": 1}


def test_restored_measure_is_the_same() -> None:
    one, other = measure(), measure()
    for step in range(10):
        one.take(float(step % 2), 1.0, step % 2)
    other.load(one.dump())
    assert other.dump() == one.dump()
    assert (other.recent, other.before) == (one.recent, one.before)
