"""The way of one alert: dedup → silence → detect → correlate → incident, and its one disposition."""

from __future__ import annotations

from math import inf
from typing import Any

from aiops.engine.config import IncidentConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Closed, Placement
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.stream import Stream, expected
from aiops.engine.detect.stage import Detect, Surprise
from aiops.engine.events import DISPOSITIONS, ClusterMerged, ClusterSplit, Disposition, Event, Placed
from aiops.engine.incidents.announced import said_as
from aiops.engine.incidents.clusters import MAX_MESSAGE, Clusters, ClusterState, count_caller, severity_of
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.member_notes import FLAPPING, SURPRISING_P, note
from aiops.engine.incidents.storm_grouping import GATHERED, Gatherer
from aiops.engine.incidents.triage import Worth
from aiops.engine.silences.muted import Muted
from aiops.engine.silences.silences import Silences
from aiops.records import Alert, Severity, is_stated

REPEAT = "repeat of the firing alert"


class Placer:
    """Gives each alert its cluster and its disposition, exactly one."""

    def __init__(
        self,
        config: IncidentConfig,
        dedup: Dedup,
        detect: Detect,
        correlate: Correlator,
        clusters: Clusters,
        incidents: Incidents,
        silences: Silences,
    ) -> None:
        self.dedup = dedup
        self.detect = detect
        self.correlate = correlate
        self.clusters = clusters
        self.incidents = incidents
        self.silences = silences
        self.muted = Muted()
        self.worth = Worth(config, clusters)
        self.gatherer = Gatherer(config, clusters, incidents)
        self.reopen_s = config.reopen_s
        self.alerts = 0
        self.derived = 0
        self.dispositions: dict[Disposition, int] = dict.fromkeys(DISPOSITIONS, 0)
        self.told_forgotten = False

    def alert(self, alert: Alert, seq: int, at: float, now: float, out: list[Event], derived: bool = False) -> None:
        """Place one alert. `at` is its own time, `now` the engine's; a `derived` one comes from a metric."""
        stream = self.dedup.stream(alert)
        if self.dedup.dropped:
            self._forgotten(now)
        if stream.due_at <= now and (stream.firing or stream.held):
            self._settle(stream, now)
        seen = self.dedup.observe(stream, alert, at, now)
        verdict = seen.verdict
        if stream.silenced and stream.firing and verdict == "duplicate":
            # Nobody was notified of this episode; where its silence is over, a repeat is news.
            verdict = "new"
        if verdict == "new" or verdict == "repeat":
            placed = self.firing(alert, stream, seq, at, now, verdict == "new", out)
        elif verdict == "duplicate":
            placed = self._duplicate(alert, stream, seq, at, seen.reason, out)
        elif verdict == "resolved":
            placed = self._resolved(alert, stream, seq, at, now)
        else:
            stream.cluster, stream.member, stream.background = seq, -1, seen.reason
            placed = Placed(seq, alert.id, "background", seq, -1, None, seen.reason)
        if derived:
            self.derived += 1
        else:
            self.alerts += 1
            self.dispositions[placed.disposition] += 1
        out.append(placed)

    def rejected(self, name: str, seq: int, reason: str, out: list[Event]) -> None:
        """Count an alert that was set aside, which has a cluster of its own like any other input."""
        self.alerts += 1
        self.dispositions["rejected"] += 1
        out.append(Placed(seq, name, "rejected", seq, -1, None, reason))

    def _settle(self, stream: Stream, now: float) -> None:
        """A stream that is over but whose turn has not come yet ends before it begins anew."""
        if self.dedup.settle(stream, now):
            cluster = self.clusters.home(stream)
            if cluster is not None:
                self._stopped(stream, cluster, max(stream.resolved_at, stream.last_at))

    def _forgotten(self, now: float) -> None:
        """Streams that were forgotten while they fired do not keep their incident open for ever."""
        for stream in self.dedup.dropped:
            self.muted.forget(stream.number)
            cluster = self.clusters.home(stream)
            if cluster is not None:
                self._stopped(stream, cluster, now)
        self.dedup.dropped.clear()

    def _duplicate(
        self, alert: Alert, stream: Stream, seq: int, at: float, reason: str | None, out: list[Event]
    ) -> Placed:
        cluster = self.clusters.home(stream)
        if stream.cluster < 0:
            # Late for an episode that was never placed.
            stream.cluster = seq
        if cluster is None:
            return Placed(seq, alert.id, "duplicate", stream.cluster, stream.member, None, reason)
        self._count(cluster, stream, alert, at)
        if stream.firing:
            self._started(stream, cluster)
            self.incidents.joined(cluster, seq, at, out, said_as(stream, severity_of(alert)), fresh=False)
        return Placed(seq, alert.id, "duplicate", cluster.number, stream.member, cluster.incident, reason)

    def _count(self, cluster: ClusterState, stream: Stream, alert: Alert, at: float) -> None:
        member = self.clusters.join(cluster, stream.member, stream, alert, at)
        if member is not None and stream.held:
            member.note(FLAPPING)

    def _resolved(self, alert: Alert, stream: Stream, seq: int, at: float, now: float) -> Placed:
        cluster = self.clusters.home(stream)
        number, member = stream.cluster, stream.member
        if cluster is None:
            forgotten = stream.background or "resolved after its cluster was forgotten"
            return Placed(seq, alert.id, "background", number, member, None, forgotten)
        self._count(cluster, stream, alert, at)
        number, incident, reason = cluster.number, cluster.incident, cluster.background
        if not stream.held:
            self._stopped(stream, cluster, max(at, cluster.last_at), now)
        self.muted.forget(stream.number)
        if stream.silenced:
            stream.silenced = False
            return Placed(seq, alert.id, "suppressed", number, member, incident, "resolved while silenced")
        if incident is not None:
            return Placed(seq, alert.id, "incident", number, member, incident, "resolved")
        return Placed(seq, alert.id, "background", number, member, None, reason)

    def _started(self, stream: Stream, cluster: ClusterState) -> None:
        if not stream.counted:
            stream.counted = True
            self.clusters.fires(cluster, stream, 1)

    def _stopped(self, stream: Stream, cluster: ClusterState, at: float, heard_at: float = -inf) -> None:
        if not stream.counted:
            return
        stream.counted = False
        self.clusters.fires(cluster, stream, -1)
        if cluster.firing <= 0:
            self.incidents.quiet(cluster, at, heard_at)
            self._maybe_forget(cluster)

    def firing(
        self,
        alert: Alert,
        stream: Stream,
        seq: int,
        at: float,
        now: float,
        new: bool,
        out: list[Event],
        number: int = -1,
    ) -> Placed:
        """Place a firing alert; `number` is a cluster's that is free for it, by default the record's (`seq`)."""
        if self.silences.by_id:
            silence = self.silences.match(alert, stream.entity, now)
            if silence is not None:
                self.muted.mute(stream.number, silence.id, is_stated(alert.severity))
                return self._suppressed(alert, stream, seq, at, new, f"silence {silence.id}")
        self.muted.forget(stream.number)
        stream.silenced = False
        level = severity_of(alert)
        surprise = self.detect.alert(now, stream.fingerprint, stream.entity, stream.name, level)
        placement = self.correlate.place(seq if number < 0 else number, now, stream.name, stream.entity, stream.service)
        if new:
            stream.placed_at, stream.interval_s = at, 0.0
        else:
            expected(stream, at)
            placed = self._again(alert, stream, placement, level, surprise, seq, at)
            if placed is None:
                placed = self._stays(alert, stream, placement, level, seq, at, now, out)
            if placed is not None:
                return placed
        return self._placed(alert, stream, placement, level, surprise, seq, at, now, new, out)

    def _again(
        self, alert: Alert, stream: Stream, placement: Placement, level: int, surprise: Surprise, seq: int, at: float
    ) -> Placed | None:
        """The short way of most alerts: a repeat that lands where its episode is, with nothing to decide."""
        if placement.member != stream.member or placement.merged or surprise.p < SURPRISING_P or stream.held:
            return None
        cluster = self.clusters.by_number.get(placement.cluster)
        if cluster is None or level > cluster.severity or not stream.counted:
            return None
        if cluster.incident is None and (placement.background is None or level >= Severity.CRITICAL):
            return None
        member = cluster.members.get(placement.member)
        if member is None or level > member.severity:
            return None
        member.count += 1
        caller = alert.labels.get("caller")
        if caller is not None:
            count_caller(member, caller)
        if alert.message and alert.message != member.message:
            member.message = alert.message[:MAX_MESSAGE]
        cluster.count += 1
        if at > member.last_at:
            member.last_at = at
        if at > cluster.last_at:
            cluster.last_at = at
        return Placed(seq, alert.id, "duplicate", cluster.number, placement.member, cluster.incident, REPEAT)

    def _stays(
        self,
        alert: Alert,
        stream: Stream,
        placement: Placement,
        level: int,
        seq: int,
        at: float,
        now: float,
        out: list[Event],
    ) -> Placed | None:
        """A repeat of a firing member of an open incident stays there, and opens none, whatever cluster it is like now.

        A stream that would not tell its end may ring for another trouble meanwhile: it goes to one that is known.
        """
        home = self.clusters.home(stream)
        if home is None or home.incident is None or not stream.counted or not self.incidents.is_open(home.incident):
            return None
        other = self.clusters.of(placement.cluster)
        if not stream.has_life_cycle and other is not None and other is not home and other.incident is not None:
            return None
        if placement.merged:
            # The correlator has found two clusters to be one, and goes on with the one of this placement.
            target = self.clusters.of(placement.cluster) or self.clusters.open(placement.cluster, at)
            for source, reason in placement.merged:
                self.gatherer.merge(target, source, reason, seq, now, out)
            home = self.clusters.home(stream) or home
        self._count(home, stream, alert, at)
        self.incidents.joined(home, seq, now, out, said_as(stream, level), fresh=False)
        number, member = home.number, stream.member
        if not stream.has_life_cycle:
            # Should the alerts that follow make an incident of that cluster, this one was among its first.
            number, member = placement.cluster, placement.member
        return Placed(seq, alert.id, "duplicate", number, member, home.incident, REPEAT)

    def _placed(
        self,
        alert: Alert,
        stream: Stream,
        placement: Placement,
        level: int,
        surprise: Surprise,
        seq: int,
        at: float,
        now: float,
        new: bool,
        out: list[Event],
    ) -> Placed:
        if not new and placement.member == stream.member:
            home = self.clusters.home(stream)
            if home is not None and home.storm is not None:
                # What a storm gathered stays there; its cluster exists for the correlator alone.
                self._count(home, stream, alert, at)
                self.incidents.joined(home, seq, at, out, said_as(stream, level), fresh=False)
                return Placed(seq, alert.id, "duplicate", home.number, stream.member, home.incident, REPEAT)
        if self.gatherer.storms.active:
            placed = self._gathered(alert, stream, placement, level, surprise, seq, at, now, new, out)
            if placed is not None:
                return placed
        cluster = self._cluster(placement, stream, seq, at, now, new, out)
        for source, reason in placement.merged:
            self.gatherer.merge(cluster, source, reason, seq, now, out)
        # A firing that continues its episode where that already is adds nothing new.
        repeats = not new and self.clusters.home(stream) is cluster
        self._join(alert, stream, cluster, placement, surprise, at, now)
        stream.background = self._worth(cluster, placement, level, surprise, alert, stream, seq, now, not repeats, out)
        if self.gatherer.storms.active:
            # It may have been gathered just now.
            cluster = self.clusters.of(cluster.number) or cluster
        number, member, incident = cluster.number, placement.member, cluster.incident
        if repeats:
            return Placed(seq, alert.id, "duplicate", number, member, incident, REPEAT)
        if incident is not None:
            gathered = None if cluster.storm is None else GATHERED
            return Placed(seq, alert.id, "incident", number, member, incident, gathered)
        return Placed(seq, alert.id, "background", number, member, None, stream.background)

    def _join(
        self,
        alert: Alert,
        stream: Stream,
        cluster: ClusterState,
        placement: Placement,
        surprise: Surprise,
        at: float,
        now: float,
    ) -> None:
        """Let the stream's episode be in `cluster` from now on, counted as firing there."""
        before = self.clusters.home(stream)
        if before is not None and (before is not cluster or stream.member != placement.member):
            self._stopped(stream, before, now)
        elif before is None:
            stream.counted = False
        member = self.clusters.join(cluster, placement.member, stream, alert, at)
        stream.cluster, stream.member = cluster.number, placement.member
        self._started(stream, cluster)
        if member is None:
            return
        strange = None
        if placement.new_member:
            member.join = placement.join or member.join
            strange = self.detect.strange(stream.entity)
        note(member, surprise, strange, stream.held)

    def _suppressed(self, alert: Alert, stream: Stream, seq: int, at: float, new: bool, reason: str) -> Placed:
        """A silenced alert keeps the cluster of its running episode; without one it gets a cluster of its own."""
        cluster = self.clusters.home(stream)
        if cluster is None or (new and not stream.silenced):
            cluster = self.clusters.open(seq, at)
            cluster.background = reason
            cluster.closed = True
            stream.cluster, stream.member = seq, -1 - seq
            stream.silenced, stream.counted = True, False
        self._count(cluster, stream, alert, at)
        self._started(stream, cluster)
        return Placed(seq, alert.id, "suppressed", cluster.number, stream.member, cluster.incident, reason)

    def _cluster(
        self, placement: Placement, stream: Stream, seq: int, at: float, now: float, new: bool, out: list[Event]
    ) -> ClusterState:
        """The cluster of a placement; a stream that fires again soon after its end goes on in its old one."""
        old = self._returns(placement, stream, now, new)
        if old is not None:
            self.clusters.alias[placement.cluster] = old.number
            old.aliases.append(placement.cluster)
            old.closed = False
            reason = "fired again soon after it was resolved"
            out.append(ClusterMerged(seq, placement.cluster, old.number, reason))
            return old
        cluster = self.clusters.of(placement.cluster)
        if cluster is None:
            cluster = self.clusters.open(placement.cluster, at)
            cluster.background = placement.background
        return cluster

    def _returns(self, placement: Placement, stream: Stream, now: float, new: bool) -> ClusterState | None:
        """The cluster of an incident that the stream left a short while ago and now comes back to."""
        # A stream that ended by itself has its end in the engine's time; one that was told to end, when that came.
        ended_at = stream.ended_at if stream.ended_at > -inf else stream.resolved_at
        if placement.new_cluster and new and stream.has_life_cycle and now - ended_at <= self.reopen_s:
            old = self.clusters.home(stream)
            if old is not None and old.incident is not None:
                return old
        return None

    def _gathered(
        self,
        alert: Alert,
        stream: Stream,
        placement: Placement,
        level: int,
        surprise: Surprise,
        seq: int,
        at: float,
        now: float,
        new: bool,
        out: list[Event],
    ) -> Placed | None:
        """In a storm, an alert that would open an incident of its own goes to one of the storm's instead."""
        if placement.merged or self.clusters.of(placement.cluster) is not None:
            return None
        if self.gatherer.is_reserved(alert.labels, level):
            return None
        is_tied = placement.new_member and not placement.new_cluster
        if not self.gatherer.storms.gathers(is_tied, now) or self._returns(placement, stream, now, new) is not None:
            return None
        if not self.worth.opens(placement.background, level, is_stated(alert.severity), surprise):
            return None
        # Only a number that the correlator has just given is free for a cluster.
        cluster = self.gatherer.cluster(alert.labels, placement.cluster if placement.new_cluster else None, at)
        if cluster is None:
            return None
        repeats = not new and self.clusters.home(stream) is cluster
        self._join(alert, stream, cluster, placement, surprise, at, now)
        self.gatherer.gathered(cluster, said_as(stream, level), seq, now, out)
        stream.background = None
        disposition: Disposition = "duplicate" if repeats else "incident"
        reason = REPEAT if repeats else GATHERED
        return Placed(seq, alert.id, disposition, cluster.number, placement.member, cluster.incident, reason)

    def _worth(
        self,
        cluster: ClusterState,
        placement: Placement,
        level: int,
        surprise: Surprise,
        alert: Alert,
        stream: Stream,
        seq: int,
        now: float,
        fresh: bool,
        out: list[Event],
    ) -> str | None:
        """Open or update the incident of the cluster; or the reason why this alert alone is not worth one."""
        if cluster.incident is not None:
            said = said_as(stream, level)
            self.incidents.joined(cluster, seq, now, out, said, fresh=fresh, new_member=placement.new_member)
            if placement.new_member:
                self.incidents.prepare(cluster, placement.member)
            return None
        stated = is_stated(alert.severity)
        reason = self.worth.reason(cluster, placement.background, level, stated, surprise, now)
        if reason is not None:
            cluster.background = reason
            return reason
        why = f"background until {stream.name} on {stream.entity} joined" if cluster.count > 1 else ""
        self.gatherer.open(cluster, seq, now, now, out, why)
        return None

    def next_due(self) -> float:
        """When an episode or a cluster may be due."""
        if self.muted.waking:
            return -inf
        return min(self.dedup.next_due(), self.correlate.next_due())

    def expire(self, now: float, seq: int, out: list[Event], most: int) -> None:
        """End the episodes and clusters that are due, at most so many of each; the next records do the rest."""
        for stream, _ in self.dedup.expire(now, 2 * most) if self.dedup.next_due() <= now else ():
            cluster = self.clusters.home(stream)
            if cluster is not None:
                self._stopped(stream, cluster, max(stream.resolved_at, stream.last_at))
        # Which warnings last is known once the streams that have ended are.
        lasting = self.worth.next_due() <= now < self.dedup.next_due()
        for due, cluster in self.worth.lasting(now) if lasting else ():
            self.gatherer.lasted(cluster, due, now, seq, out)
        for closed in self.correlate.advance(now, most) if self.correlate.next_due() <= now else ():
            self._close(closed, now, seq, out)
        if self.gatherer.storms.next_due() <= now:
            self.gatherer.calm(seq, out)

    def _close(self, closed: Closed, now: float, seq: int, out: list[Event]) -> None:
        cluster = self.clusters.of(closed.cluster)
        if cluster is None or cluster.storm is not None:
            return
        fired = cluster.firing > 0
        for split in closed.splits:
            part = self.clusters.split(cluster, split.target, split.members)
            if part is None:
                continue
            out.append(ClusterSplit(seq, cluster.number, part.number, split.members, split.reason))
            part.closed = True
            if cluster.incident is not None:
                self.gatherer.open(part, seq, now, now, out, f"split from {cluster.incident}: {split.reason}")
            self._maybe_forget(self.clusters.of(part.number) or part)
        if fired and cluster.firing <= 0:
            # All that still fired has left with the parts.
            self.incidents.quiet(cluster, now)
        cluster.closed = True
        self._maybe_forget(cluster)

    def _maybe_forget(self, cluster: ClusterState) -> None:
        if cluster.closed and cluster.firing <= 0 and cluster.incident is None:
            self.clusters.forget(cluster)

    def set_back(self, now: float) -> None:
        """Let what lies ahead of `now` be of now: engine time was set back."""
        self.worth.set_back(now)
        self.gatherer.storms.set_back(now)

    def dump(self) -> Any:
        """State for a snapshot."""
        return {
            "alerts": self.alerts,
            "derived": self.derived,
            "dispositions": self.dispositions,
            "told_forgotten": self.told_forgotten,
            "worth": self.worth.dump(),
            "storms": self.gatherer.storms.dump(),
            "muted": self.muted.dump(),
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.alerts = state["alerts"]
        self.derived = state["derived"]
        self.dispositions = state["dispositions"]
        self.told_forgotten = state["told_forgotten"]
        self.worth.load(state["worth"])
        self.gatherer.storms.load(state["storms"])
        self.muted.load(state["muted"])
