"""Clusters as the life cycle sees them: members, counts, what still fires.

Merged and split with the correlator.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, TypedDict

from aiops.engine.correlate.declined import Declined
from aiops.engine.correlate.join_evidence import Join
from aiops.engine.dedup.stream import Stream
from aiops.engine.events import StreamLabels
from aiops.engine.fields import SHARED, SINCE_8, state
from aiops.engine.incidents.member_streams import MAX_STREAMS, ONE_STREAM, MemberStream, new_stream, view
from aiops.engine.incidents.returns import Returns, no_returns
from aiops.engine.incidents.storm import MAX_COUNTED, MAX_STORM_MEMBERS, Tally
from aiops.engine.interning import Shared
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
# Annotations of an alert that are kept for messages and the API, in characters of names and values together: a
# summary, a description and a few links have 1,000.
MAX_ANNOTATIONS: Final = 4_096
NO_ANNOTATIONS: dict[str, str] = {}
# Occasions within about a day, this one included, beyond which a stream is a habit and no news.
HABITUAL: Final = 2.5
# Callers of one member; each becomes a dynamic edge for the ranker, and a service with more has them in the topology.
MAX_CALLERS: Final = 32
# Incidents that may change between two looks of the host, which come with each frame of some thousand records.
MAX_CHANGED: Final = 20_000


@state(acyclic=True)
class MemberState:
    """One alert stream inside one cluster.

    `callers` counts its observers (trace and client-side alerts). `has_life_cycle`: its tool sends its
    end: silence means it continues. `has_ended`: its last message was its end; a stream that flaps is held as firing
    beyond it. `habitual`: it has fired on several occasions of late, whatever else happened. `declined` is the best
    other cluster that it was compared with when it came here. `sent_at` is the time of its first alert as that was
    written, which no clamp and no other record changes; `alert` is that alert's id, by which people name it.
    `recent` is that of its stream as it came here: 1 if it is news.
    `annotations` are those of its last firing alert. `streams` are the streams behind it by fingerprint, where there is
    more than one.
    """

    number: int
    cluster: int
    fingerprint: str
    name: str
    entity: str
    service: str | None
    source: str | None
    severity: int
    first_at: float
    last_at: float
    callers: dict[str, int]
    labels: Annotated[dict[str, str], SHARED]
    annotations: Annotated[dict[str, str], SHARED]
    streams: dict[str, MemberStream]
    workload: str = ""
    count: int = 0
    firing: int = 0
    message: str | None = None
    magnitude: float | None = None
    url: str | None = None
    has_life_cycle: bool = False
    has_ended: bool = False
    habitual: bool = False
    join: Join | None = None
    declined: Declined | None = None
    notes: tuple[str, ...] = ()
    sent_at: float = 0.0
    alert: str = ""
    recent: Annotated[float, SINCE_8] = 1.0

    @property
    def evidence(self) -> list[Evidence]:
        """The additive terms by which it joined; none for the first of a cluster."""
        return self.join.evidence() if self.join is not None else []

    def note(self, text: str) -> None:
        """Remember a sentence once."""
        if text not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes = (*self.notes, text)


@state(acyclic=True)
class ClusterState:
    """Episodes that belong together. `firing` counts streams whose episode is open.

    `waiting`: a lone warning that becomes an incident if it lasts. `closed`: the correlator has let go of it.
    `overflow` counts the alerts of members that were not kept because the cluster was full, `beyond` their entities.
    `unlabelled` counts those of streams whose labels were not kept, as their member has too many.
    `aliases` are the numbers of clusters that were merged into this one; `storm` is what was gathered in it, where it
    is the cluster of a storm. `active_at` is the engine time of its last firing or end; `returns` are those of its
    pattern, once there is one.
    """

    number: int
    opened_at: float
    last_at: float
    members: dict[int, MemberState]
    aliases: list[int]
    beyond: dict[str, None]
    severity: int = 0
    count: int = 0
    firing: int = 0
    incident: str | None = None
    background: str | None = None
    waiting: bool = False
    closed: bool = False
    overflow: int = 0
    unlabelled: int = 0
    storm: Tally | None = None
    active_at: float = 0.0
    returns: Returns | None = None

    def came_back(self, at: float) -> None:
        """Count a return of its pattern at an engine time."""
        if self.returns is None:
            self.returns = no_returns()
        self.returns.add(at, max(0.0, at - self.active_at))

    def return_count(self) -> int:
        """Return the number of returns of its pattern."""
        return self.returns.count if self.returns is not None else 0

    def add_beyond(self, entity: str) -> None:
        """Count the entity of an alert that is not kept one by one, up to `MAX_COUNTED`."""
        self.overflow += 1
        if self.storm is None and len(self.beyond) < MAX_COUNTED:
            self.beyond[entity] = None


class ClustersState(TypedDict):
    """The state of `Clusters` in snapshots."""

    clusters: list[ClusterState]
    alias: dict[int, int]
    moved: dict[int, int]


class Clusters:
    """All clusters that may still change: those that are open, firing, or of a remembered incident."""

    STATE: ClassVar[Any] = ClustersState

    def __init__(self, max_members: int) -> None:
        self.max_members = max_members
        self.by_number: dict[int, ClusterState] = {}
        self.alias: dict[int, int] = {}
        # Members that a split moved, and where to.
        self.moved: dict[int, int] = {}
        self._shared = Shared()
        # Incidents whose streams began or stopped firing, for the host to take; no part of the state.
        self._changed: dict[str, None] = {}
        # Members that began to fire or got worse, and None for streams that stopped, by fingerprint; collected once a
        # host watches, and no part of the state either.
        self._fired: dict[str, MemberState | None] | None = None

    def take_changed(self) -> list[str]:
        """Return incidents whose streams began or stopped firing since the last call; at most `MAX_CHANGED`."""
        changed = list(self._changed)
        self._changed.clear()
        return changed

    def watch_firing(self) -> list[MemberState]:
        """Collect from now on what begins and stops firing; return the members that fire now."""
        self._fired = {}
        return [
            member for cluster in self.by_number.values() for member in cluster.members.values() if member.firing > 0
        ]

    def unwatch_firing(self) -> None:
        """Collect nothing any more."""
        self._fired = None

    def take_fired(self) -> dict[str, MemberState | None]:
        """Return by fingerprint what began to fire, got worse or was merged; None for what stopped.

        Alerts count in any cluster, background and silenced ones included. Memory: an entry for each stream.
        """
        fired = self._fired
        if not fired:
            return {}
        self._fired = {}
        return fired

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
        cluster = self.by_number[number] = new_cluster(number, at)
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
        elif member.streams or stream.fingerprint != member.fingerprint:
            self._join_stream(cluster, member, stream, alert, level)
        if member is not None:
            member.count += 1
            if ts > member.last_at:
                member.last_at = ts
            member.has_life_cycle = stream.has_life_cycle
            member.has_ended = not stream.firing
            member.habitual = stream.habit > HABITUAL
            caller = alert.labels.get("caller")
            if caller is not None:
                count_caller(member, caller)
            if alert.message and alert.message != member.message and alert.status == "firing":
                # The latest message: a pod that was pending and is now killed reports that last. If both are equal, the
                # string stays shared by many members.
                member.message = self._shared.text(alert.message[:MAX_MESSAGE])
            if alert.annotations and alert.status == "firing":
                annotate(member, alert.annotations)
            if level > member.severity:
                member.severity = level
                self._note_firing(member, stream.fingerprint)
        if cluster.storm is not None:
            cluster.storm.count(stream.name, stream.entity)
        cluster.count += 1
        if ts > cluster.last_at:
            cluster.last_at = ts
        if level > cluster.severity:
            cluster.severity = level
        return member

    def _join_stream(
        self, cluster: ClusterState, member: MemberState, stream: Stream, alert: Alert, level: int
    ) -> None:
        """Keep the labels of a stream whose member has another one."""
        if not member.streams:
            first = new_stream(member.labels, member.service, member.severity, member.firing)
            member.streams = {member.fingerprint: first}
        known = member.streams.get(stream.fingerprint)
        if known is None:
            if len(member.streams) >= MAX_STREAMS:
                cluster.unlabelled += 1
                return
            labels = self._shared.mapping(alert.labels)
            member.streams[stream.fingerprint] = new_stream(labels, stream.service, level)
        elif level > known.severity:
            known.severity = level
            self._note_firing(member, stream.fingerprint)

    def _note_firing(self, member: MemberState, fingerprint: str) -> None:
        if self._fired is not None and member.firing > 0:
            self._fired[fingerprint] = member

    def _member(self, number: int, cluster: int, stream: Stream, alert: Alert, ts: float) -> MemberState:
        labels = alert.labels
        member = MemberState()
        member.number, member.cluster, member.fingerprint = number, cluster, stream.fingerprint
        member.name, member.entity = stream.name, stream.entity
        member.service, member.source, member.workload = stream.service, stream.source, stream.workload
        member.severity, member.first_at, member.last_at = severity_of(alert), ts, ts
        member.message = self._shared.text(alert.message[:MAX_MESSAGE]) if alert.message else None
        member.callers, member.streams = NOBODY, ONE_STREAM
        member.magnitude = _number(labels.get("z"))
        member.url = alert.url
        member.labels, member.annotations = self._shared.mapping(labels), NO_ANNOTATIONS
        member.sent_at, member.alert = alert.ts, alert.id
        member.recent = stream.recent
        return member

    def fires(self, cluster: ClusterState, stream: Stream, by: int) -> None:
        """A stream of the cluster began (`by` 1) or stopped (−1) firing."""
        cluster.firing += by
        self._change(cluster)
        member = cluster.members.get(stream.member)
        if member is not None:
            member.firing += by
            known = member.streams.get(stream.fingerprint) if member.streams else None
            if known is not None:
                known.firing += by
        if self._fired is not None:
            self._fired[stream.fingerprint] = member if by > 0 else None

    def merge(self, target: ClusterState, source: ClusterState) -> None:
        """Move all of `source` into `target`."""
        for number, member in source.members.items():
            member.cluster = target.number
            target.members[number] = member
            # Its streams are new to the other incident.
            self._note_firing(member, member.fingerprint)
        target.count += source.count
        target.firing += source.firing
        target.overflow += source.overflow
        target.unlabelled += source.unlabelled
        if target.storm is None:
            for entity in source.beyond:
                if len(target.beyond) < MAX_COUNTED:
                    target.beyond[entity] = None
        target.opened_at = min(target.opened_at, source.opened_at)
        target.last_at = max(target.last_at, source.last_at)
        target.severity = max(target.severity, source.severity)
        target.active_at = max(target.active_at, source.active_at)
        if target.returns is None or source.returns is None:
            target.returns = target.returns or source.returns
        else:
            target.returns.take(source.returns)
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
        target.background, target.active_at = source.background, source.active_at
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
            cluster.active_at = min(cluster.active_at, now)
            if cluster.returns is not None:
                cluster.returns.set_back(now)
            for member in cluster.members.values():
                member.first_at = min(member.first_at, now)
                member.last_at = min(member.last_at, now)

    def dump(self) -> ClustersState:
        """State for a snapshot."""
        return {
            "clusters": list(self.by_number.values()),
            "alias": self.alias,
            "moved": self.moved,
        }

    def load(self, state: ClustersState) -> None:
        """Take the state of a `dump`."""
        self.by_number = {cluster.number: cluster for cluster in state["clusters"]}
        for cluster in self.by_number.values():
            for member in cluster.members.values():
                member.callers = member.callers or NOBODY
                member.streams = member.streams or ONE_STREAM
        self.alias, self.moved = state["alias"], state["moved"]


def new_cluster(number: int, at: float) -> ClusterState:
    """A cluster without members."""
    cluster = ClusterState()
    cluster.number, cluster.opened_at, cluster.last_at = number, at, at
    cluster.members, cluster.aliases, cluster.beyond = {}, [], {}
    return cluster


def severity_of(alert: Alert) -> int:
    """The level of an alert."""
    return _LEVELS.get(alert.severity) or int(parse_severity(alert.severity))


def annotate(member: MemberState, annotations: dict[str, str]) -> None:
    """Keep the annotations of a firing alert, the first ones where they exceed `MAX_ANNOTATIONS`."""
    if annotations == member.annotations:
        return
    room = MAX_ANNOTATIONS
    kept: dict[str, str] = {}
    for name, value in annotations.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = value
    member.annotations = kept


def count_caller(member: MemberState, caller: str) -> None:
    """Remember who observed it, up to `MAX_CALLERS`."""
    callers = member.callers
    if caller in callers:
        callers[caller] += 1
    elif not callers:
        member.callers = {caller: 1}
    elif len(callers) < MAX_CALLERS:
        callers[caller] = 1


def streams_of(cluster: ClusterState) -> list[StreamLabels]:
    """Return the streams of a cluster that are kept one by one, by member in the order of joining."""
    found: list[StreamLabels] = []
    for member in cluster.members.values():
        found += streams_in(member)
    return found


def streams_in(member: MemberState) -> list[StreamLabels]:
    """Return the streams of a member as routes and inhibition rules see them."""
    name, entity, workload, source = member.name, member.entity, member.workload, member.source
    if member.streams:
        return view(member.streams, name, entity, workload, source)
    severity, is_firing = member.severity, member.firing > 0
    fields = (member.service, workload, source, severity, is_firing, member.labels)
    return [StreamLabels(member.fingerprint, name, entity, *fields)]


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


def fires_by_account(cluster: ClusterState) -> bool:
    """Return True if a stream of it fires by its own account, or may.

    A stream that sends no end is assumed to fire for a while after its last alert, and one that flaps beyond its end.
    """
    firing = [member for member in cluster.members.values() if member.firing > 0]
    # Of those that are not kept one by one nothing is known.
    return len(firing) < cluster.firing or any(one.has_life_cycle and not one.has_ended for one in firing)


def known(cluster: ClusterState, stream: Stream) -> MemberState | None:
    """Return the first member with the stream's alert name on its entity or workload, if any."""
    for member in cluster.members.values():
        if member.name == stream.name and (member.entity == stream.entity or member.workload == stream.workload):
            return member
    return None
