"""Why a stream joined: terms that add up to the score, and sentences that claim no more than was measured."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.correlate.distance import FAR
from aiops.engine.correlate.join_evidence import SEALED, Join
from tests.engine.made import made


def join(**changes: Any) -> Join:
    """An alert that no service is known of."""
    given: dict[str, Any] = {
        "type": "DiskFull",
        "entity": "db-1",
        "npmi": 0.4,
        "distance": -1,
        "gap_s": 12.3,
        "silent_s": 30.0,
        "count": 7,
        "streams": 3,
        "known": False,
        "is_placed": False,
        "is_new": False,
        "is_same_type": False,
        "rate": 0.0,
        "pace_s": 0.0,
        "timing": 0.5,
        "silence": 0.0,
        "dead_partner": 0.0,
        "size": -0.1,
        "prior": -4.4,
        "together": 2.0,
    }
    return made(Join, **{**given, **changes})


def placed(**changes: Any) -> Join:
    """An alert of a service."""
    given: dict[str, Any] = {"is_placed": True, "goes_on": 3.0, "silence": -1.0, "prior": 0.0, "together": 0.0}
    return join(**{**given, **changes})


def back(**changes: Any) -> Join:
    """An alert of a stream that returns to its own cluster."""
    given: dict[str, Any] = {"known": True, "is_return": True, "returns": 4.0, "interval_s": 480.0, "gap_s": 500.0}
    return placed(**{**given, **changes})


def texts(one: Join) -> dict[str, str]:
    return {each.name: each.text or "" for each in one.evidence()}


def values(one: Join) -> dict[str, float]:
    return {each.name: each.value for each in one.evidence()}


def test_terms_that_do_not_apply_are_left_out() -> None:
    assert list(texts(join())) == ["prior", "co_occurrence", "timing", "size"]
    every = join(same_entity=1.0, rare=1.0, silence=-1.0, dead_partner=-1.0, sealed=True)
    assert list(texts(every)) == [
        "prior",
        "co_occurrence",
        "same_entity",
        "rare",
        "timing",
        "silence",
        "dead_partner",
        "size",
    ]
    assert list(texts(placed())) == ["goes_on", "silence", "timing", "size"]
    every = placed(near=1.0, distance=2, dead_partner=-1.0, sealed=True)
    assert list(texts(every)) == ["goes_on", "silence", "near", "timing", "dead_partner", "size", "sealed"]
    assert list(texts(back(dead_partner=-1.0, near=1.0, distance=1, sealed=True))) == ["returns", "size", "sealed"]


def test_values_are_the_terms_and_sum_to_the_score() -> None:
    one = join(same_entity=3.0, rare=2.0, silence=-0.6, dead_partner=-0.2)
    assert values(one) == {
        "prior": -4.4,
        "co_occurrence": 2.0,
        "same_entity": 3.0,
        "rare": 2.0,
        "timing": 0.5,
        "silence": -0.6,
        "dead_partner": -0.2,
        "size": -0.1,
    }
    assert one.score() == pytest.approx(2.2)
    assert placed(near=0.9, distance=1, sealed=True).score() == pytest.approx(3.0 - 1.0 + 0.9 + 0.5 - 0.1 - SEALED)
    assert back(sealed=True).score() == pytest.approx(4.0 - 0.1 - SEALED)


def test_size_says_if_the_stream_is_known_to_the_cluster() -> None:
    assert texts(join())["size"] == "first alert of its stream in a cluster of 7 alerts, 3 streams"
    assert texts(join(known=True))["size"] == "its stream is one of 3 streams in a cluster of 7 alerts"
    assert texts(join(known=True, count=1, streams=1))["size"] == "the cluster has no other stream, and 1 alert"


@pytest.mark.parametrize(
    ("change", "strongest"),
    [
        ({}, 2.0),
        ({"timing": 2.5}, 2.5),
        ({"near": 3.0, "distance": 1}, 3.0),
        ({"rare": 4.0}, 4.0),
        ({"same_entity": 5.0}, 5.0),
        ({"goes_on": 6.0}, 6.0),
        ({"together": -1.0, "timing": 0.0}, 0.0),
        ({"silence": 9.0, "size": 9.0, "dead_partner": 9.0}, 2.0),
        ({"is_return": True, "returns": 1.5}, 1.5),
    ],
)
def test_strongest_is_the_largest_term_that_ties(change: dict[str, Any], strongest: float) -> None:
    assert join(**change).strongest() == strongest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_new": True, "npmi": 1.0}, "has fired here before"),
        ({"npmi": 1.0, "is_same_type": True}, "the same type as on db-1"),
        ({"npmi": 0.1}, "about as often as by chance (NPMI 0.10)"),
        ({"npmi": 0.4}, "often fires together with DiskFull (NPMI 0.40)"),
        ({"npmi": -0.3}, "not known to fire together with DiskFull (NPMI -0.30)"),
        ({"npmi": 0.0}, "not known to fire together with DiskFull"),
    ],
)
def test_sentence_on_types_says_what_is_known_of_them(change: dict[str, Any], said: str) -> None:
    assert said in texts(join(**change))["co_occurrence"]


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (0, "at the same place in the dependency graph as db-1"),
        (1, "its place in the dependency graph is 1 hop from that of db-1"),
        (4, "its place in the dependency graph is 4 hops from that of db-1"),
        (FAR, "its place in the dependency graph is more than 4 hops from that of db-1"),
    ],
)
def test_hops_are_named_as_they_were_measured(distance: int, said: str) -> None:
    assert texts(placed(near=1.0, distance=distance))["near"] == said


def test_no_graph_is_named_where_it_lacks_one_of_the_two() -> None:
    for one in (placed(), join(), back()):
        assert "graph" not in " ".join(texts(one).values())


def test_rate_and_pace_are_named_once_they_are_measured() -> None:
    assert texts(placed())["goes_on"] == (
        "too little was seen yet: one new problem in 10 min 0 s is assumed; the pace of this cluster is not known yet"
    )
    assert texts(placed(rate=1 / 600, pace_s=20.0))["goes_on"] == (
        "about one new problem in 10 min 0 s begins here; alerts of this cluster come about every 20 seconds"
    )


def test_an_ended_cluster_says_so() -> None:
    assert texts(placed(sealed=True))["sealed"] == (
        "something new had begun: a surge or its age has ended this cluster"
    )
    assert "sealed" not in texts(placed())


def test_a_return_names_the_last_time_and_the_pause_before_it() -> None:
    assert texts(back())["returns"] == (
        "the same alert on the same workload came here 8 min 20 s ago; its pause before that was 8 min 0 s"
    )
    assert texts(back(interval_s=0.0))["returns"] == "the same alert on the same workload came here 8 min 20 s ago"


def test_rare_on_one_entity_names_it() -> None:
    one = texts(join(rare=1.0, same_entity=3.0, is_same=True))
    assert "on db-1" in one["rare"]
    assert one["same_entity"] == "the cluster has alerts on the same entity, db-1"
    assert "db-1" not in texts(join(rare=1.0))["rare"]


def test_gap_is_told_as_it_was() -> None:
    assert texts(join())["timing"] == "fired 12.3 s after DiskFull on db-1"
    assert texts(placed(timing=2.0))["timing"] == "fired 12.3 s after DiskFull on db-1, closer than its rhythm explains"
    assert texts(placed(gap_s=0.0))["timing"] == "fired at the same moment as DiskFull on db-1"
    assert "no alert for 30.0 s" in texts(join(silence=-1.0))["silence"]
    assert "no alert for 30 seconds" in texts(placed())["silence"]
    assert "cluster of 7" in texts(join())["size"]
