"""Why a stream joined: terms that add up to the score, and sentences that claim no more than was measured."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.correlate.hops import UNPLACED
from aiops.engine.correlate.join_evidence import Join
from tests.engine.made import made


def join(**changes: Any) -> Join:
    given: dict[str, Any] = {
        "type": "DiskFull",
        "entity": "db-1",
        "npmi": 0.4,
        "together": 0.8,
        "same_entity": 0.0,
        "rare": 0.0,
        "distance": None,
        "near": 0.0,
        "sealed": False,
        "timing": 0.5,
        "gap_s": 12.3,
        "silence": 0.0,
        "silent_s": 30.0,
        "dead_partner": 0.0,
        "size": -0.1,
        "count": 7,
        "is_new": False,
        "rate": 0.0,
        "pace_s": 0.0,
    }
    return made(Join, **{**given, **changes})


def texts(one: Join) -> dict[str, str]:
    return {each.name: each.text or "" for each in one.evidence()}


def test_terms_that_do_not_apply_are_left_out() -> None:
    assert set(texts(join())) == {"co_occurrence", "timing", "size"}
    every = join(same_entity=1.0, rare=1.0, near=1.0, distance=2, silence=-1.0, dead_partner=-1.0)
    assert set(texts(every)) == {
        "co_occurrence",
        "same_entity",
        "rare",
        "near",
        "timing",
        "silence",
        "dead_partner",
        "size",
    }


def test_values_sum_to_what_was_compared() -> None:
    one = join(same_entity=0.3, rare=0.2, near=0.4, distance=1, silence=-0.6, dead_partner=-0.2)
    total = (
        one.together + one.same_entity + one.rare + one.near + one.timing + one.silence + one.dead_partner + one.size
    )
    assert sum(each.value for each in one.evidence()) == pytest.approx(total)


@pytest.mark.parametrize(
    ("change", "strongest"),
    [
        ({}, 0.8),
        ({"timing": 2.0}, 2.0),
        ({"near": 3.0, "distance": 1}, 3.0),
        ({"rare": 4.0}, 4.0),
        ({"same_entity": 5.0}, 5.0),
        ({"together": -1.0, "timing": -0.5}, 0.0),
        ({"silence": 9.0, "size": 9.0, "dead_partner": 9.0}, 0.8),
    ],
)
def test_strongest_is_the_largest_term_that_ties(change: dict[str, float], strongest: float) -> None:
    assert join(**change).strongest() == strongest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_new": True, "npmi": 1.0}, "has fired here before"),
        ({"npmi": 1.0}, "the same type as on db-1, or always together"),
        ({"npmi": 0.4}, "often fires together with DiskFull (NPMI 0.40)"),
        ({"npmi": -0.3}, "not known to fire together with DiskFull (NPMI -0.30)"),
        ({"npmi": 0.0}, "not known to fire together with DiskFull"),
    ],
)
def test_sentence_on_types_says_what_is_known_of_them(change: dict[str, Any], said: str) -> None:
    assert said in texts(join(**change))["co_occurrence"]


@pytest.mark.parametrize("distance", [1, 2, 4])
def test_hops_are_named_only_where_a_graph_holds_both(distance: int) -> None:
    assert "hop" in texts(join(near=1.0, distance=distance))["near"]
    for unplaced in (None, UNPLACED):
        found = texts(join(near=1.0, distance=unplaced))
        assert "near" not in found
        assert "hop" not in found["goes_on"]


def test_rate_and_pace_are_named_once_they_are_measured() -> None:
    assert "not known yet" in texts(join(near=1.0))["goes_on"]
    known = texts(join(near=1.0, rate=1 / 600, pace_s=20.0))["goes_on"]
    assert "about every 10 min" in known
    assert "20 s" in known


def test_surge_is_the_reason_where_it_ended_the_cluster() -> None:
    assert texts(join(near=1.0, distance=1, sealed=True))["near"] == "a surge has ended this cluster"


def test_rare_on_one_entity_names_it() -> None:
    assert "on db-1" in texts(join(rare=1.0, same_entity=1.0))["rare"]
    assert "db-1" not in texts(join(rare=1.0))["rare"]


def test_gap_is_told_as_it_was() -> None:
    assert texts(join())["timing"] == "fired 12.3 s after DiskFull on db-1"
    assert "no alert for 30.0 s" in texts(join(silence=-1.0))["silence"]
    assert "cluster of 7" in texts(join())["size"]
