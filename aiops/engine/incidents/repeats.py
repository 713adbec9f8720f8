"""Repeats of a firing alert that stay where their episode is, whatever cluster they are like now."""

from __future__ import annotations

from aiops.engine.arrival import Arrival
from aiops.engine.events import Placed
from aiops.engine.incidents.clusters import MAX_MESSAGE, ClusterState, MemberState, annotate, count_caller
from aiops.engine.incidents.episodes import REPEAT, Episodes
from aiops.engine.incidents.member_notes import SURPRISING_P
from aiops.engine.incidents.merging import Merging
from aiops.records import Severity


class Repeats:
    """Decides the repeats that open nothing and move nothing."""

    def __init__(self, episodes: Episodes, merging: Merging) -> None:
        self.episodes = episodes
        self.merging = merging
        self.clusters = episodes.clusters
        self.incidents = episodes.incidents
        self.grouping = episodes.incidents.handling.grouping

    def keep(self, arrival: Arrival) -> None:
        """Decide a repeat that changes nothing, or that stays with its incident; leave any other undecided."""
        if not self._changes_nothing(arrival) and not self._stays(arrival):
            self._stays_grouped(arrival)

    def _changes_nothing(self, arrival: Arrival) -> bool:
        """Count a repeat that lands where its episode is, with nothing to decide.

        Most alerts go this short way.
        """
        stream, result = arrival.stream, arrival.result
        if result.member != stream.member or result.merged or arrival.surprise.p < SURPRISING_P or stream.held:
            return False
        cluster = self.clusters.by_number.get(result.cluster)
        if cluster is None or arrival.severity > cluster.severity or not stream.counted:
            return False
        if cluster.incident is None and (result.background is None or arrival.severity >= Severity.CRITICAL):
            return False
        member = cluster.members.get(result.member)
        if member is None or arrival.severity > member.severity:
            return False
        _count(cluster, member, arrival)
        arrival.place("duplicate", cluster, REPEAT)
        return True

    def _stays(self, arrival: Arrival) -> bool:
        """Count a repeat of a firing member of an open incident there.

        A stream that would not send its end may ring for another trouble meanwhile: it goes to one that is known.
        """
        stream, result = arrival.stream, arrival.result
        home = self.clusters.home(stream)
        if home is None or home.incident is None or not stream.counted or not self.incidents.is_open(home.incident):
            return False
        other = self.clusters.of(result.cluster)
        is_bound = bool(self.grouping.bound) and self.grouping.home_of(stream.fingerprint) is home
        if (
            not is_bound
            and not stream.has_life_cycle
            and other is not None
            and other is not home
            and other.incident is not None
        ):
            return False
        if result.merged:
            # The correlator has merged two clusters, and continues with the one of this result.
            target = other or self.clusters.open(result.cluster, arrival.at)
            self.merging.merge_all(target, arrival)
            home = self.clusters.home(stream) or home
        self.episodes.repeat(home, arrival, arrival.now)
        if stream.has_life_cycle:
            arrival.place("duplicate", home, REPEAT)
        else:
            # Should the alerts that follow make an incident of that cluster, this one was among its first.
            number, member = result.cluster, result.member
            arrival.placed = Placed(arrival.seq, arrival.alert.id, "duplicate", number, member, home.incident, REPEAT)
        return True

    def _stays_grouped(self, arrival: Arrival) -> None:
        """Count a repeat in the incident of a storm.

        The cluster of such a stream exists for the correlator alone.
        """
        if arrival.result.member != arrival.stream.member:
            return
        home = self.clusters.home(arrival.stream)
        if home is not None and home.storm is not None:
            self.episodes.repeat(home, arrival, arrival.at)
            arrival.place("duplicate", home, REPEAT)


def _count(cluster: ClusterState, member: MemberState, arrival: Arrival) -> None:
    """Count an alert that is no news for its member."""
    alert, at = arrival.alert, arrival.at
    member.count += 1
    caller = alert.labels.get("caller")
    if caller is not None:
        count_caller(member, caller)
    if alert.message and alert.message != member.message:
        member.message = alert.message[:MAX_MESSAGE]
    if alert.annotations:
        annotate(member, alert.annotations)
    cluster.count += 1
    if at > member.last_at:
        member.last_at = at
    if at > cluster.last_at:
        cluster.last_at = at
    cluster.active_at = arrival.now
