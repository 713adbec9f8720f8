"""Outcomes by slot, promises, and what is bounded."""

from __future__ import annotations

import itertools
from random import Random

from aiops.engine.drift import outcomes
from aiops.engine.drift.outcomes import CALIBRATION, PROMISES, SLOTS, Outcomes


def made() -> tuple[Outcomes, list[tuple[str, str]]]:
    raised: list[tuple[str, str]] = []
    return Outcomes(raised), raised


def test_judgements_are_counted_by_slot_and_once_an_incident() -> None:
    found, _ = made()
    for slot, of, hit in (("causes", "a", True), ("causes", "a", False), ("grouping", "a", False)):
        found.judged(slot, of, hit)
    report = found.report()
    assert [(report[slot]["outcomes"], report[slot]["hits"]) for slot in SLOTS] == [(1, 1), (0, 0), (1, 0), (0, 0)]


def test_steady_share_raises_nothing_and_a_fall_does_within_forty_judgements() -> None:
    for seed in range(10):
        found, raised = made()
        random, numbers = Random(seed), map(str, itertools.count())
        for _ in range(300):
            found.judged("causes", next(numbers), random.random() < 0.8)
        assert raised == []
        for _ in range(60):
            found.judged("causes", next(numbers), random.random() < 0.2)
        assert raised
        assert raised[0][0] == "causes"
        assert raised[0][1].startswith("right in ")


def test_more_hits_than_before_are_no_alarm() -> None:
    found, raised = made()
    for number in range(400):
        found.judged("playbooks", str(number), number > 200)
    assert raised == []


def test_promises_that_do_not_hold_are_reported() -> None:
    found, raised = made()
    for number in range(60):
        found.promised(number % 5 < 3)
    assert raised[0][0] == PROMISES
    assert "promised sets of suspects held, 90 % were stated" in raised[0][1]
    report = found.report()[PROMISES]
    assert (report["outcomes"], report["hits"]) == (60, 36)
    assert report["alarms"] >= 1


def test_probabilities_that_are_too_high_are_reported_and_honest_ones_are_not() -> None:
    for seed in range(10):
        found, raised = made()
        random = Random(seed)
        for _ in range(200):
            stated = random.random()
            found.stated(stated, random.random() < stated)
        assert raised == []
        for _ in range(60):
            found.stated(0.9, random.random() < 0.4)
        assert [name for name, _ in raised][:1] == [CALIBRATION]


def test_judged_incidents_are_bounded() -> None:
    found, _ = made()
    for number in range(outcomes._MAX_JUDGED + 50):
        found.judged("noise", str(number), True)
    assert len(found.dump()["judged"]) == outcomes._MAX_JUDGED


def test_restored_outcomes_continue_and_an_unknown_slot_starts_empty() -> None:
    found, _ = made()
    for number in range(40):
        found.judged("causes", str(number), number % 3 > 0)
        found.promised(number % 7 > 0)
        found.stated(0.5, number % 2 > 0)
    state = found.dump()
    other, _ = made()
    other.load(state)
    assert other.dump() == state
    del state["slots"]["noise"]
    other.load(state)
    assert other.report() == found.report()
