"""Incidents open, or are updated, with the alerts that join their clusters.

During a storm, alerts are grouped.
"""

from __future__ import annotations

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.events import Notice
from aiops.engine.incidents.announced import said_as
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import REPEAT
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.noise_gate import LASTED, NoiseGate
from aiops.engine.incidents.storm_grouping import GROUPED, StormGrouping
from aiops.wording import came_back, located


class Opening:
    """Opens incidents; in a storm, what stands alone joins one of the storm's incidents instead."""

    def __init__(self, incidents: Incidents, grouping: StormGrouping) -> None:
        self.incidents = incidents
        self.clusters = incidents.clusters
        self.grouping = grouping
        self.noise = NoiseGate(incidents, grouping.storms)

    def take(self, arrival: Arrival) -> None:
        """Open or update the incident of an alert's cluster, and decide the alert.

        Triage or the noise gate may have a reason against it.
        """
        cluster, stream = arrival.cluster, arrival.stream
        if cluster.incident is None and stream.background is None:
            stream.background = cluster.background = self.noise.reason(cluster, arrival.now, arrival)
        if cluster.incident is not None:
            self._update(cluster, arrival)
        elif stream.background is None:
            self.open(cluster, arrival.now, arrival, _reason(cluster, arrival))
            # A storm may have taken the cluster in.
            cluster = self.clusters.of(cluster.number) or cluster
        if arrival.repeats:
            arrival.place("duplicate", cluster, REPEAT)
        elif cluster.incident is not None:
            arrival.place("incident", cluster, None if cluster.storm is None else GROUPED)
        else:
            arrival.place("background", cluster, stream.background)

    def open(self, cluster: ClusterState, at: float, moment: Moment, why: str) -> None:
        """Open the incident of a cluster; it may be the one that starts a storm.

        In a storm, a cluster that evidence ties together opens one, too, up to a limit; later ones are grouped, unless
        they are worse than the storm's incident.
        """
        storms = self.grouping.storms
        if storms.active:
            if self.grouping.is_reserved(next(iter(cluster.members.values())).labels, cluster.severity):
                storms.reserved += 1
            elif storms.groups(True, moment.now):
                self.grouping.take(cluster, moment)
                return
        self.incidents.open(cluster, at, moment, why)
        if storms.opens(moment.now):
            moment.out.append(Notice(moment.seq, "storm", f"a storm begins: {storms.reason()}"))

    def open_lasting(self, cluster: ClusterState, due: float, moment: Moment) -> None:
        """Open the incident of a lone warning that has lasted, or returned; in a storm, group it."""
        held = self.noise.reason(cluster, due, moment)
        if held is not None:
            cluster.background = held
        elif self.grouping.storms.groups(False, moment.now):
            self.grouping.take(cluster, moment)
        else:
            returns = cluster.returns
            did = "lasted" if returns is None else came_back(returns.count, returns.times)
            self.open(cluster, due, moment, f"a lone warning that {did}")

    def open_held(self, now: float, moment: Moment) -> None:
        """Open the incidents of clusters that were held as noise, and last longer than what people marked."""
        for due, cluster in self.noise.lasting(now):
            if self.grouping.storms.groups(False, moment.now):
                self.grouping.take(cluster, moment)
            else:
                self.open(cluster, due, moment, LASTED)

    def _update(self, cluster: ClusterState, arrival: Arrival) -> None:
        said = said_as(arrival.stream, arrival.severity)
        if arrival.result.new_member:
            self.incidents.grew(cluster, arrival.result.member, arrival.now)
            self.incidents.replaces(cluster, arrival.stream)
        self.incidents.joined(cluster, said, arrival.now, arrival, not arrival.repeats)


def _reason(cluster: ClusterState, arrival: Arrival) -> str:
    """Return why a cluster becomes an incident with this alert; empty for its first one."""
    returns = cluster.returns
    if returns is not None and returns.times[-1] == arrival.now:
        return f"background until it {came_back(returns.count, returns.times)}"
    stream = arrival.stream
    return f"background until {located(stream.name, stream.entity)} joined" if cluster.count > 1 else ""
