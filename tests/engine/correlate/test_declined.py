"""The cluster that was not taken: the best scored one, else the one active last."""

from __future__ import annotations

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.declined import declined
from aiops.topology import Edge, Node, Topology
from tests.engine.correlate.test_join_evidence import join

T0 = 1_795_000_000.0
PAIR = Topology.build([Node("web"), Node("api")], [Edge("web", "api")])


def test_record_has_the_cluster_the_terms_and_the_sign() -> None:
    one = declined(7, join(), "age")
    assert (one.cluster, one.cut, one.join.type) == (7, "age", "DiskFull")


def test_nothing_is_declined_where_nothing_was_compared() -> None:
    assert Correlator(CorrelateConfig(), Topology()).place(0, T0, "cpu", "db").declined is None


def test_cluster_active_last_is_kept_where_all_are_too_unlike_to_be_scored() -> None:
    one = Correlator(CorrelateConfig(), Topology())
    one.place(0, T0, "cpu", "db")
    one.place(1, T0 + 50, "disk", "mail")
    kept = one.place(2, T0 + 55, "net", "switch").declined
    assert kept is not None
    assert kept.cluster == 1
    assert kept.join.score() <= one.limits.threshold


def test_a_known_member_keeps_nothing() -> None:
    one = Correlator(CorrelateConfig(), Topology())
    one.place(0, T0, "cpu", "db")
    result = one.place(1, T0 + 1, "cpu", "db")
    assert not result.new_member
    assert result.declined is None


def test_a_cut_cluster_is_kept_as_it_was_compared() -> None:
    one = Correlator(CorrelateConfig(), PAIR)
    for number in range(720):
        result = one.place(number, T0 + number * 10.0, "cpu", "api")
        if number and result.new_cluster:
            break
    assert result.declined is not None
    assert (result.declined.cluster, result.declined.cut) == (0, "age")
    assert not result.declined.join.sealed
    assert result.declined.join.score() > one.limits.threshold
