"""Open incidents over which a silence may have begun or ended: looked at some with each record."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.incidents.coverage import cover_of
from aiops.engine.incidents.lifecycle import Incidents


class SilenceChecks:
    """Reports where a silence began or ended over all that fires of an incident.

    `incidents.unchecked` holds those that are still to be looked at; an announcement of one looks at it, too.
    """

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.clusters = incidents.clusters
        self.silences = incidents.silences

    def begin(self, held: bool) -> None:
        """Look soon at open incidents.

        Where a silence ended, only those that are silenced (`held`) may change.
        """
        for incident in self.incidents.by_id.values():
            if incident.status != "resolved" and (incident.silenced or not held):
                self.incidents.unchecked[incident.id] = None

    def run(self, moment: Moment, most: int) -> None:
        """Look at so many incidents at most."""
        unchecked = self.incidents.unchecked
        while most > 0 and unchecked:
            most -= 1
            name = next(iter(unchecked))
            del unchecked[name]
            self._check(name, moment)

    def _check(self, name: str, moment: Moment) -> None:
        incident = self.incidents.by_id.get(name)
        cluster = self.clusters.of(incident.cluster) if incident is not None else None
        if incident is None or cluster is None or incident.status == "resolved" or cluster.firing <= 0:
            return
        if bool(cover_of(cluster, self.silences, moment.now).names) != incident.silenced:
            self.incidents.announce(incident, cluster, moment.now, ("updated", ["silenced"]), moment)
        else:
            self.clusters.touch(cluster)
