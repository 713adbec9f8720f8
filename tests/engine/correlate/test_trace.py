"""The record of one comparison: it has what was decided by, and it changes no decision."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.trace import Consideration, Trace
from aiops.topology import Edge, Node, Topology
from tests.engine.through_bytes import saved

T0 = 1_795_000_000.0
GRAPHS = {
    "none": Topology(),
    "chain": Topology.build(
        [Node("web"), Node("api"), Node("db"), Node("mail")], [Edge("web", "api"), Edge("api", "db")]
    ),
}
# Gaps in seconds, type, entity, and whether the alert names its entity as its service.
Alerts = list[tuple[float, str, str, bool]]
ALERTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.3, 1.0, 4.0, 15.0, 60.0, 130.0, 700.0]),
        st.sampled_from(["cpu", "disk", "latency", "errors"]),
        st.sampled_from(["web", "api", "db", "mail", "host-1"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=80,
)


def correlator(graph: str = "none") -> Correlator:
    return Correlator(CorrelateConfig(), GRAPHS[graph])


def total(each: Consideration) -> float:
    return sum(term.value for term in each.join.evidence())


class Watched(Trace):
    """A trace that notes the compared scores, which a merge would replace."""

    def compare(self, comparison: Comparison, candidate: Candidate) -> None:
        self.scores = {entry.cluster.id: entry.cluster.score for entry in comparison.found}
        super().compare(comparison, candidate)


def place(one: Correlator, number: int, at: float, type_: str, entity: str, *, requested: int | None = None) -> Trace:
    one.trace = trace = Trace(() if requested is None else (requested,))
    one.place(number, T0 + at, type_, entity)
    one.trace = None
    return trace


@settings(deadline=None, max_examples=60)
@given(ALERTS, st.sampled_from(sorted(GRAPHS)))
def test_terms_sum_to_the_scores_that_decided(alerts: Alerts, graph: str) -> None:
    one, at = correlator(graph), T0
    for number, (gap, type_, entity, is_service) in enumerate(alerts):
        at += gap
        one.trace = trace = Watched()
        result = one.place(number, at, type_, entity, entity if is_service else None)
        if not trace.compared:
            continue
        scores = trace.scores
        assert {each.cluster for each in trace.considered} == set(scores)
        for each in trace.considered:
            assert total(each) == pytest.approx(each.score)
            # What could not reach the threshold was not scored to the end, and may be better than what was.
            if each.score > trace.threshold:
                assert each.score == pytest.approx(scores[each.cluster])
            else:
                assert scores[each.cluster] <= each.score + 1e-9
        best = trace.considered[0] if trace.considered else None
        fits = best is not None and best.score > trace.threshold
        assert result.new_cluster == (not fits or trace.cut != "")
        if best is not None and not result.new_cluster:
            assert best.score == pytest.approx(scores[result.cluster])


@settings(deadline=None, max_examples=60)
@given(ALERTS, st.sampled_from(sorted(GRAPHS)), st.integers(0, 20))
def test_a_trace_changes_no_decision(alerts: Alerts, graph: str, requested: int) -> None:
    plain, traced, at = correlator(graph), correlator(graph), T0
    for number, (gap, type_, entity, is_service) in enumerate(alerts):
        at += gap
        traced.trace = Trace((requested,))
        service = entity if is_service else None
        expected, found = (each.place(number, at, type_, entity, service) for each in (plain, traced))
        assert (found.cluster, found.member, found.merged) == (expected.cluster, expected.member, expected.merged)
    assert saved(traced) == saved(plain)


def test_the_second_best_cluster_is_known_with_its_margin() -> None:
    one = correlator()
    place(one, 0, 0, "cpu", "db")
    place(one, 1, 30, "disk", "mail")
    trace = place(one, 2, 31, "cpu", "db")
    assert [each.cluster for each in trace.considered] == [0, 1]
    assert trace.considered[0].score > trace.threshold > trace.considered[1].score


def test_a_cluster_that_was_not_compared_is_weighed_on_request() -> None:
    one = correlator()
    place(one, 0, 0, "cpu", "db")
    # More streams than are compared come in between.
    for number in range(1, 12):
        place(one, number, number, f"kind-{number}", f"host-{number}")
    assert 0 not in {each.cluster for each in place(one, 12, 13, "mail", "mail").considered}
    found = place(one, 13, 14, "other", "other", requested=0).considered[-1]
    assert (found.cluster, found.on_request) == (0, True)
    assert total(found) == pytest.approx(found.score)


def test_a_cluster_that_is_closed_is_not_weighed() -> None:
    one = correlator()
    place(one, 0, 0, "cpu", "db")
    one.advance(T0 + 1000)
    one.advance(T0 + 10_000)
    assert place(one, 1, 10_000, "cpu", "db", requested=0).considered == []


def test_a_cluster_at_rest_is_weighed_on_request() -> None:
    one = correlator()
    place(one, 0, 0, "cpu", "db")
    one.advance(T0 + 1000)
    [found] = place(one, 1, 1000, "cpu", "db", requested=0).considered
    assert (found.cluster, found.on_request) == (0, True)
    assert total(found) == pytest.approx(found.score)


def test_a_flood_is_not_compared() -> None:
    one = correlator()
    for number in range(200):
        place(one, number, number * 0.01, "cpu", "db")
    trace = place(one, 200, 2.0, "cpu", "db", requested=0)
    assert (trace.compared, trace.considered) == (False, [])


def test_the_reason_of_a_cut_is_kept() -> None:
    one, number = correlator("chain"), 0
    # Nothing new was seen to begin in nearly two hours: this cluster is older than that explains.
    for number in range(720):
        trace = place(one, number, number * 10.0, "cpu", "api")
        if trace.cut:
            break
    assert trace.cut == "age"
    assert trace.considered[0].score > trace.threshold
