"""An incident that a person merged into another one, as it was: the merge can be undone."""

from __future__ import annotations

from aiops.engine.fields import state
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import Handled
from aiops.engine.incidents.state import IncidentState


@state(acyclic=True)
class Absorbed:
    """The incident, the one it is part of (`into`), the numbers of its members and of its clusters.

    `is_whole`: all its alert streams were kept one by one, so what came with it is known.
    """

    incident: IncidentState
    handled: Handled
    into: str
    members: list[int]
    clusters: list[int]
    is_whole: bool = True


def absorbed_of(incident: IncidentState, handled: Handled, cluster: ClusterState, into: str) -> Absorbed:
    """Return what has to be known to take an incident out again."""
    made = Absorbed()
    made.incident, made.handled, made.into = incident, handled, into
    made.members, made.clusters = list(cluster.members), [cluster.number, *cluster.aliases]
    kept = sum(member.count for member in cluster.members.values())
    firing = sum(member.firing for member in cluster.members.values())
    made.is_whole = not cluster.overflow and kept == cluster.count and firing == cluster.firing
    return made
