"""The episodes of alert streams in their clusters: they begin, repeat, are suppressed and end there."""

from __future__ import annotations

from math import inf

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.stream import HELD, Stream
from aiops.engine.incidents.announced import said_as
from aiops.engine.incidents.clusters import ClusterState, fires_by_account, known
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.member_notes import FLAPPING, note
from aiops.engine.incidents.returns import QUIET_S
from aiops.engine.silences.muted import Muted

REPEAT = "repeat of the firing alert"
SIGN = "a sign of life: it is expected to come"


class Episodes:
    """Counts the episodes of streams in their clusters, and ends the incident of a quiet cluster.

    Its stages decide the alerts that open nothing: duplicates, resolves, suppressed ones.
    """

    def __init__(self, incidents: Incidents, muted: Muted) -> None:
        self.incidents = incidents
        self.clusters = incidents.clusters
        self.muted = muted

    def update(self, arrival: Arrival) -> None:
        """Decide an alert that is no firing, or a firing that adds nothing to its episode."""
        verdict = arrival.verdict
        if verdict == "duplicate":
            self._duplicate(arrival)
        elif verdict == "resolved":
            self._resolve(arrival)
        else:
            stream = arrival.stream
            stream.cluster, stream.member, stream.background = arrival.seq, -1, arrival.reason
            arrival.place("background", None, arrival.reason)

    def suppress(self, arrival: Arrival) -> None:
        """Decide a silenced alert.

        It stays in the cluster of its running episode, or gets a cluster of its own.
        """
        stream, reason = arrival.stream, f"silence {arrival.silence}"
        cluster = self.clusters.home(stream)
        if cluster is None or (arrival.verdict == "new" and not stream.silenced):
            cluster = self.clusters.open(arrival.seq, arrival.at)
            cluster.background = reason
            cluster.closed = True
            stream.cluster, stream.member = arrival.seq, -1 - arrival.seq
            stream.silenced, stream.counted = True, False
        self.count(cluster, arrival)
        self.start(stream, cluster)
        arrival.place("suppressed", cluster, reason)

    def keep_apart(self, arrival: Arrival) -> None:
        """Decide a sign of life: it has a cluster of its own, and stays there.

        It fires as long as nothing is wrong. In the cluster of the incident about its silence, or of any other, it
        would keep that open for ever.
        """
        stream = arrival.stream
        cluster = self.clusters.home(stream)
        if cluster is None or arrival.verdict == "new":
            cluster = self.clusters.open(arrival.seq, arrival.at)
            cluster.background, cluster.closed = SIGN, True
            stream.cluster, stream.member, stream.background = arrival.seq, -1 - arrival.seq, SIGN
            stream.counted = False
        self.count(cluster, arrival)
        self.start(stream, cluster)
        arrival.place("background", cluster, SIGN)

    def repeat(self, cluster: ClusterState, arrival: Arrival, at: float) -> None:
        """Count one more firing of an episode that stays in its cluster.

        Its incident changes at the time `at`.
        """
        self.count(cluster, arrival)
        self.incidents.joined(cluster, said_as(arrival.stream, arrival.severity), at, arrival, False)

    def join(self, arrival: Arrival) -> None:
        """Move the episode to the cluster and the member that were found for it, and count it as firing there."""
        stream, result, cluster = arrival.stream, arrival.result, arrival.cluster
        before = self.clusters.home(stream)
        if before is None:
            stream.counted = False
        elif before is not cluster or stream.member != result.member:
            self.stop(stream, before, arrival.now)
        member = self.clusters.join(cluster, result.member, stream, arrival.alert, arrival.at)
        cluster.active_at = arrival.now
        stream.cluster, stream.member = cluster.number, result.member
        self.start(stream, cluster)
        if member is None:
            return
        if result.new_member:
            member.join, member.declined = result.join or member.join, result.declined or member.declined
            note(member, arrival.surprise, arrival.anomaly, stream.held)
        else:
            note(member, arrival.surprise, None, stream.held)

    def count(self, cluster: ClusterState, arrival: Arrival) -> None:
        """Count an alert in the member of its stream."""
        stream = arrival.stream
        member = self.clusters.join(cluster, stream.member, stream, arrival.alert, arrival.at)
        if stream.firing or arrival.verdict == "resolved":
            # A copy of an end is no sign of life: Prometheus sends an end for a quarter of an hour.
            cluster.active_at = arrival.now
        if member is not None and stream.held:
            member.note(FLAPPING)

    def notice_return(self, cluster: ClusterState, arrival: Arrival) -> None:
        """Count a return of the cluster's pattern if an episode begins with this alert after it was quiet."""
        if cluster.storm is not None or not self._is_quiet(cluster, arrival.now):
            return
        if known(cluster, arrival.stream) is not None:
            cluster.came_back(arrival.now)

    def _is_quiet(self, cluster: ClusterState, now: float) -> bool:
        """Return true if a cluster had been quiet, or its incident had ended and nobody decided that."""
        incident = self.incidents.of(cluster)
        if incident is not None and incident.status == "resolved" and not incident.ended_by_hand:
            return True
        return now - cluster.active_at >= QUIET_S and not fires_by_account(cluster)

    def start(self, stream: Stream, cluster: ClusterState) -> None:
        """Count a stream as firing in its cluster."""
        if not stream.counted:
            stream.counted = True
            self.clusters.fires(cluster, stream, 1)

    def stop(self, stream: Stream, cluster: ClusterState, at: float, received_at: float = -inf) -> None:
        """Count a stream as firing no more; `received_at` is the engine time of the message that ended it."""
        if not stream.counted:
            return
        stream.counted = False
        self.clusters.fires(cluster, stream, -1)
        if cluster.firing <= 0:
            self.incidents.quiet(cluster, at, received_at)
            self.release(cluster)

    def end(self, stream: Stream, at: float) -> None:
        """End the episode of a stream that sent no resolve, in the cluster where it is."""
        cluster = self.clusters.home(stream)
        if cluster is not None:
            self.stop(stream, cluster, at)

    def forget(self, streams: list[Stream], now: float) -> None:
        """End the episodes of streams that dedup has forgotten: they then keep no incident open for ever."""
        for stream in streams:
            self.muted.forget(stream.number)
            self.end(stream, now)
        streams.clear()

    def release(self, cluster: ClusterState) -> None:
        """Forget a cluster that nothing can change any more."""
        if cluster.closed and cluster.firing <= 0 and cluster.incident is None:
            self.clusters.forget(cluster)

    def _duplicate(self, arrival: Arrival) -> None:
        stream = arrival.stream
        cluster = self.clusters.home(stream)
        if stream.cluster < 0:
            # Late for an episode that was never placed.
            stream.cluster = arrival.seq
        if cluster is not None:
            if arrival.reason == HELD:
                self.notice_return(cluster, arrival)
            self.count(cluster, arrival)
            if stream.firing:
                self.start(stream, cluster)
                self.incidents.joined(cluster, said_as(stream, arrival.severity), arrival.at, arrival, False)
        arrival.place("duplicate", cluster, arrival.reason)

    def _resolve(self, arrival: Arrival) -> None:
        stream = arrival.stream
        cluster = self.clusters.home(stream)
        if cluster is None:
            arrival.place("background", None, stream.background or "resolved after its cluster was forgotten")
            return
        self.count(cluster, arrival)
        # Decided before the end, with which the cluster may be forgotten.
        if stream.silenced:
            arrival.place("suppressed", cluster, "resolved while silenced")
        elif cluster.incident is not None:
            arrival.place("incident", cluster, "resolved")
        else:
            arrival.place("background", cluster, cluster.background)
        if not stream.held:
            self.stop(stream, cluster, max(arrival.at, cluster.last_at), arrival.now)
        self.muted.forget(stream.number)
        stream.silenced = False
