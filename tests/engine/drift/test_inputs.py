"""Hours of alerts: what is the same raises nothing, what changes does, and unknown hours are no evidence."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from aiops.engine.drift.inputs import NAMES, RATE, SURPRISE, WORKLOADS, Inputs
from aiops.engine.drift.jumper import ALARM

HOUR_S = 3600.0
WEEK = 7 * 24
# A Monday.
MONDAY = 4 * 24
Alert = tuple[str, str, float]


def made() -> tuple[Inputs, list[tuple[str, str]]]:
    raised: list[tuple[str, str]] = []
    return Inputs(raised), raised


def usual(random: Random, hour: int) -> list[Alert]:
    """Half as many alerts at night and at weekends; a name in 50 is seen once."""
    busy = 12 if 8 <= hour % 24 < 18 and ((hour - MONDAY) // 24) % 7 < 5 else 6
    count = sum(random.random() < 0.5 for _ in range(2 * busy))
    return [
        (
            f"rare-{random.random()}" if random.random() < 0.02 else f"name-{random.randrange(20)}",
            f"workload-{random.randrange(30)}",
            random.expovariate(2.0),
        )
        for _ in range(count)
    ]


def feed(inputs: Inputs, first: int, count: int, draw: Callable[[int], list[Alert]]) -> None:
    for hour in range(first, first + count):
        inputs.pass_to(hour * HOUR_S + 1.0)
        for number, (name, workload, nats) in enumerate(draw(hour)):
            inputs.see(hour * HOUR_S + 10.0 + number, name, workload, nats)


def after_weeks(weeks: int, seed: int = 0) -> tuple[Inputs, list[tuple[str, str]], Random]:
    inputs, raised = made()
    random = Random(seed)
    feed(inputs, MONDAY, weeks * WEEK, lambda hour: usual(random, hour))
    return inputs, raised, random


@pytest.mark.parametrize("seed", range(4))
def test_weeks_that_are_alike_raise_nothing(seed: int) -> None:
    inputs, raised, _ = after_weeks(6, seed)
    assert raised == []
    report = inputs.report()
    assert all(one["most"] < ALARM for one in report.values())
    assert report[NAMES]["before"] < 0.05
    assert report[RATE]["steps"] > 5 * WEEK


@pytest.mark.parametrize(
    ("change", "kind", "within"),
    [
        (lambda alert, number: ("new-" + alert[0], *alert[1:]) if number % 2 else alert, NAMES, 40),
        (lambda alert, number: (alert[0], "new-" + alert[1], alert[2]), WORKLOADS, 31),
        (lambda alert, number: (*alert[:2], alert[2] + 3.0), SURPRISE, 31),
    ],
)
def test_change_is_seen_within_the_stated_hours(change: Callable[[Alert, int], Alert], kind: str, within: int) -> None:
    inputs, raised, random = after_weeks(3)
    changed = lambda hour: [change(one, number) for number, one in enumerate(usual(random, hour))]  # noqa: E731
    feed(inputs, MONDAY + 3 * WEEK, within + 1, changed)
    assert [name for name, _ in raised] == [kind]


def test_fourfold_rate_is_seen_within_two_days_and_a_holiday_is_not() -> None:
    inputs, raised, random = after_weeks(4)
    feed(inputs, MONDAY + 4 * WEEK, 24, lambda hour: usual(random, hour)[:1])
    assert raised == [], "a day without work is no change"
    feed(inputs, MONDAY + 4 * WEEK + 24, 3 * 24, lambda hour: usual(random, hour))
    feed(inputs, MONDAY + 4 * WEEK + 96, 48, lambda hour: [one for _ in range(4) for one in usual(random, hour)])
    assert [name for name, _ in raised] == [RATE]


def test_alarm_makes_the_present_the_new_normal() -> None:
    inputs, raised, random = after_weeks(3)
    changed = lambda hour: [(f"new-{one[0]}", *one[1:]) for one in usual(random, hour)]  # noqa: E731
    feed(inputs, MONDAY + 3 * WEEK, 5 * WEEK, changed)
    assert [name for name, _ in raised] == [NAMES]
    assert "100 % of the alerts" in raised[0][1]
    report = inputs.report()[NAMES]
    assert (report["alarms"], report["learning_until"]) == (1, None)
    assert report["recent"] < 0.1


def test_silence_that_the_host_watched_counts_and_one_that_nobody_saw_does_not() -> None:
    watched, _, _ = after_weeks(1)
    unseen, _, _ = after_weeks(1)
    for hour in range(MONDAY + WEEK, MONDAY + WEEK + 12):
        watched.pass_to(hour * HOUR_S)
    for one in (watched, unseen):
        one.pass_to((MONDAY + WEEK + 12) * HOUR_S)
    assert watched.report()[RATE]["steps"] - unseen.report()[RATE]["steps"] == 12
    assert watched.report()[NAMES]["steps"] == unseen.report()[NAMES]["steps"]


def test_nothing_is_measured_while_names_are_learned() -> None:
    inputs, _, _ = after_weeks(1)
    report = inputs.report()
    assert report[NAMES]["learning_until"] == (MONDAY + WEEK) * HOUR_S
    assert report[NAMES]["recent"] is None
    assert report[NAMES]["known"] >= 20
    assert (report[SURPRISE]["steps"], report[SURPRISE]["learning_until"]) == (0, (MONDAY + WEEK) * HOUR_S)


def test_restored_inputs_continue_as_if_nothing_had_happened() -> None:
    whole, _, _ = after_weeks(2, 7)
    first, raised = made()
    random = Random(7)
    second = Inputs(raised)
    for hour in range(MONDAY, MONDAY + 2 * WEEK):
        one = first if hour < MONDAY + 200 else second
        if hour == MONDAY + 200:
            second.load(first.dump())
        feed(one, hour, 1, lambda at: usual(random, at))
    assert second.dump() == whole.dump()


def test_time_that_is_set_back_is_not_the_future() -> None:
    inputs, _, _ = after_weeks(1)
    inputs.pass_to((MONDAY + 100 * WEEK) * HOUR_S)
    inputs.set_back((MONDAY + WEEK) * HOUR_S)
    before = inputs.report()[RATE]["steps"]
    inputs.pass_to((MONDAY + WEEK + 1) * HOUR_S)
    assert inputs.report()[RATE]["steps"] == before + 1
