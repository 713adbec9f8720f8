"""The ends of snoozes: what still fires is open again, and its endpoints are notified once."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.incidents.lifecycle import Incidents
from aiops.wording import plural


class Snoozes:
    """Wakes incidents whose snooze ends."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents

    def run_due(self, moment: Moment) -> None:
        """End the snoozes that are due.

        An incident of which something fires is nobody's again, as on every pager. One that only waits for its end
        stays as it is.
        """
        incidents = self.incidents
        for name in incidents.handling.wake(moment.now):
            incident = incidents.by_id.get(name)
            cluster = incidents.clusters.of(incident.cluster) if incident is not None else None
            if incident is None or cluster is None or incident.status == "resolved":
                continue
            if cluster.firing <= 0:
                incidents.updated(incident, ["snoozed"], moment)
                continue
            incident.status, incident.was_acknowledged, incident.acknowledged_by = "open", False, ""
            incidents.note(incident, "the snooze has ended")
            said = f"the snooze has ended: {plural(cluster.firing, 'alert stream')} still firing"
            incidents.updated(incident, ["status", "snoozed"], moment, said)
