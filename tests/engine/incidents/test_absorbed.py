"""What has to be known to take a merged incident out again."""

from __future__ import annotations

import pytest

from aiops.engine.incidents.absorbed import absorbed_of
from aiops.engine.incidents.clusters import ClusterState, MemberState, new_cluster
from aiops.engine.incidents.handled import new_handled
from aiops.engine.incidents.state import new_incident
from tests.engine.made import made


def cluster() -> ClusterState:
    found = new_cluster(7, 0.0)
    found.members = {1: made(MemberState, count=2, firing=1), 4: made(MemberState, count=3, firing=0)}
    found.count, found.firing, found.aliases = 5, 1, [9]
    return found


@pytest.mark.parametrize(("field", "value"), [("overflow", 1), ("count", 6), ("firing", 2)])
def test_what_was_not_kept_one_by_one_cannot_be_told_apart(field: str, value: int) -> None:
    whole = cluster()
    found = absorbed_of(new_incident("a", 7, 0.0, 3), new_handled("a"), whole, "b")
    assert (found.is_whole, found.members, found.clusters, found.into) == (True, [1, 4], [7, 9], "b")
    setattr(whole, field, value)
    assert not absorbed_of(new_incident("a", 7, 0.0, 3), new_handled("a"), whole, "b").is_whole
