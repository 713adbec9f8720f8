"""The comparison of an alert with the clusters of recent entries."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.hops import Hops
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.scoring import Limits, Weights
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

    def candidate(self, at: float, type_: str = "cpu", entity: str = "db", number: int = 99) -> Candidate:
        candidate = Candidate()
        name = (type_, entity)
        candidate.begin(number, T0 + at, name, self.held.key(name))
        candidate.site = self.hops.site(entity, None)
        candidate.rate = 1.0 / 600.0
        return candidate

    def entry(self, at: float, type_: str, entity: str, number: int) -> Entry:
        """A stream that opens a cluster."""
        candidate = self.candidate(at, type_, entity, number)
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
    assert join.near == Weights().near


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
    desk = Desk()
    entry = desk.entry(0, "disk", "db", 1)
    candidate = desk.candidate(1)
    candidate.is_measured = is_measured
    desk.comparison.best(candidate)
    assert desk.comparison.evidence(entry, candidate).rate == rate
