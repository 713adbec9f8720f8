"""Marks of people: an incident was noise, or needed somebody; background alerts that they open.

From some dozens of marks a model can be trained that keeps what is like the noise in the background.
"""

from __future__ import annotations

from aiops.engine.acted_incident import acted_incident, actor_of
from aiops.engine.arrival import Moment
from aiops.engine.drift.outcomes import Outcomes
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import new_deed
from aiops.engine.incidents.lifecycle import Incidents, lasted_s
from aiops.engine.incidents.sights import sight_of
from aiops.engine.incidents.state import IncidentState
from aiops.engine.noise.marks import LABELS
from aiops.errors import UsageError
from aiops.records import Action


class MarkActions:
    """Applies them to incidents that the engine remembers, and to clusters that may still change."""

    def __init__(self, incidents: Incidents, outcomes: Outcomes) -> None:
        self.incidents = incidents
        self.outcomes = outcomes
        self.clusters = incidents.clusters
        self.noise = incidents.noise

    def mark(self, action: Action, moment: Moment) -> str:
        """Mark an incident as noise or as actionable; a later mark replaces it."""
        label = action.args.get("as", "")
        if label not in LABELS:
            raise UsageError(f"$.args.as: expected {' or '.join(LABELS)}; got {label[:80]!r}")
        incident, cluster, now = acted_incident(self.incidents, action)
        before = self.noise.label_of(incident.id)
        if before == label:
            return f"{now}was marked as {label} before: nothing changed"
        by = actor_of(action)
        self.incidents.handling.did(incident.id, new_deed(action.id, "mark", moment.now, by, mark=before))
        self.noise.mark(incident.id, label, (moment.now, by), lasted_s(cluster))
        self.outcomes.judged("noise", incident.id, label == "actionable")
        # A version of its own: page and API show it at once, and no endpoint gets anything.
        self.incidents.announce(incident, cluster, moment.now, ("updated", ["marked"]), moment)
        taught = "" if incident.id in self.noise.sights else ", which teaches nothing: what it opened with is not kept"
        return f"{now}marked as {label}; nobody is notified{taught}"

    def imply(self, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment) -> None:
        """Count an incident as actionable if a person confirmed something, unless somebody marked it."""
        if incident.id not in self.noise.marks:
            who = (moment.now, actor_of(action))
            self.noise.mark(incident.id, "actionable", who, lasted_s(cluster), implied=True)

    def open(self, action: Action, moment: Moment) -> str:
        """Open the incident of a background alert; alerts of its kinds are not held as noise again."""
        cluster, by = self._background(action.args.get("alert", "")), actor_of(action)
        sight = sight_of(cluster, moment.now)
        self.noise.take_back(cluster.number, sight)
        self.incidents.open(cluster, moment.now, moment, f"opened by {by}")
        name = cluster.incident or ""
        self.noise.mark(name, "actionable", (moment.now, by), lasted_s(cluster))
        # The engine had left it in the background.
        self.outcomes.judged("noise", name, False)
        return f"opened as {name}, and marked as actionable; endpoints are notified of it as of any other"

    def _background(self, name: str) -> ClusterState:
        """Return the latest cluster that has an alert, by its fingerprint or the id of its first alert."""
        if not name:
            raise UsageError("$.args.alert: expected the fingerprint of a background alert; got none")
        found = None
        for cluster in self.clusters.by_number.values():
            if any(name in (one.fingerprint, one.alert) or name in one.streams for one in cluster.members.values()):
                found = cluster
        if found is None:
            raise UsageError(
                f"$.args.alert: expected the fingerprint of an alert that fires or fired lately; got {name[:80]!r}"
            )
        if found.incident is not None:
            raise UsageError(f"$.args.alert: expected a background alert; {name[:80]} is in {found.incident}")
        return found
