"""Decisions on the grouping follow their clusters through merges, and are bounded."""

from __future__ import annotations

import pytest

from aiops.engine.incidents import grouping_decisions
from aiops.engine.incidents.clusters import Clusters, ClusterState, MemberState
from aiops.engine.incidents.grouping_decisions import GroupingDecisions
from aiops.engine.incidents.member_streams import ONE_STREAM
from tests.engine.made import made


@pytest.fixture
def clusters() -> Clusters:
    found = Clusters(10)
    for number in range(4):
        found.open(number, 0.0)
    return found


def at(clusters: Clusters, number: int) -> ClusterState:
    found = clusters.of(number)
    assert found is not None
    return found


def test_parted_clusters_stay_apart_through_merges_until_a_person_unites_them(clusters: Clusters) -> None:
    grouping = GroupingDecisions(clusters)
    grouping.part(at(clusters, 0), at(clusters, 1))
    assert grouping.are_apart(at(clusters, 1), at(clusters, 0))
    assert not grouping.are_apart(at(clusters, 0), at(clusters, 2))
    clusters.merge(at(clusters, 2), at(clusters, 1))
    assert grouping.are_apart(at(clusters, 0), at(clusters, 2))
    grouping.reunite(at(clusters, 2), at(clusters, 0))
    assert not grouping.are_apart(at(clusters, 0), at(clusters, 2))


def test_a_kept_cluster_is_kept_through_merges(clusters: Clusters) -> None:
    grouping = GroupingDecisions(clusters)
    grouping.keep(at(clusters, 1))
    clusters.merge(at(clusters, 2), at(clusters, 1))
    assert grouping.is_kept(at(clusters, 2))
    assert not grouping.is_kept(at(clusters, 0))
    grouping.release(at(clusters, 2))
    assert not grouping.is_kept(at(clusters, 2))


def test_a_stream_is_bound_as_long_as_its_cluster_is_known(clusters: Clusters) -> None:
    grouping = GroupingDecisions(clusters)
    grouping.bind([made(MemberState, fingerprint="f", streams=ONE_STREAM)], 3)
    assert grouping.home_of("f") is at(clusters, 3)
    assert grouping.home_of("g") is None
    clusters.forget(at(clusters, 3))
    assert grouping.home_of("f") is None
    assert grouping.bound == {}


def test_decisions_are_bounded(clusters: Clusters, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_BOUND", "MAX_APART", "MAX_KEPT"):
        monkeypatch.setattr(grouping_decisions, name, 2)
    grouping = GroupingDecisions(clusters)
    grouping.bind([made(MemberState, fingerprint=one, streams=ONE_STREAM) for one in "abc"], 0)
    for one, other in ((0, 1), (0, 2), (0, 3)):
        grouping.part(at(clusters, one), at(clusters, other))
        grouping.keep(at(clusters, other))
    assert list(grouping.bound) == ["b", "c"]
    assert list(grouping.apart) == [(0, 2), (0, 3)]
    assert list(grouping.kept) == [2, 3]
