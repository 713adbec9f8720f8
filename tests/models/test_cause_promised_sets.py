"""Sets of suspects are promised by counts, and keep their promise."""

from __future__ import annotations

import json
import random

import pytest
from aiops_models.causes.promised_sets import MAX_OUTCOMES, MAX_SET, MIN_OUTCOMES, PROMISE, PromisedSets


def learned(*places: int | None, level: str = "high") -> PromisedSets:
    found = PromisedSets()
    for place in places:
        found.learn(place, level)
    return found


def test_nothing_is_promised_before_ten_outcomes() -> None:
    found = learned(*[0] * (MIN_OUTCOMES - 1))
    assert found.size("high") is None
    assert found.bound(MAX_SET, "high") is None
    assert found.report()["promises"] == 0


def test_promise_is_the_shortest_list_that_reached_the_bound() -> None:
    assert learned(*[0] * 60).size("high") == 1
    assert learned(*[0, 2] * 60).size("high") == 3


def test_promise_needs_so_many_outcomes_that_nineteen_of_twenty_such_systems_keep_it() -> None:
    # One miss in 31 bounds the share by .903, in 30 by less than .9; the 10 % quantile would do with 24.
    assert learned(None, *[0] * 29).size("high") is None
    assert learned(None, *[0] * 30).size("high") == 1


def test_nothing_is_promised_where_causes_are_seldom_suspects() -> None:
    found = learned(*[0, None] * 40)
    assert found.size("high") is None
    bound = found.bound(MAX_SET, "high")
    assert bound is not None
    assert 0.35 < bound < 0.5


def test_few_outcomes_promise_less_than_many_of_the_same_rate() -> None:
    few, many = learned(*[0] * 10).bound(1, "high"), learned(*[0] * 200).bound(1, "high")
    assert few is not None
    assert many is not None
    assert few < many < 1


def test_levels_have_bounds_of_their_own() -> None:
    found = learned(*[0] * 80)
    for _ in range(80):
        found.learn(5, "low")
    assert (found.size("high"), found.size("low")) == (1, 6)
    # A level that was never seen has the rate of all, as four outcomes.
    unknown = found.bound(1, "medium")
    assert unknown is not None
    assert unknown < 0.5


def test_report_counts_promises_as_they_were_made() -> None:
    found = learned(*[0] * 60)
    found.learn(3, "high")
    report = found.report()
    assert 0 < report["promises"] < 61
    assert report["coverage"] == pytest.approx(1 - 1 / report["promises"])
    assert report["set_size"] >= 1


def test_promises_hold_on_a_steady_system() -> None:
    draw, found = random.Random(3), PromisedSets()
    for _ in range(2_000):
        found.learn(min(int(draw.expovariate(0.5)), 20), draw.choice(["low", "high"]))
    assert found.report()["coverage"] >= PROMISE - 0.02


def test_state_is_bounded_and_survives_json() -> None:
    found, again = learned(*[0, 1, None] * 200), PromisedSets()
    state = json.loads(json.dumps(found.dump()))
    assert len(state) == MAX_OUTCOMES
    again.load(state)
    assert again.dump() == found.dump()
    assert again.bound(2, "high") == found.bound(2, "high")
