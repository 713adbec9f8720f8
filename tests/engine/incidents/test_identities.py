"""Identities of incidents depend on their first alerts, and are given once."""

from __future__ import annotations

import pytest

from aiops.engine.incidents import identities as module
from aiops.engine.incidents.clusters import ClusterState, MemberState, new_cluster
from aiops.engine.incidents.identities import Identities
from tests.engine.made import made


def cluster(number: int, fingerprint: str = "f0", sent_at: float = 5.0) -> ClusterState:
    cluster = new_cluster(number, 0.0)
    first = made(MemberState, number=number, cluster=number, fingerprint=fingerprint, sent_at=sent_at)
    cluster.members = {number: first}
    return cluster


def test_the_number_of_the_cluster_plays_no_part() -> None:
    assert Identities().give(cluster(1)) == Identities().give(cluster(2_000))


@pytest.mark.parametrize("other", [cluster(1, fingerprint="f1"), cluster(1, sent_at=5.5)])
def test_another_stream_or_another_time_is_another_incident(other: ClusterState) -> None:
    assert Identities().give(other) != Identities().give(cluster(1))


def test_the_second_incident_of_the_same_alert_is_counted() -> None:
    identities = Identities()
    first = identities.give(cluster(1))
    assert [identities.give(cluster(number)) for number in (2, 3)] == [f"{first}-2", f"{first}-3"]


def test_the_first_member_names_it_whoever_joined_later() -> None:
    both = cluster(1)
    both.members[7] = next(iter(cluster(7, fingerprint="f7").members.values()))
    assert Identities().give(both) == Identities().give(cluster(1))


def test_names_are_bounded_and_the_one_given_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NAMES", 2)
    identities = Identities()
    first = identities.give(cluster(1, "f1"))
    identities.give(cluster(2, "f2"))
    assert identities.give(cluster(3, "f1")) == f"{first}-2", "used again, it is not the oldest any more"
    identities.give(cluster(4, "f3"))
    assert len(identities.counts) == 2
    assert identities.give(cluster(5, "f1")) == f"{first}-3"
