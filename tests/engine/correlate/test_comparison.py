"""The comparison of an alert with the clusters of recent entries."""

from __future__ import annotations

from math import log

import pytest

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import APART, Comparison
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.distance import FAR
from aiops.engine.correlate.hops import Hops
from aiops.engine.correlate.join_evidence import SEALED
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.scoring import Limits, Weights, pace, returning
from aiops.engine.correlate.state import Entry
from aiops.topology import Edge, Node, Topology

T0 = 1_795_000_000.0
CHAIN = Topology.build([Node("web"), Node("api"), Node("db")], [Edge("web", "api"), Edge("api", "db")])


class Desk:
    """A comparison, and the entries that it compares with."""

    def __init__(self, topology: Topology | None = None, sensitivity: float = 0.5) -> None:
        self.held = OpenClusters()
        self.hops = Hops(topology or Topology())
        limits = Limits(CorrelateConfig(sensitivity=sensitivity), Weights())
        self.threshold = limits.threshold
        self.comparison = Comparison(limits, Cooccurrence(), self.hops, self.held)

    def candidate(
        self, at: float, type_: str = "cpu", entity: str = "db", number: int = 99, service: str | None = None
    ) -> Candidate:
        candidate = Candidate()
        name = (type_, entity)
        candidate.begin(number, T0 + at, entity, name, self.held.key(name))
        candidate.site = self.hops.site(entity, service)
        candidate.rate = 1.0 / 600.0
        candidate.answers = self.comparison.cooccurrence.answers_of(type_)
        return candidate

    def entry(self, at: float, type_: str, entity: str, number: int, service: str | None = None) -> Entry:
        """A stream that opens a cluster."""
        candidate = self.candidate(at, type_, entity, number, service)
        entry = self.held.enter(self.held.open(self.held.clusters, candidate), candidate)
        candidate.key.entry = entry
        self.held.count(entry, T0 + at)
        return entry


def test_without_entries_there_is_nothing_to_compare() -> None:
    desk = Desk()
    assert desk.comparison.best(desk.candidate(0)) is None
    assert desk.comparison.found == []


def test_the_entity_and_the_type_of_the_alert_win() -> None:
    desk = Desk()
    same = desk.entry(0, "cpu", "db", 1)
    desk.entry(1, "disk", "mail", 2)
    best = desk.comparison.best(desk.candidate(2))
    assert best is same
    assert best.cluster.score > desk.threshold


def test_each_cluster_is_found_once_with_its_best_entry() -> None:
    desk = Desk()
    first = desk.entry(0, "disk", "db", 1)
    joining = desk.candidate(1, "cpu", "db")
    better = desk.held.enter(first.cluster, joining, first)
    desk.held.count(better, T0 + 1)
    desk.comparison.best(desk.candidate(2))
    assert desk.comparison.found == [better]


def test_what_was_silent_for_longer_than_clusters_live_is_not_compared() -> None:
    desk = Desk()
    desk.entry(0, "cpu", "db", 1)
    assert desk.comparison.best(desk.candidate(121)) is None


def test_so_many_recent_entries_are_compared_and_the_last_ones_of_entity_and_stream() -> None:
    desk = Desk()
    own = desk.entry(0, "cpu", "db", 1)
    entity = desk.entry(1, "disk", "db", 2)
    for number in range(3, 3 + 2 * Weights().candidates):
        desk.entry(number, f"t{number}", f"host-{number}", number)
    desk.comparison.best(desk.candidate(40))
    found = {entry.cluster.id for entry in desk.comparison.found}
    assert len(found) == Weights().candidates + 2
    assert {own.cluster.id, entity.cluster.id} <= found


def test_a_stream_is_not_led_back_into_a_flood() -> None:
    desk = Desk()
    own = desk.entry(0, "cpu", "db", 1)
    own.cluster.frequent = True
    desk.held.latest.clear()
    for number in range(3, 3 + Weights().candidates):
        desk.entry(number, f"t{number}", f"host-{number}", number)
    desk.comparison.best(desk.candidate(40))
    assert own.cluster.id not in {entry.cluster.id for entry in desk.comparison.found}


@pytest.mark.parametrize(("entity", "distance"), [("api", 1), ("web", 2)])
def test_the_evidence_sums_to_the_score_that_was_compared(entity: str, distance: int) -> None:
    desk = Desk(CHAIN)
    desk.entry(0, "latency", entity, 1)
    candidate = desk.candidate(1)
    best = desk.comparison.best(candidate)
    assert best is not None
    join = desk.comparison.evidence(best, candidate)
    assert sum(each.value for each in join.evidence()) == pytest.approx(best.cluster.score)
    assert join.distance == distance
    assert join.near == desk.comparison.distance.ratios[distance]
    assert join.goes_on == pace(best.cluster, candidate.rate, 1.0)


def test_two_rare_streams_on_one_entity_are_news_about_it() -> None:
    desk = Desk()
    desk.entry(0, "disk", "db", 1)
    candidate = desk.candidate(1)
    candidate.is_rare = True
    best = desk.comparison.best(candidate)
    assert best is not None
    assert desk.comparison.evidence(best, candidate).rare == Weights().rare


