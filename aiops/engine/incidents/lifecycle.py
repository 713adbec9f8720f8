"""The life cycle of incidents: open, update, resolve, reopen."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, ClassVar, Final, TypedDict

from aiops.engine.arrival import Moment
from aiops.engine.assessment import Assessment
from aiops.engine.dedup.stream import Stream
from aiops.engine.events import ClusterPromoted, IncidentChange, IncidentChanged
from aiops.engine.incidents.announced import Said, is_replaced, no_names
from aiops.engine.incidents.clusters import (
    Clusters,
    ClusterState,
    MemberState,
    count_entities,
    has_life_cycle,
    known,
    streams_of,
)
from aiops.engine.incidents.config import IncidentConfig
from aiops.engine.incidents.due import DueQueue
from aiops.engine.incidents.handling import Handling
from aiops.engine.incidents.identities import Identities
from aiops.engine.incidents.incident_record import IncidentRecords
from aiops.engine.incidents.sights import sight_of
from aiops.engine.incidents.state import IncidentState, due_of, new_incident
from aiops.engine.noise.stage import Noise
from aiops.engine.silences.silences import Silences
from aiops.records import Cause, Severity

# Incidents that one tick ranks or ends; ticks come about once a second, and each takes up to some milliseconds.
MAX_DUE: Final = 256
# The same for any other record: more than one alert makes due on the average, few enough that none waits for long.
MAX_DUE_EACH: Final = 2
# A name or a service that was not named before is reported at once, or this long after the last report: a burst of
# ten thousand is a few records, and an endpoint that digests (`update_every_s`, 15 s by default) waits no longer.
NEWS_EVERY_S: Final = 5.0
# Sentences beside an incident; the oldest are dropped first.
MAX_NOTES: Final = 20

Assess = Callable[["IncidentState", ClusterState], Assessment]
Learn = Callable[["IncidentState", ClusterState], None]
# The kind of a change, and the names of the fields that changed.
Change = tuple[IncidentChange, list[str]]


class IncidentsState(TypedDict):
    """The state of `Incidents` in snapshots."""

    incidents: list[IncidentState]
    ended: list[str]
    open: int
    names: dict[str, int]
    due: list[tuple[float, str]]
    unchecked: list[str]


class Incidents:
    """All incidents that are open, or ended and still remembered for reopening and feedback.

    `ended` are the ended ones, oldest first. `unchecked` are open ones over which a silence may have begun or ended, in
    the order in which that is looked at (`SilenceChecks`).
    """

    STATE: ClassVar[Any] = IncidentsState

    def __init__(
        self, config: IncidentConfig, clusters: Clusters, assess: Assess, learn: Learn, silences: Silences
    ) -> None:
        self.config = config
        self.clusters = clusters
        self.assess = assess
        self.learn = learn
        self.silences = silences
        self.handling = Handling(clusters)
        self.noise = Noise(config.held_share)
        self.records = IncidentRecords(silences, self.handling, self.noise)
        self.identities = Identities()
        self.by_id: dict[str, IncidentState] = {}
        self.open_count = 0
        self.ended: dict[str, None] = {}
        self.unchecked: dict[str, None] = {}
        # It shares `by_id`, which is filled and cleared, and never replaced.
        self.due = DueQueue(self.by_id)

    def open(self, cluster: ClusterState, at: float, moment: Moment, note: str = "") -> None:
        """Make an incident of a cluster.

        `note` gives the reason, where the cluster had alerts before it was worth an incident.
        """
        incident = new_incident(self.identities.give(cluster), cluster.number, at, cluster.severity)
        incident.rank_gap = self.config.rank_after_s
        incident.entities = count_entities(cluster)
        for member in cluster.members.values():
            incident.named.add(said_of(member))
        incident.returns = cluster.return_count()
        if note:
            incident.notes.append(note)
        self.by_id[incident.id] = incident
        self.open_count += 1
        cluster.incident = incident.id
        cluster.background = None
        self.noise.release(cluster.number)
        if cluster.storm is None:
            self.noise.saw(incident.id, sight_of(cluster, at))
        self.schedule_rank(incident, at)
        if cluster.firing == 0:
            self.quiet(cluster, at)
        self.announce(incident, cluster, at, ("opened", ["status"]), moment)
        if note:
            # Alerts that were placed before belong to it too.
            moment.out.append(ClusterPromoted(moment.seq, cluster.number, incident.id, note))

    def grew(self, cluster: ClusterState, member: int, at: float) -> None:
        """Rank the open incident of a cluster soon: a new member joined."""
        incident = self.of(cluster)
        if incident is not None and incident.status != "resolved":
            incident.changed = True
            self.schedule_rank(incident, at)
            self.records.prepare(cluster, member)

    def replaces(self, cluster: ClusterState, stream: Stream) -> None:
        """Name a new replica in an incident that returns as the replica before it, which had the same alert."""
        incident = self.of(cluster)
        if incident is None or cluster.returns is None or not is_replaced(stream.entity, stream.workload):
            return
        before = known(cluster, stream)
        if before is not None:
            incident.named.replace(stream.service or stream.entity, before.service or before.entity)

    def joined(self, cluster: ClusterState, said: Said, at: float, moment: Moment, fresh: bool) -> None:
        """Name an alert that joined the cluster of an incident; only a `fresh` one, no repeat, opens it again."""
        incident = self.by_id[cluster.incident] if cluster.incident is not None else None
        if incident is None or (incident.status == "resolved" and not fresh):
            return
        if incident.status == "resolved":
            self._come_back(incident, cluster, said, at, moment)
        elif incident.named.add(said) or (fresh and incident.silenced):
            # Where a silence held all, this alert, which it does not hold, ends the quiet.
            incident.unsaid = True
        self._tell(incident, cluster, at, moment)

    def united(self, cluster: ClusterState, at: float, moment: Moment) -> None:
        """Report what a merge without an alert has changed: a rise, and what was not named before."""
        incident = self.of(cluster)
        if incident is not None and incident.status != "resolved":
            self._tell(incident, cluster, at, moment)

    def _tell(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment) -> None:
        if cluster.severity > incident.severity:
            incident.severity = cluster.severity
            incident.changed = True
            incident.rank_gap = self.config.rank_after_s
            what = ["severity"]
            if cluster.severity >= Severity.CRITICAL and self.handling.end_snooze(incident.id):
                what.append("snoozed")
            self.announce(incident, cluster, at, ("updated", what), moment)
        elif incident.unsaid:
            self._report(incident, cluster, at, moment)
        elif incident.returns < cluster.return_count():
            self.announce(incident, cluster, at, ("updated", []), moment)

    def _come_back(self, incident: IncidentState, cluster: ClusterState, said: Said, at: float, moment: Moment) -> None:
        """Open a resolved incident again, with an alert: it continues, or begins anew.

        It continues if its own pattern returns within the window and no person had ended it.
        """
        ended_at = incident.resolved_at if incident.resolved_at is not None else at
        incident.is_return = (
            incident.returns < cluster.return_count()
            and not incident.ended_by_hand
            and at - ended_at <= self.config.return_window_s
        )
        if not incident.is_return:
            incident.named = no_names()
            incident.was_acknowledged = False
            incident.acknowledged_by = ""
            incident.findings = None
            self.handling.leave(incident.id)
        incident.named.add(said)
        self.reopen(incident, cluster, at, moment)

    def _report(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment) -> None:
        """Report what was not named before: now, or soon where something was reported just now."""
        due = incident.said_at + NEWS_EVERY_S
        if at >= due:
            self.announce(incident, cluster, at, ("updated", ["alerts"]), moment)
        elif incident.news_due is None:
            incident.news_due = due
            self.due.schedule(incident)

    def schedule_rank(self, incident: IncidentState, at: float) -> None:
        """Rank an incident once it has changed no more for a while, or at the latest after `rank_gap`."""
        if incident.rank_due is None:
            incident.rank_due = at + incident.rank_gap
            self.due.schedule(incident)

    def reopen(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment) -> IncidentChanged:
        """Open a resolved incident again; return the change."""
        # A person who works on it does so after a pause of it, too.
        incident.status = "acknowledged" if incident.was_acknowledged else "open"
        incident.ended_by_hand = False
        incident.resolved_by = incident.fixed_by = ""
        incident.paused_s = max(0.0, at - incident.resolved_at) if incident.resolved_at is not None else None
        incident.severity = max(incident.severity, cluster.severity)
        incident.resolved_at = None
        incident.resolve_due = None
        incident.rank_gap = self.config.rank_after_s
        incident.changed = True
        self.ended.pop(incident.id, None)
        self.open_count += 1
        self.schedule_rank(incident, at)
        return self.announce(incident, cluster, at, ("reopened", ["status"]), moment)

    def quiet(self, cluster: ClusterState, at: float, received_at: float = -inf) -> None:
        """End the incident of a cluster in which nothing fires, unless something fires again in time.

        `received_at` is the engine time of the last message; the cluster's own times are those of the senders' clocks.
        """
        incident = self.of(cluster)
        if incident is None or incident.status == "resolved":
            return
        incident.resolve_due = max(at, max(cluster.last_at, received_at) + self.patience_s(cluster))
        self.due.schedule(incident)

    def patience_s(self, cluster: ClusterState) -> float:
        """Return for how long nothing may fire before the incident of a cluster ends.

        One whose pattern has returned stays open over its pauses.
        """
        least = self.config.resolve_after_s
        if cluster.returns is None:
            return least
        return max(least, min(cluster.returns.patience_s(), self.config.return_window_s))

    def unended(self) -> list[str]:
        """Return the open incidents in which something fires that would send its end, and has not."""
        found = []
        for incident in self.by_id.values():
            cluster = self.clusters.of(incident.cluster) if incident.status != "resolved" else None
            if cluster is not None and cluster.firing > 0 and has_life_cycle(cluster):
                found.append(incident.id)
        return found

    def is_open(self, name: str) -> bool:
        """Return true if the incident is known and not resolved."""
        incident = self.by_id.get(name)
        return incident is not None and incident.status != "resolved"

    def next_due(self) -> float:
        """Return when something is due; infinity when nothing is."""
        return self.due.next_due()

    def run_due(self, moment: Moment, most: int = MAX_DUE) -> None:
        """Rank what changed and end what has been quiet for long enough, in the order of their times.

        At most so many incidents: where a pause made thousands due at once, the next records do the rest.
        """
        while most > 0:
            incident = self.due.take(moment.now)
            if incident is None:
                return
            at, incident.queued_at = incident.queued_at, inf
            cluster = self.clusters.of(incident.cluster)
            if cluster is None or incident.status == "resolved":
                continue
            if cluster.firing > 0:
                # It fired again before its end came.
                incident.resolve_due = None
            most -= self._run_one(incident, cluster, at, moment)
            self.due.schedule(incident)

    def _run_one(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment) -> bool:
        """Do what is due for an incident at a time; return whether there was something."""
        if at == incident.resolve_due:
            self.resolve(incident, cluster, at, moment)
        elif at == incident.rank_due:
            self._rank(incident, cluster, at, moment)
        elif at == incident.news_due:
            incident.news_due = None
            if incident.unsaid:
                self.announce(incident, cluster, at, ("updated", ["alerts"]), moment)
        else:
            return False
        return True

    def _rank(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment) -> None:
        incident.rank_due = None
        if not incident.changed and incident.ranked:
            return
        what = self._assess(incident, cluster)
        incident.rank_gap = min(2 * incident.rank_gap, self.config.rank_at_most_every_s)
        if what:
            self.announce(incident, cluster, at, ("updated", what), moment)

    def assess_now(self, incident: IncidentState, cluster: ClusterState) -> list[str]:
        """Rank anew, as something is known that came from outside the alerts; return what changed of it."""
        incident.rank_due = None
        what = self._assess(incident, cluster)
        self.due.schedule(incident)
        return what

    def _assess(self, incident: IncidentState, cluster: ClusterState) -> list[str]:
        """Rank anew; return what of it matters to people."""
        before = (_first(incident.causes), [each.name for each in incident.playbooks], incident.entities)
        found = self.assess(incident, cluster)
        incident.causes, incident.playbooks, incident.similar = found.causes, found.playbooks, found.similar
        incident.trust = found.trust
        incident.entities = count_entities(cluster)
        incident.changed = False
        incident.ranked = True
        after = (_first(incident.causes), [each.name for each in incident.playbooks], incident.entities)
        names = ("cause", "playbook", "members")
        return [name for name, old, new in zip(names, before, after, strict=True) if old != new]

    def resolve(self, incident: IncidentState, cluster: ClusterState, at: float, moment: Moment, by: str = "") -> None:
        """Resolve an incident; what it looked like is learned from, without a confirmed cause.

        `by` names the person who decided it.
        """
        what = self._assess(incident, cluster) if incident.changed or not incident.ranked else []
        incident.status = "resolved"
        incident.resolved_at = at
        # Ranked for the last time; kept, it would leave no room for the ranking after it is reopened.
        incident.resolve_due = incident.rank_due = incident.news_due = None
        incident.ended_by_hand, incident.resolved_by = bool(by), by
        if by:
            self.note(incident, f"resolved by {by}")
        self.open_count -= 1
        self.ended[incident.id] = None
        self.handling.end_snooze(incident.id)
        self.noise.ended(incident.id, lasted_s(cluster))
        if not incident.learned:
            incident.learned = True
            self.learn(incident, cluster)
        self.announce(incident, cluster, at, ("resolved", ["status", *what]), moment)
        if len(self.ended) > self.config.max_closed:
            self._forget(next(iter(self.ended)))

    def _forget(self, name: str) -> None:
        del self.ended[name]
        incident = self.by_id.pop(name)
        self.handling.forget(name)
        self.noise.forget(name)
        cluster = self.clusters.of(incident.cluster)
        if cluster is not None and cluster.incident == name:
            cluster.incident = None
            if cluster.closed and cluster.firing <= 0:
                self.clusters.forget(cluster)

    def of(self, cluster: ClusterState) -> IncidentState | None:
        """Return the incident of a cluster that is remembered."""
        return self.by_id.get(cluster.incident) if cluster.incident is not None else None

    def find(self, name: str) -> IncidentState | None:
        """Return the incident of an id, or the one that it was merged into; None for what is not remembered."""
        known = self.by_id.get(name)
        if known is not None:
            return known
        return next((each for each in self.by_id.values() if name in each.merged_from), None)

    def note(self, incident: IncidentState, text: str) -> None:
        """Add a sentence to an incident."""
        incident.notes = [*incident.notes, text][-MAX_NOTES:]

    def acknowledge(
        self, incident: IncidentState, actor: str | None, moment: Moment, what: list[str] | None = None
    ) -> None:
        """Mark an open incident as acknowledged; `what` are the fields that change with it."""
        cluster = self.clusters.of(incident.cluster)
        if cluster is None or incident.status != "open":
            return
        incident.status = "acknowledged"
        incident.was_acknowledged = True
        incident.acknowledged_by = actor or "an operator"
        self.note(incident, f"acknowledged by {incident.acknowledged_by}")
        self.announce(incident, cluster, moment.now, ("acknowledged", what or ["status"]), moment)

    def updated(self, incident: IncidentState, what: list[str], moment: Moment, said: str = "") -> None:
        """Announce a change that came from outside the alerts.

        `said` is a sentence about it for the endpoints that know the incident.
        """
        cluster = self.clusters.of(incident.cluster)
        if cluster is not None:
            self.announce(incident, cluster, moment.now, ("updated", what), moment).said = said

    def announce(
        self, incident: IncidentState, cluster: ClusterState, at: float, change: Change, moment: Moment
    ) -> IncidentChanged:
        """Emit the next version of an incident, and return it."""
        kind, what = change
        incident.version += 1
        incident.unsaid = False
        incident.said_at = at
        record, named = self.records.make(incident, cluster, at), incident.named.mentions()
        if self.unchecked and incident.id in self.unchecked:
            del self.unchecked[incident.id]
            if record.silenced_by and not incident.silenced:
                what = [*what, "silenced"]
        incident.silenced = bool(record.silenced_by)
        returns = cluster.return_count()
        if returns > incident.returns:
            what = [*what, "returns"]
        incident.returns = returns
        event = IncidentChanged(moment.seq, at, kind, record, incident.version, what, named, incident.is_return)
        event.by_person = kind == "resolved" and incident.ended_by_hand
        event.streams, event.unkept = streams_of(cluster), cluster.overflow + cluster.unlabelled
        event.origins = self.handling.origins_of(incident.id)
        moment.out.append(event)
        return event

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        for incident in self.by_id.values():
            incident.opened_at = min(incident.opened_at, now)
            incident.said_at = min(incident.said_at, now)
            if incident.resolved_at is not None:
                incident.resolved_at = min(incident.resolved_at, now)
            if incident.rank_due is not None:
                incident.rank_due = min(incident.rank_due, now + incident.rank_gap)
            if incident.resolve_due is not None:
                cluster = self.clusters.of(incident.cluster)
                wait_s = self.patience_s(cluster) if cluster is not None else self.config.resolve_after_s
                incident.resolve_due = min(incident.resolve_due, now + wait_s)
            if incident.news_due is not None:
                incident.news_due = min(incident.news_due, now + NEWS_EVERY_S)
            incident.queued_at = due_of(incident)
        self.due.tidy()

    def dump(self) -> IncidentsState:
        """State for a snapshot."""
        return {
            "incidents": list(self.by_id.values()),
            "ended": list(self.ended),
            "open": self.open_count,
            "names": self.identities.counts,
            "due": self.due.entries,
            "unchecked": list(self.unchecked),
        }

    def load(self, state: IncidentsState) -> None:
        """Take the state of a `dump`."""
        self.by_id.clear()
        self.by_id.update((incident.id, incident) for incident in state["incidents"])
        self.ended = dict.fromkeys(state["ended"])
        self.open_count = state["open"]
        self.identities.counts = state["names"]
        self.due.entries = state["due"]
        self.unchecked = dict.fromkeys(state["unchecked"])


def lasted_s(cluster: ClusterState) -> float:
    """Return how long the alerts of a cluster came, in seconds."""
    return max(0.0, cluster.active_at - cluster.opened_at)


def said_of(member: MemberState) -> Said:
    """Return a member as it is named."""
    return member.name, member.service or member.entity, member.severity


def _first(causes: list[Cause]) -> str | None:
    return causes[0].entity if causes else None
