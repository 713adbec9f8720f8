"""The gate of noise: a promoted model may hold an incident-to-be in the background, within bounds."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.events import Notice
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.sights import sight_of
from aiops.engine.incidents.storm import Storms
from aiops.records import Severity

LASTED = "held as noise, and it lasts longer than what people marked"


class NoiseGate:
    """Decides between triage and opening; `Noise` keeps the state."""

    def __init__(self, incidents: Incidents, storms: Storms) -> None:
        self.noise = incidents.noise
        self.clusters = incidents.clusters
        self.storms = storms

    def reason(self, cluster: ClusterState, at: float, moment: Moment) -> str | None:
        """Return why a cluster stays in the background that would become an incident at a time; None opens it."""
        noise = self.noise
        if noise.model is None and not noise.held:
            return None
        if cluster.severity >= Severity.CRITICAL or self.storms.active:
            noise.release(cluster.number)
            return None
        reason, is_new = noise.reason(cluster.number, sight_of(cluster, at))
        if is_new and self.storms.opens(moment.now):
            # It counts as the incident that it would be. Nothing is held in a storm: it might be its first sign.
            moment.out.append(Notice(moment.seq, "storm", f"a storm begins: {self.storms.reason()}"))
            noise.release(cluster.number)
            return None
        return reason

    def lasting(self, now: float) -> list[tuple[float, ClusterState]]:
        """Return the held clusters that still fire after all that time, with the time at which it was enough."""
        found = []
        for due, number in self.noise.overdue(now) if self.noise.next_due() <= now else ():
            cluster = self.clusters.of(number)
            if cluster is not None and cluster.incident is None and _lasts(cluster, self.noise.lasts_s()):
                self.noise.counts["lasted"] += 1
                found.append((due, cluster))
        return found


def _lasts(cluster: ClusterState, for_s: float) -> bool:
    """Return true if it fires by its own account (it sends its end), or repeated for half of the time."""
    return any(
        member.firing > 0 and (member.has_life_cycle or member.last_at - member.first_at >= for_s / 2)
        for member in cluster.members.values()
    )