@pytest.mark.parametrize(("is_measured", "rate"), [(False, 0.0), (True, 1.0 / 600.0)])
def test_the_rate_of_new_things_is_shown_once_it_was_measured(is_measured: bool, rate: float) -> None:
    desk = Desk(CHAIN)
    entry = desk.entry(0, "disk", "db", 1)
    candidate = desk.candidate(1)
    candidate.is_measured = is_measured
    desk.comparison.best(candidate)
    assert desk.comparison.evidence(entry, candidate).rate == rate
    # What is not placed is not weighed against it.
    assert desk.comparison.evidence(entry, desk.candidate(1, "cpu", "host-1")).rate == 0.0


def scored(desk: Desk, candidate: Candidate) -> dict[str, float]:
    """The terms of the best cluster; they sum to the score that was compared."""
    best = desk.comparison.best(candidate)
    assert best is not None
    join = desk.comparison.evidence(best, candidate)
    assert join.score() == pytest.approx(best.cluster.score)
    return {each.name: each.value for each in join.evidence()}


@pytest.mark.parametrize("services", [("payments", "orders"), ("", "orders")])
def test_an_unknown_distance_says_nothing(services: tuple[str, str]) -> None:
    desk = Desk(CHAIN)
    desk.entry(0, "latency", "web" if not services[0] else "x", 1, services[0] or None)
    candidate = desk.candidate(1, "errors", "y", service=services[1])
    assert "near" not in scored(desk, candidate)
    best = desk.comparison.found[0]
    assert desk.comparison.evidence(best, candidate).distance == -1


def test_what_is_far_in_the_graph_is_less_likely_than_what_is_near() -> None:
    far = Topology.build([Node("a"), Node("b"), Node("c"), Node("d")], [Edge("a", "b"), Edge("c", "d")])
    desk = Desk(far)
    desk.entry(0, "latency", "a", 1)
    near, away = desk.candidate(1, "errors", "b"), desk.candidate(1, "errors", "d")
    ratios = desk.comparison.distance.ratios
    assert scored(desk, near)["near"] == ratios[1] > 0.0
    assert desk.comparison.strangeness == 0.0
    # A graph that has held puts these two apart: as if they had no place, only their kinds could tie them.
    assert ratios[FAR] < APART
    assert scored(desk, away)["prior"] < 0.0


def test_a_placed_alert_returns_to_a_cluster_at_rest_and_a_stranger_does_not_join_it() -> None:
    desk = Desk()
    own = desk.entry(0, "cpu", "pod-1", 1, "orders")
    own.cluster.sealed = True
    desk.held.keys["cpu", "pod-1"].count(T0)
    del desk.held.clusters[1]
    desk.held.rest(own.cluster)
    candidate = desk.candidate(1200.0, "cpu", "pod-1", service="orders")
    own.cluster.sealed = False
    expected = returning(candidate.key, 1, 0.0, T0 + 1200.0)
    found = scored(desk, candidate)
    assert found["returns"] == pytest.approx(expected)
    own.cluster.sealed = True
    found = scored(desk, candidate)
    assert found["returns"] == pytest.approx(expected)
    assert found["sealed"] == -SEALED
    assert desk.comparison.best(desk.candidate(1200.0, "disk", "pod-2", service="billing")) is None


def test_a_pair_of_which_one_is_not_placed_is_scored_as_none_were() -> None:
    """A cluster may hold both: each pair has its own terms, whichever is compared first."""
    desk = Desk()
    first = desk.entry(0, "cpu", "db", 1)
    joining = desk.candidate(1, "disk", "pod-1", 2, "orders")
    second = desk.held.enter(first.cluster, joining, first)
    desk.held.count(second, T0 + 1)
    plain = desk.candidate(2, "cpu", "db2")
    apart = desk.comparison._unplaced_base(first.cluster, plain)
    for candidate in (desk.candidate(2, "net", "pod-1", service="orders"), plain):
        desk.comparison.best(candidate)
        for entry in (first, second):
            join = desk.comparison.explain(entry, candidate)
            placed = candidate.site is not None and entry.site is not None
            assert join.is_placed is placed
            assert (join.goes_on != 0.0) is placed
            assert (join.prior != 0.0) is not placed
    assert desk.comparison._unplaced_base(first.cluster, plain) == apart


def test_an_alert_that_is_not_placed_is_scored_by_kind_and_place_alone() -> None:
    desk = Desk()
    desk.entry(0, "disk", "db", 1)
    desk.entry(0, "disk", "mail", 2)
    weights = Weights()
    found = scored(desk, desk.candidate(0, "disk", "db"))
    assert found["prior"] == -weights.unplaced
    assert found["co_occurrence"] == weights.together
    assert found["same_entity"] == weights.entity
    assert found["size"] == pytest.approx(-weights.known_size * log(1.0))
    assert not {"goes_on", "near", "returns"} & set(found)


def test_a_graph_that_has_not_held_puts_nothing_apart() -> None:
    desk = Desk(Topology.build([Node("a"), Node("b"), Node("c"), Node("d")], [Edge("a", "b"), Edge("c", "d")]))
    desk.entry(0, "latency", "a", 1)
    for _ in range(200):
        desk.comparison.distance.sample(FAR, 0)
    assert desk.comparison.distance.ratios[FAR] > APART
    candidate = desk.candidate(1, "errors", "d")
    desk.comparison.best(candidate)
    join = desk.comparison.evidence(desk.comparison.found[0], candidate)
    assert join.distance == FAR
    assert join.is_placed
    assert join.prior == 0.0
