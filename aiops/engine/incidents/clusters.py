"""Clusters as the life cycle sees them: members, counts, what still fires.

Merged and split with the correlator.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from mypy_extensions import mypyc_attr

from aiops.engine.correlate.join_evidence import Join
from aiops.engine.dedup.stream import Stream
from aiops.engine.incidents.storm import MAX_COUNTED, MAX_STORM_MEMBERS, Tally
from aiops.engine.interning import Shared
from aiops.engine.snapshot_records import DumpedCluster, DumpedJoin, DumpedMember, DumpedTally, Each, used_up, values_of
from aiops.records import Alert, Evidence, parse_severity
from aiops.records.severity import LEVELS, UNKNOWN

# The words that tools use as they are, as plain numbers; 0 and other words are looked up the long way.
_LEVELS: dict[str | None, int] = {None: int(UNKNOWN), **{word: int(level) for word, level in LEVELS.items()}}
# Sentences of one member; more would be read by nobody.
MAX_NOTES: Final = 8
# Who observed a member that nobody observed; replaced, never changed.
NOBODY: dict[str, int] = {}
# Labels of the first alert that are kept for playbooks and rankers, and how much of its message.
MAX_MESSAGE: Final = 500
# Occasions within about a day, this one included, beyond which a stream is a habit and no news.
HABITUAL: Final = 2.5
# Callers of one member; each becomes a dynamic edge for the ranker, and a service with more has them in the topology.
MAX_CALLERS: Final = 32
# Incidents that may change between two looks of the host, which come with each frame of some thousand records.
MAX_CHANGED: Final = 20_000

_MEMBER, _JOIN = values_of(DumpedMember), values_of(DumpedJoin)
_CLUSTER, _TALLY = values_of(DumpedCluster), values_of(DumpedTally)


@mypyc_attr(acyclic=True)
class MemberState:
    """One alert stream inside one cluster.

    `callers` counts its observers (trace and client-side alerts). `has_life_cycle`: its tool sends its
    end: silence means it continues. `habitual`: it has fired on several occasions of late, whatever else
    happened. `sent_at` is the time of its first alert as that was written, which no clamp and no other record changes;
    `alert` is that alert's id, by which people name it.
    """

    __slots__ = (
        "alert",
        "callers",
        "cluster",
        "count",
        "entity",
        "fingerprint",
        "firing",
        "first_at",
        "habitual",
        "has_life_cycle",
        "join",
        "labels",
        "last_at",
        "magnitude",
        "message",
        "name",
        "notes",
        "number",
        "sent_at",
        "service",
        "severity",
        "source",
        "url",
    )

    def __init__(
        self,
        number: int,
        cluster: int,
        fingerprint: str,
        name: str,
        entity: str,
        service: str | None,
        source: str | None,
        severity: int,
        first_at: float,
        last_at: float,
        count: int = 0,
        firing: int = 0,
        message: str | None = None,
        callers: dict[str, int] | None = None,
        magnitude: float | None = None,
        url: str | None = None,
        labels: dict[str, str] | None = None,
        has_life_cycle: bool = False,
        habitual: bool = False,
        join: Join | None = None,
        notes: tuple[str, ...] = (),
        sent_at: float = 0.0,
        alert: str = "",
    ) -> None:
        self.number = number
        self.cluster = cluster
        self.fingerprint = fingerprint
        self.name = name
        self.entity = entity
        self.service = service
        self.source = source
        self.severity = severity
        self.first_at = first_at
        self.last_at = last_at
        self.count = count
        self.firing = firing
        self.message = message
        self.callers: dict[str, int] = {} if callers is None else callers
        self.magnitude = magnitude
        self.url = url
        self.labels: dict[str, str] = {} if labels is None else labels
        self.has_life_cycle = has_life_cycle
        self.habitual = habitual
        self.join = join
        self.notes = notes
        self.sent_at = sent_at
        self.alert = alert

    @property
    def evidence(self) -> list[Evidence]:
        """The additive terms by which it joined; none for the first of a cluster."""
        return self.join.evidence() if self.join is not None else []

    def note(self, text: str) -> None:
        """Remember a sentence once."""
        if text not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes = (*self.notes, text)


@mypyc_attr(acyclic=True)
class ClusterState:
    """Episodes that belong together. `firing` counts streams whose episode is open.

    `waiting`: a lone warning that becomes an incident if it lasts. `closed`: the correlator has let go of it.
    `overflow` counts the alerts of members that were not kept because the cluster was full, `beyond` their entities.
    `aliases` are the numbers of clusters that were merged into this one; `storm` is what was gathered in it, where it
    is the cluster of a storm.
    """

    __slots__ = (
        "aliases",
        "background",
        "beyond",
        "closed",
        "count",
        "firing",
        "incident",
        "last_at",
        "members",
        "number",
        "opened_at",
        "overflow",
        "severity",
        "storm",
        "waiting",
    )

    def __init__(
        self,
        number: int,
        opened_at: float,
        last_at: float,
        severity: int = 0,
        count: int = 0,
        firing: int = 0,
        incident: str | None = None,
        background: str | None = None,
        waiting: bool = False,
        closed: bool = False,
        members: dict[int, MemberState] | None = None,
        overflow: int = 0,
        aliases: list[int] | None = None,
        storm: Tally | None = None,
        beyond: dict[str, None] | None = None,
    ) -> None:
        self.number = number
        self.opened_at = opened_at
        self.last_at = last_at
        self.severity = severity
        self.count = count
        self.firing = firing
        self.incident = incident
        self.background = background
        self.waiting = waiting
        self.closed = closed
        self.members: dict[int, MemberState] = {} if members is None else members
        self.overflow = overflow
        self.aliases: list[int] = [] if aliases is None else aliases
        self.storm = storm
        self.beyond: dict[str, None] = {} if beyond is None else beyond

    def add_beyond(self, entity: str) -> None:
        """Count the entity of an alert that is not kept one by one, up to `MAX_COUNTED`."""
        self.overflow += 1
        if self.storm is None and len(self.beyond) < MAX_COUNTED:
            self.beyond[entity] = None


class Clusters:
    """All clusters that may still change: those that are open, firing, or of a remembered incident."""

    def __init__(self, max_members: int) -> None:
        self.max_members = max_members
        self.by_number: dict[int, ClusterState] = {}
        self.alias: dict[int, int] = {}
        # Members that a split moved, and where to.
        self.moved: dict[int, int] = {}
        self._shared = Shared()
        # Incidents whose streams began or stopped firing, for the host to take; no part of the state.
        self._changed: dict[str, None] = {}

    def take_changed(self) -> list[str]:
        """Return incidents whose streams began or stopped firing since the last call; at most `MAX_CHANGED`."""
        changed = list(self._changed)
        self._changed.clear()
        return changed

    def touch(self, cluster: ClusterState) -> None:
        """Let the host take the cluster's incident as changed."""
        self._change(cluster)

    def _change(self, cluster: ClusterState) -> None:
        # A replay never calls it.
        if cluster.incident is not None and len(self._changed) < MAX_CHANGED:
            self._changed[cluster.incident] = None

    def of(self, number: int) -> ClusterState | None:
        """The cluster that `number` is, or was merged into."""
        return self.by_number.get(self.alias.get(number, number))

    def open(self, number: int, at: float) -> ClusterState:
        """A new cluster."""
        cluster = self.by_number[number] = ClusterState(number, at, at)
        return cluster

    def join(self, cluster: ClusterState, number: int, stream: Stream, alert: Alert, ts: float) -> MemberState | None:
        """Count an alert in its member; None when the cluster is too full to keep a new one."""
        level = severity_of(alert)
        member = cluster.members.get(number)
        if member is None:
            if len(cluster.members) >= (self.max_members if cluster.storm is None else MAX_STORM_MEMBERS):
                cluster.add_beyond(stream.entity)
            else:
                member = cluster.members[number] = self._member(number, cluster.number, stream, alert, ts)
        if member is not None:
            member.count += 1
            if ts > member.last_at:
                member.last_at = ts
            member.has_life_cycle = stream.has_life_cycle
            member.habitual = stream.habit > HABITUAL
            caller = alert.labels.get("caller")
            if caller is not None:
                count_caller(member, caller)
            if alert.message and alert.message != member.message and alert.status == "firing":
                # The latest message: a pod that was pending and is now killed reports that last. If both are equal, the
                # string stays shared by many members.
                member.message = self._shared.text(alert.message[:MAX_MESSAGE])
            if level > member.severity:
                member.severity = level
        if cluster.storm is not None:
            cluster.storm.count(stream.name, stream.entity)
        cluster.count += 1
        if ts > cluster.last_at:
            cluster.last_at = ts
        if level > cluster.severity:
            cluster.severity = level
        return member

    def _member(self, number: int, cluster: int, stream: Stream, alert: Alert, ts: float) -> MemberState:
        labels = alert.labels
        return MemberState(
            number,
            cluster,
            stream.fingerprint,
            stream.name,
            stream.entity,
            stream.service,
            stream.source,
            severity_of(alert),
            ts,
            ts,
            message=self._shared.text(alert.message[:MAX_MESSAGE]) if alert.message else None,
            callers=NOBODY,
            magnitude=_number(labels.get("z")),
            url=alert.url,
            labels=self._shared.mapping(labels),
            sent_at=alert.ts,
            alert=alert.id,
        )

    def fires(self, cluster: ClusterState, stream: Stream, by: int) -> None:
        """A stream of the cluster began (`by` 1) or stopped (−1) firing."""
        cluster.firing += by
        self._change(cluster)
        member = cluster.members.get(stream.member)
        if member is not None:
            member.firing += by

    def merge(self, target: ClusterState, source: ClusterState) -> None:
        """Move all of `source` into `target`."""
        for number, member in source.members.items():
            member.cluster = target.number
            target.members[number] = member
        target.count += source.count
        target.firing += source.firing
        target.overflow += source.overflow
        if target.storm is None:
            for entity in source.beyond:
                if len(target.beyond) < MAX_COUNTED:
                    target.beyond[entity] = None
        target.opened_at = min(target.opened_at, source.opened_at)
        target.last_at = max(target.last_at, source.last_at)
        target.severity = max(target.severity, source.severity)
        for number in (source.number, *source.aliases):
            self.alias[number] = target.number
            target.aliases.append(number)
        del self.by_number[source.number]

    def absorb(self, storm: ClusterState, source: ClusterState) -> None:
        """Move all of `source` into the cluster of a storm, which keeps few members one by one."""
        if len(storm.members) + len(source.members) > MAX_STORM_MEMBERS:
            storm.overflow += len(source.members)
            source.members.clear()
        self.merge(storm, source)

    def split(self, source: ClusterState, number: int, members: list[int]) -> ClusterState | None:
        """Move `members` to a new cluster; None where none of them was kept."""
        moved = [source.members.pop(each) for each in members if each in source.members]
        if not moved:
            return None
        target = self.open(number, min(member.first_at for member in moved))
        for member in moved:
            member.cluster = number
            self.moved[member.number] = number
            target.members[member.number] = member
            target.count += member.count
            target.firing += member.firing
            target.last_at = max(target.last_at, member.last_at)
            target.severity = max(target.severity, member.severity)
        target.background = source.background
        self._change(source)
        source.count -= target.count
        source.firing -= target.firing
        return target

    def forget(self, cluster: ClusterState) -> None:
        """Drop a cluster that cannot change any more."""
        self.by_number.pop(cluster.number, None)
        for number in cluster.aliases:
            self.alias.pop(number, None)
        for number in cluster.members:
            self.moved.pop(number, None)

    def home(self, stream: Stream) -> ClusterState | None:
        """The cluster that a stream's episode is in now."""
        return self.of(self.moved.get(stream.member, stream.cluster))

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        for cluster in self.by_number.values():
            cluster.opened_at = min(cluster.opened_at, now)
            cluster.last_at = min(cluster.last_at, now)
            for member in cluster.members.values():
                member.first_at = min(member.first_at, now)
                member.last_at = min(member.last_at, now)

    def dump(self) -> Any:
        """State for a snapshot."""
        return {
            "clusters": Each(self.by_number.values(), _dumped),
            "alias": list(self.alias.items()),
            "moved": list(self.moved.items()),
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.by_number = {}
        for dumped in used_up(state["clusters"]):
            cluster = _cluster(msgspec.convert(dumped, DumpedCluster, strict=False))
            self.by_number[cluster.number] = cluster
        self.alias = dict(state["alias"])
        self.moved = dict(state["moved"])


def _dumped(cluster: ClusterState) -> DumpedCluster:
    dumped = DumpedCluster(*_CLUSTER(cluster))
    dumped.members = {number: _dumped_member(member) for number, member in cluster.members.items()}
    dumped.storm = None if cluster.storm is None else DumpedTally(*_TALLY(cluster.storm))
    return dumped


def _dumped_member(member: MemberState) -> DumpedMember:
    dumped = DumpedMember(*_MEMBER(member))
    if member.join is not None:
        dumped.join = DumpedJoin(*_JOIN(member.join))
    return dumped


def _member(dumped: DumpedMember) -> MemberState:
    join, dumped.join = dumped.join, None
    member = MemberState(*_MEMBER(dumped))
    if join is not None:
        member.join = Join(*_JOIN(join))
    return member


def _cluster(dumped: DumpedCluster) -> ClusterState:
    # Compiled, the class takes no other class for its own: the storm comes after.
    storm, dumped.storm = dumped.storm, None
    cluster = ClusterState(*_CLUSTER(dumped))
    cluster.members = {number: _member(member) for number, member in dumped.members.items()}
    cluster.storm = None if storm is None else Tally(*_TALLY(storm))
    return cluster


def severity_of(alert: Alert) -> int:
    """The level of an alert."""
    return _LEVELS.get(alert.severity) or int(parse_severity(alert.severity))


def count_caller(member: MemberState, caller: str) -> None:
    """Remember who observed it, up to `MAX_CALLERS`."""
    callers = member.callers
    if caller in callers:
        callers[caller] += 1
    elif not callers:
        member.callers = {caller: 1}
    elif len(callers) < MAX_CALLERS:
        callers[caller] = 1


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def count_entities(cluster: ClusterState) -> int:
    """Return the number of entities of a cluster that alert."""
    members = cluster.members
    if cluster.storm is not None:
        return len(cluster.storm.entities)
    if cluster.beyond:
        return len({member.entity for member in members.values()} | cluster.beyond.keys())
    return len(members) if len(members) < 2 else len({member.entity for member in members.values()})


def has_life_cycle(cluster: ClusterState) -> bool:
    """Return True if a firing stream of it sends its end."""
    return any(member.firing > 0 and member.has_life_cycle for member in cluster.members.values())
