"""The life cycle of incidents: open, update, merge, resolve, reopen; identities that depend on the input alone."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from hashlib import blake2b
from math import inf
from typing import Any

import msgspec

from aiops.engine.assessment import Assessment
from aiops.engine.config import IncidentConfig
from aiops.engine.events import ClusterPromoted, Event, IncidentChange, IncidentChanged
from aiops.engine.incidents import summary
from aiops.engine.incidents.announced import Named, Said
from aiops.engine.incidents.clusters import Clusters, ClusterState, MemberState, count_entities, has_life_cycle
from aiops.engine.incidents.state import IncidentState, due_of, dumped_of, loaded
from aiops.engine.silences.coverage import cover_of, mark
from aiops.engine.silences.silences import Silences
from aiops.engine.snapshot_records import DumpedIncident, Each, used_up
from aiops.records import LABELS, Cause, Incident, RootCause

# Entities and services listed in a record; the counts in the sentences are of all.
MAX_LISTED = 200
# Incidents that one tick ranks or ends; ticks come about once a second, and each takes up to some milliseconds.
MAX_DUE = 256
# The same for any other record: more than one alert makes due on the average, few enough that none waits for long.
MAX_DUE_EACH = 2
# Entries of the queue beyond twice the incidents, at which those that are void are dropped.
SLACK = 64
# Names of incidents that are remembered after these are forgotten, so that none is given twice: some 1 MB, and ten
# times the incidents that are kept for feedback.
MAX_NAMES = 10_000
# A name or a service that was not named before is reported at once, or this long after the last report: a burst of
# ten thousand is a few records, and an endpoint that digests (`update_every_s`, 15 s by default) waits no longer.
NEWS_EVERY_S = 5.0

Assess = Callable[["IncidentState", ClusterState], Assessment]
Learn = Callable[["IncidentState", ClusterState], None]


class Incidents:
    """All incidents that are open, or ended and still remembered for reopening and feedback."""

    def __init__(
        self, config: IncidentConfig, clusters: Clusters, assess: Assess, learn: Learn, silences: Silences
    ) -> None:
        self.config = config
        self.clusters = clusters
        self.assess = assess
        self.learn = learn
        self.silences = silences
        self.by_id: dict[str, IncidentState] = {}
        self.open_count = 0
        # Ended incidents, oldest first.
        self.ended: dict[str, None] = {}
        # How many incidents had the name, by the name without its count; the one given longest ago first.
        self._names: dict[str, int] = {}
        self._due: list[tuple[float, str]] = []
        # Open incidents over which a silence may have begun or ended, in the order in which that is looked at.
        self.unchecked: dict[str, None] = {}
        # Follows from the members, so that it is no part of the state.
        self._told: summary.Told = {}

    def open(self, cluster: ClusterState, seq: int, at: float, out: list[Event], note: str = "") -> None:
        """Make an incident of a cluster.

        `note` says why, where the cluster had alerts before it was worth an incident.
        """
        incident = IncidentState(self._name(cluster), cluster.number, at, severity=cluster.severity)
        incident.rank_gap = self.config.rank_after_s
        incident.entities = count_entities(cluster)
        for member in cluster.members.values():
            incident.named.add(said_of(member))
        if note:
            incident.notes.append(note)
        self.by_id[incident.id] = incident
        self.open_count += 1
        cluster.incident = incident.id
        cluster.background = None
        self._schedule_rank(incident, at)
        if cluster.firing == 0:
            self.quiet(cluster, at)
        self._tell(incident, cluster, "opened", seq, at, ["status"], out)
        if note:
            # Alerts that were placed before belong to it too.
            out.append(ClusterPromoted(seq, cluster.number, incident.id, note))

    def _name(self, cluster: ClusterState) -> str:
        """An identity of the cluster's first alert: its fingerprint, and its time as it was written.

        Numbers of records play no part, so that a daemon, a replay, and an archive with other records between give the
        same. A stream that opens a second incident at the same time of its own (a sender without a clock) is counted.
        """
        first = next(iter(cluster.members.values()))
        base = blake2b(f"{first.fingerprint}/{first.sent_at!r}".encode(), digest_size=6).hexdigest()
        count = self._names.pop(base, 0) + 1
        self._names[base] = count
        if len(self._names) > MAX_NAMES:
            del self._names[next(iter(self._names))]
        return f"inc-{base}" if count == 1 else f"inc-{base}-{count}"

    def joined(
        self,
        cluster: ClusterState,
        seq: int,
        at: float,
        out: list[Event],
        said: Said,
        *,
        fresh: bool,
        new_member: bool = False,
    ) -> None:
        """An alert (`said`) joined the cluster of an incident; only a `fresh` one, no repeat, opens it again."""
        incident = self.by_id[cluster.incident] if cluster.incident is not None else None
        if incident is None or (incident.status == "resolved" and not fresh):
            return
        if incident.status == "resolved":
            incident.named = Named()
            incident.named.add(said)
            self._reopen(incident, cluster, seq, at, out)
        elif incident.named.add(said) or (fresh and incident.silenced):
            # Where a silence held all, this alert, which it does not hold, ends the quiet.
            incident.unsaid = True
        if new_member:
            incident.changed = True
            self._schedule_rank(incident, at)
        if cluster.severity > incident.severity:
            incident.severity = cluster.severity
            incident.changed = True
            incident.rank_gap = self.config.rank_after_s
            self._tell(incident, cluster, "updated", seq, at, ["severity"], out)
        elif incident.unsaid:
            self._report(incident, cluster, seq, at, out)

    def _report(self, incident: IncidentState, cluster: ClusterState, seq: int, at: float, out: list[Event]) -> None:
        """Report what was not named before: now, or soon where something was reported just now."""
        due = incident.said_at + NEWS_EVERY_S
        if at >= due:
            self._tell(incident, cluster, "updated", seq, at, ["alerts"], out)
        elif incident.news_due is None:
            incident.news_due = due
            self._schedule(incident)

    def prepare(self, cluster: ClusterState, number: int) -> None:
        """Make a new member's sentences now: made when the incident is told of, those of a hundred come at once."""
        member = cluster.members.get(number)
        if member is not None and len(cluster.members) <= summary.MAX_SHOWN:
            summary.evidence_of(member, self._told)

    def _schedule_rank(self, incident: IncidentState, at: float) -> None:
        if incident.rank_due is not None:
            return
        incident.rank_due = at + incident.rank_gap
        self._schedule(incident)

    def _schedule(self, incident: IncidentState) -> None:
        """See that the incident's entry in the queue comes no later than what is due; mostly it is there already."""
        due = due_of(incident)
        if due < incident.queued_at:
            incident.queued_at = due
            heapq.heappush(self._due, (due, incident.id))
            if len(self._due) > 2 * len(self.by_id) + SLACK:
                self._tidy()

    def _tidy(self) -> None:
        """Drop the entries that an earlier one of their incident, or its end, has made void."""
        live = [(one.queued_at, one.id) for one in self.by_id.values() if one.queued_at < inf]
        heapq.heapify(live)
        self._due = live

    def _reopen(self, incident: IncidentState, cluster: ClusterState, seq: int, at: float, out: list[Event]) -> None:
        incident.status = "open"
        incident.resolved_at = None
        incident.resolve_due = None
        incident.rank_gap = self.config.rank_after_s
        incident.changed = True
        self.ended.pop(incident.id, None)
        self.open_count += 1
        self._schedule_rank(incident, at)
        self._tell(incident, cluster, "reopened", seq, at, ["status"], out)

    def quiet(self, cluster: ClusterState, at: float, heard_at: float = -inf) -> None:
        """Nothing of the cluster fires any more; its incident ends unless something fires again in time.

        `heard_at` is the engine's time at the last message; the cluster's own times are those of the senders' clocks.
        """
        incident = self.by_id.get(cluster.incident) if cluster.incident is not None else None
        if incident is None or incident.status == "resolved":
            return
        incident.resolve_due = max(at, max(cluster.last_at, heard_at) + self.config.resolve_after_s)
        self._schedule(incident)

    def recheck(self, held: bool) -> None:
        """See soon which open incidents are silenced; of a silence that ended, only the `held` ones may change."""
        for incident in self.by_id.values():
            if incident.status != "resolved" and (incident.silenced or not held):
                self.unchecked[incident.id] = None

    def check(self, now: float, seq: int, out: list[Event], most: int) -> None:
        """Report where a silence began or ended over all that fires of an incident, at most of so many."""
        while most > 0 and self.unchecked:
            most -= 1
            name = next(iter(self.unchecked))
            del self.unchecked[name]
            incident = self.by_id.get(name)
            cluster = self.clusters.of(incident.cluster) if incident is not None else None
            if incident is None or cluster is None or incident.status == "resolved" or cluster.firing <= 0:
                continue
            if bool(cover_of(cluster, self.silences, now).names) != incident.silenced:
                self._tell(incident, cluster, "updated", seq, now, ["silenced"], out)
            else:
                self.clusters.touch(cluster)

    def unended(self) -> list[str]:
        """The open incidents in which something fires that would tell its end, and has not."""
        found = []
        for incident in self.by_id.values():
            cluster = self.clusters.of(incident.cluster) if incident.status != "resolved" else None
            if cluster is not None and cluster.firing > 0 and has_life_cycle(cluster):
                found.append(incident.id)
        return found

    def is_open(self, name: str) -> bool:
        """Whether the incident is known and not over."""
        incident = self.by_id.get(name)
        return incident is not None and incident.status != "resolved"

    def next_due(self) -> float:
        """When something is due; infinity when nothing is."""
        return self._due[0][0] if self._due else inf

    def run_due(self, now: float, seq: int, out: list[Event], most: int = MAX_DUE) -> None:
        """Rank what changed and end what has been quiet for long enough, in the order of their times.

        At most so many incidents: where a pause made thousands due at once, the next records do the rest.
        """
        while most > 0 and self._due and self._due[0][0] <= now:
            at, name = heapq.heappop(self._due)
            incident = self.by_id.get(name)
            if incident is None or at != incident.queued_at:
                continue
            incident.queued_at = inf
            cluster = self.clusters.of(incident.cluster)
            if cluster is None or incident.status == "resolved":
                continue
            if cluster.firing > 0:
                # It fired again before its end came.
                incident.resolve_due = None
            if at == incident.resolve_due:
                most -= 1
                self.resolve(incident, cluster, seq, at, out)
            elif at == incident.rank_due:
                most -= 1
                self._rank(incident, cluster, seq, at, out)
            elif at == incident.news_due:
                most -= 1
                incident.news_due = None
                if incident.unsaid:
                    self._tell(incident, cluster, "updated", seq, at, ["alerts"], out)
            self._schedule(incident)

    def _rank(self, incident: IncidentState, cluster: ClusterState, seq: int, at: float, out: list[Event]) -> None:
        incident.rank_due = None
        if not incident.changed and incident.ranked:
            return
        what = self._assess(incident, cluster)
        incident.rank_gap = min(2 * incident.rank_gap, self.config.rank_at_most_every_s)
        if what:
            self._tell(incident, cluster, "updated", seq, at, what, out)

    def _assess(self, incident: IncidentState, cluster: ClusterState) -> list[str]:
        """Rank anew; say what of it matters to people."""
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

    def resolve(
        self, incident: IncidentState, cluster: ClusterState, seq: int, at: float, out: list[Event], why: str = ""
    ) -> None:
        """End an incident; what it looked like is learned from, without a confirmed cause."""
        what = self._assess(incident, cluster) if incident.changed or not incident.ranked else []
        incident.status = "resolved"
        incident.resolved_at = at
        # Ranked for the last time; kept, it would leave no room for the ranking after it is reopened.
        incident.resolve_due = incident.rank_due = incident.news_due = None
        if why:
            self._note(incident, why)
        self.open_count -= 1
        self.ended[incident.id] = None
        if not incident.learned:
            incident.learned = True
            self.learn(incident, cluster)
        self._tell(incident, cluster, "resolved", seq, at, ["status", *what], out)
        if len(self.ended) > self.config.max_closed:
            self._forget(next(iter(self.ended)))

    def _forget(self, name: str) -> None:
        del self.ended[name]
        incident = self.by_id.pop(name)
        cluster = self.clusters.of(incident.cluster)
        if cluster is not None and cluster.incident == name:
            cluster.incident = None
            if cluster.closed and cluster.firing <= 0:
                self.clusters.forget(cluster)

    def merge(
        self, target: ClusterState, source: ClusterState, seq: int, at: float, why: str, out: list[Event]
    ) -> None:
        """Join the incidents of two clusters before `source` is merged into `target`: the older one goes on."""
        ours = self.by_id.get(target.incident) if target.incident is not None else None
        theirs = self.by_id.get(source.incident) if source.incident is not None else None
        if theirs is None:
            return
        if ours is None:
            target.incident = theirs.id
            theirs.cluster = target.number
            out.append(ClusterPromoted(seq, target.number, theirs.id, why))
            return
        older, younger = (
            (ours, theirs) if (ours.opened_at, ours.id) <= (theirs.opened_at, theirs.id) else (theirs, ours)
        )
        older.cluster = target.number
        target.incident = older.id
        older.merged_from = [*older.merged_from, *younger.merged_from, younger.id][-MAX_LISTED:]
        older.changed = True
        # Those who know the older one alone are to hear what the younger was about; the alert that joins them reports.
        older.unsaid = older.named.take(younger.named) or older.unsaid
        self._note(older, f"{younger.id} was merged into it: {why}")
        self._end_merged(younger, older, source if younger is theirs else target, seq, at, out)
        if older.status == "resolved" and younger.status != "resolved":
            self._reopen(older, target, seq, at, out)
        else:
            self._schedule_rank(older, at)

    def _end_merged(
        self,
        younger: IncidentState,
        older: IncidentState,
        cluster: ClusterState,
        seq: int,
        at: float,
        out: list[Event],
    ) -> None:
        was_open = younger.status != "resolved"
        del self.by_id[younger.id]
        self.ended.pop(younger.id, None)
        self.open_count -= was_open
        younger.version += 1
        record = self.record(younger, cluster, at)
        record.status, record.merged_into, record.resolved_at = "merged", older.id, at
        out.append(IncidentChanged(seq, at, "merged", record, younger.version, ["status"]))

    def find(self, name: str) -> IncidentState | None:
        """The incident of an id, or the one that it was merged into; None for what is not remembered."""
        known = self.by_id.get(name)
        if known is not None:
            return known
        return next((each for each in self.by_id.values() if name in each.merged_from), None)

    def _note(self, incident: IncidentState, text: str) -> None:
        incident.notes = [*incident.notes, text][-20:]

    def acknowledge(self, incident: IncidentState, seq: int, at: float, actor: str | None, out: list[Event]) -> None:
        """Somebody looks at it."""
        cluster = self.clusters.of(incident.cluster)
        if cluster is None or incident.status != "open":
            return
        incident.status = "acknowledged"
        self._note(incident, f"acknowledged by {actor or 'an operator'}")
        self._tell(incident, cluster, "acknowledged", seq, at, ["status"], out)

    def updated(self, incident: IncidentState, seq: int, at: float, what: list[str], out: list[Event]) -> None:
        """Tell of a change that came from outside the alerts."""
        cluster = self.clusters.of(incident.cluster)
        if cluster is not None:
            self._tell(incident, cluster, "updated", seq, at, what, out)

    def _tell(
        self,
        incident: IncidentState,
        cluster: ClusterState,
        change: IncidentChange,
        seq: int,
        at: float,
        what: list[str],
        out: list[Event],
    ) -> None:
        incident.version += 1
        incident.unsaid = False
        incident.said_at = at
        record, named = self.record(incident, cluster, at), incident.named.mentions()
        if self.unchecked and incident.id in self.unchecked:
            del self.unchecked[incident.id]
            if record.silenced_by and not incident.silenced:
                what = [*what, "silenced"]
        incident.silenced = bool(record.silenced_by)
        out.append(IncidentChanged(seq, at, change, record, incident.version, what, named))

    def record(self, incident: IncidentState, cluster: ClusterState, at: float) -> Incident:
        """The incident for the outside at a time, with the members that matter most."""
        members = list(cluster.members.values())
        worst = summary.worst_of(members)
        entities = summary.distinct([member.entity for member in members])
        if cluster.storm is not None:
            entities = list(cluster.storm.entities)
        elif cluster.beyond:
            entities = list(dict.fromkeys([*entities, *cluster.beyond]))
        shown = summary.shown(members, self._told)
        cover = cover_of(cluster, self.silences, at)
        if self.silences.by_id:
            mark(shown, {member.fingerprint: member for member in members}, self.silences, at)
        return Incident(
            id=incident.id,
            opened_at=incident.opened_at,
            resolved_at=incident.resolved_at,
            status=incident.status,
            severity=LABELS[incident.severity],
            title=summary.title(cluster, worst, entities),
            message=worst.message if worst is not None else None,
            url=worst.url if worst is not None else None,
            runbook_url=worst.labels.get("runbook_url") if worst is not None else None,
            alert_count=cluster.count,
            first_alert_at=cluster.opened_at,
            last_alert_at=cluster.last_at,
            entities=entities[:MAX_LISTED],
            entity_count=len(entities),
            more_entities=summary.is_capped(cluster),
            services=summary.distinct([member.service for member in members if member.service])[:MAX_LISTED],
            members=shown,
            stream_count=len(members),
            firing_count=max(0, cluster.firing),
            silenced_by=cover.names,
            silenced_until=cover.until,
            merged_from=incident.merged_from,
            causes=incident.causes,
            playbooks=incident.playbooks,
            similar=incident.similar,
            explanation=[
                *summary.summary(cluster, members, entities, self._told),
                *([incident.trust] if incident.trust else []),
                *incident.notes,
            ],
            root_cause=RootCause(incident.root) if incident.root is not None else None,
        )

    def set_back(self, now: float) -> None:
        """Let what lies ahead of `now` be of now: engine time was set back."""
        for incident in self.by_id.values():
            incident.opened_at = min(incident.opened_at, now)
            incident.said_at = min(incident.said_at, now)
            if incident.resolved_at is not None:
                incident.resolved_at = min(incident.resolved_at, now)
            if incident.rank_due is not None:
                incident.rank_due = min(incident.rank_due, now + incident.rank_gap)
            if incident.resolve_due is not None:
                incident.resolve_due = min(incident.resolve_due, now + self.config.resolve_after_s)
            if incident.news_due is not None:
                incident.news_due = min(incident.news_due, now + NEWS_EVERY_S)
            incident.queued_at = due_of(incident)
        self._tidy()

    def dump(self) -> Any:
        """State for a snapshot."""
        return {
            "incidents": Each(self.by_id.values(), dumped_of),
            "ended": list(self.ended),
            "open": self.open_count,
            "names": list(self._names.items()),
            "due": self._due,
            "unchecked": list(self.unchecked),
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        incidents = (msgspec.convert(each, DumpedIncident) for each in used_up(state["incidents"]))
        self.by_id = {dumped.id: loaded(dumped) for dumped in incidents}
        self.ended = dict.fromkeys(state["ended"])
        self.open_count = state["open"]
        self._names = dict(state["names"])
        self._due = [(at, name) for at, name in state["due"]]
        self.unchecked = dict.fromkeys(state["unchecked"])


def said_of(member: MemberState) -> Said:
    """A member as it is named."""
    return member.name, member.service or member.entity, member.severity


def _first(causes: list[Cause]) -> str | None:
    return causes[0].entity if causes else None
