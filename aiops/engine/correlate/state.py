"""The correlator's state of open clusters and of alert streams."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from math import exp
from typing import Annotated, Final

from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.pace import RETURN_S, SURGE_S, Pace
from aiops.engine.correlate.pauses import Pauses
from aiops.engine.correlate.phases import Phases
from aiops.engine.fields import UNSAVED, state

# The interval that a stream or a cluster is given before its second alert: too long a guess joins a little too much,
# too short a guess makes every second alert look late.
START_INTERVAL_S: Final = 5.0
# The same of a stream over all its clusters: alerts are evaluated once a minute.
RETURN_INTERVAL_S: Final = 60.0
# An interval never reacts more slowly than to its last twenty gaps.
MIN_STEP: Final = 0.05
# From this many alerts on, an entry's silence is evidence: its interval is known.
MAJOR_COUNT: Final = 20
# An entry represents its cluster if it has at least this share of its alerts, so there are at most six.
MAJOR_SHARE: Final = 0.15
# Entries that have lost that share are dropped from time to time, which keeps the scan of all of them cheap.
MAX_MAJORS: Final = 8

# Type and workload (`aiops.workloads`): what pods, replicas and ordinals of one kind share.
Name = tuple[str, str]


@state(acyclic=True)
class Entry:
    """One alert stream (its `name`) inside one cluster: count, last time and mean interval in seconds.

    `entity` is the one that alerted last, `members` the number of each entity that did, `member` the first of these.
    `site` is the node of the topology that it belongs to, "" for a service that is no node, None for neither. `rare`:
    the stream had hardly ever fired before it came here. `parent` is the member that it joined through, `seq`
    the record that it joined with; -1 for the entry that opened a cluster. `phase` is the last one of the cluster's
    (see `Phases`) in which it came, `phases` their number. `older` and `newer` are its neighbours in `Recent`.
    """

    cluster: Annotated[Cluster, UNSAVED]
    name: Name
    type: Annotated[str, UNSAVED]
    workload: Annotated[str, UNSAVED]
    entity: str
    members: dict[str, int]
    site: str | None
    last: float
    member: int
    count: int = 0
    interval: float = START_INTERVAL_S
    rare: bool = False
    parent: int = -1
    seq: int = -1
    phase: int = 0
    phases: int = 1
    older: Annotated[Entry | None, UNSAVED] = None
    newer: Annotated[Entry | None, UNSAVED] = None


@state(acyclic=True)
class Cluster:
    """Alerts that belong together.

    `types` counts the entries of each type; `majors` are the entries with a
    large share of the alerts, and some that had one; `frequent`: some entry has `MAJOR_COUNT` of them.

    `surge` is the number of alerts of about the last ten seconds; `sealed`: a surge or its age has ended the cluster;
    `resting`: it has been idle, and only its own streams join.
    `pace` is kept where alerts name a service or a node of the graph, `phases` once it has returned. `origin` is the
    cluster in which its first known stream stood before, -1 for none, `onset` what its opening added to the onsets of
    the system. `round`, `slot`, `score`, `score_on`, `based`, `base`, `based_apart`, `base_apart`, `returns`, `hops`,
    `kinds`, `taught`, `taught_in` and `taught_by` are the correlator's notes while it places one alert.
    """

    id: int
    first: float
    last: float
    types: dict[str, int]
    entries: Annotated[dict[Name, Entry], UNSAVED]
    majors: Annotated[list[Entry], UNSAVED]
    count: int = 0
    interval: float = START_INTERVAL_S
    surge: float = 0.0
    sealed: bool = False
    resting: bool = False
    background: bool = False
    pace: Pace | None = None
    phases: Phases | None = None
    origin: int = -1
    onset: float = 0.0
    frequent: Annotated[bool, UNSAVED] = False
    round: Annotated[int, UNSAVED] = 0
    based: Annotated[int, UNSAVED] = 0
    based_apart: Annotated[int, UNSAVED] = 0
    slot: Annotated[int, UNSAVED] = 0
    score: Annotated[float, UNSAVED] = 0.0
    base: Annotated[float, UNSAVED] = 0.0
    base_apart: Annotated[float, UNSAVED] = 0.0
    score_on: Annotated[float, UNSAVED] = 0.0
    returns: Annotated[float, UNSAVED] = 0.0
    hops: Annotated[int, UNSAVED] = -1
    kinds: Annotated[int, UNSAVED] = -1
    taught: Annotated[float, UNSAVED] = 0.0
    taught_in: Annotated[int, UNSAVED] = 0
    taught_by: Annotated[int, UNSAVED] = 0


@state(acyclic=True)
class Key:
    """An alert stream: its habit, the entry that it was last placed in, and when it was last fully scored.

    `alone` is the share of its latest clusters in which it had hardly any company, 0 to 1. `last` and `interval` are
    the time of its last alert and the mean gap between alerts, `alerts` their number, `joined` the clusters it was in,
    `pause` the last gap that was a pause (of `RETURN_S` or more), 0 before one.
    `pattern` is the entry in whose cluster it returned last as one of the core, `pauses` are kept from its first long
    one on.
    """

    habit: Habit
    entry: Annotated[Entry | None, UNSAVED] = None
    pattern: Annotated[Entry | None, UNSAVED] = None
    pauses: Pauses | None = None
    scored: float = -1.0
    alone: float = 1.0
    last: float = -1.0
    interval: float = RETURN_INTERVAL_S
    alerts: int = 0
    joined: float = 0.0
    pause: float = 0.0

    def count(self, ts: float) -> None:
        """Count an alert of the stream, after its cluster was found."""
        if self.alerts:
            if ts - self.last >= RETURN_S:
                self.pause = ts - self.last
            step = 1.0 / (self.alerts + 1)
            self.interval += (ts - self.last - self.interval) * (step if step > MIN_STEP else MIN_STEP)
        self.alerts += 1
        self.last = ts


def new_cluster(number: int, at: float) -> Cluster:
    """A cluster without entries."""
    cluster = Cluster()
    cluster.id, cluster.first, cluster.last = number, at, at
    cluster.types, cluster.entries, cluster.majors = {}, {}, []
    return cluster


def new_entry(name: Name, entity: str, site: str | None, at: float) -> Entry:
    """An entry that no cluster has yet; its first member is to be numbered."""
    entry = Entry()
    entry.name, entry.type, entry.workload = name, name[0], name[1]
    entry.entity, entry.members, entry.member = entity, {}, -1
    entry.site, entry.last = site, at
    return entry


class Recent:
    """The entries of open clusters in the order of their last alerts, as a linked list.

    An ordered dict would look up each entry that it steps over.
    """

    __slots__ = ("count", "newest", "oldest")

    def __init__(self) -> None:
        self.count = 0
        self.newest: Entry | None = None
        self.oldest: Entry | None = None

    def __len__(self) -> int:
        return self.count

    def add(self, entry: Entry) -> None:
        """Make an entry, which must not be in the list, the newest."""
        newest = self.newest
        if newest is None:
            self.oldest = entry
        else:
            newest.newer, entry.older = entry, newest
        self.newest = entry
        self.count += 1

    def discard(self, entry: Entry) -> None:
        """Take an entry out; one that is not in the list is left as it is."""
        older, newer = entry.older, entry.newer
        if older is not None:
            older.newer = newer
        elif self.oldest is entry:
            self.oldest = newer
        else:
            return
        if newer is not None:
            newer.older = older
        else:
            self.newest = older
        entry.older = entry.newer = None
        self.count -= 1

    def renew(self, entry: Entry) -> None:
        """Make an entry of the list the newest."""
        if self.newest is not entry:
            self.discard(entry)
            self.add(entry)

    def replace(self, entry: Entry, other: Entry) -> None:
        """Put another entry, wherever it is in the list, into the place of an entry of the list."""
        self.discard(other)
        other.older, other.newer = entry, entry.newer
        if entry.newer is None:
            self.newest = other
        else:
            entry.newer.older = other
        entry.newer = other
        self.count += 1
        self.discard(entry)

    def values(self) -> Iterator[Entry]:
        """All entries, the oldest first."""
        entry = self.oldest
        while entry is not None:
            yield entry
            entry = entry.newer

    def clear(self) -> None:
        """Let go of all entries, and these of each other."""
        entry, self.newest, self.oldest, self.count = self.oldest, None, None, 0
        while entry is not None:
            newer = entry.newer
            entry.older = entry.newer = None
            entry = newer


def silent_since(clusters: OrderedDict[int, Cluster], now: float) -> float:
    """Return the last alert of the cluster that is silent longest.

    What opens later is never silent for as long.
    """
    return next(iter(clusters.values())).last if clusters else now


def free(cluster: Cluster) -> None:
    """Let a cluster, which is not needed any more, and its entries go of each other."""
    cluster.entries.clear()
    cluster.majors.clear()


def follow(cluster: Cluster, ts: float) -> None:
    """Let the pace of a cluster take in an alert at `ts`, before `touch` counts it."""
    pace_of(cluster).follow(cluster.last, ts, cluster.surge)


def pace_of(cluster: Cluster) -> Pace:
    """Return the pace of a cluster, which may begin with that."""
    pace = cluster.pace
    if pace is None:
        pace = cluster.pace = Pace()
        pace.base_at = pace.since = cluster.first
    return pace


def touch(entry: Entry, ts: float) -> None:
    """Count one alert at `ts` for the entry and its cluster."""
    count = entry.count = entry.count + 1
    cluster = entry.cluster
    pace = cluster.pace
    if pace is not None and (count == 1 or int(ts / SURGE_S) != int(entry.last / SURGE_S)):
        pace.turns += 1
    if count > 1:
        gap = ts - entry.last
        # From one phase to the next is no interval: all that comes close would surprise.
        if gap < RETURN_S or cluster.phases is None:
            entry.interval += (gap - entry.interval) * (1.0 / count if count < 20 else MIN_STEP)
        entry.last = ts
    total = cluster.count = cluster.count + 1
    if total > 1:
        gap = ts - cluster.last
        cluster.interval += (gap - cluster.interval) * (1.0 / total if total < 20 else MIN_STEP)
        cluster.surge = cluster.surge * exp(-gap / SURGE_S) + 1.0 if gap else cluster.surge + 1.0
        cluster.last = ts
    else:
        cluster.surge = 1.0
    if count >= MAJOR_COUNT:
        cluster.frequent = True
        if count > MAJOR_SHARE * total:
            _promote(cluster, entry)


def _promote(cluster: Cluster, entry: Entry) -> None:
    """Make `entry` a major one.

    A share only grows with the entry's own alerts, so this is the time to look.
    """
    majors = cluster.majors
    for major in majors:
        if major is entry:
            return
    majors.append(entry)
    if len(majors) > MAX_MAJORS:
        least = MAJOR_SHARE * cluster.count
        cluster.majors = [major for major in majors if major.count > least]


def add(cluster: Cluster, name: Name, entry: Entry) -> None:
    """Make `entry` one of the cluster's."""
    cluster.entries[name] = entry
    entry.cluster = cluster
    cluster.types[name[0]] = cluster.types.get(name[0], 0) + 1


def remove(entry: Entry) -> None:
    """Take an entry out of its cluster."""
    cluster = entry.cluster
    _unlist(cluster, entry)
    if entry.count >= MAJOR_COUNT:
        cluster.majors = [major for major in cluster.majors if major is not entry]
        cluster.frequent = any(other.count >= MAJOR_COUNT for other in cluster.entries.values())


def take_out(cluster: Cluster, members: set[int]) -> list[Entry]:
    """Take the entries of members out of a cluster, in one pass over it; return them."""
    taken = [entry for entry in cluster.entries.values() if entry.member in members]
    for entry in taken:
        _unlist(cluster, entry)
    cluster.majors = [major for major in cluster.majors if major.member not in members]
    cluster.frequent = any(entry.count >= MAJOR_COUNT for entry in cluster.entries.values())
    return taken


def _unlist(cluster: Cluster, entry: Entry) -> None:
    del cluster.entries[entry.name]
    left = cluster.types[entry.type] - 1
    if left:
        cluster.types[entry.type] = left
    else:
        del cluster.types[entry.type]


def absorb(target: Cluster, source: Cluster) -> list[tuple[Entry, Entry]]:
    """Move all entries of `source` to `target`; return the entries that both had, as (kept, dropped)."""
    both: list[tuple[Entry, Entry]] = []
    for name, entry in source.entries.items():
        kept = target.entries.get(name)
        if kept is None:
            add(target, name, entry)
        else:
            both.append((kept, entry))
            _unite(kept, entry)
    if both:
        # Only what was in `source` can have joined through one of its entries: the target may be far larger.
        replaced = {dropped.member: kept.member for kept, dropped in both}
        for entry in source.entries.values():
            entry.parent = replaced.get(entry.parent, entry.parent)
    target.count += source.count
    target.surge += source.surge
    target.last = max(target.last, source.last)
    target.first = min(target.first, source.first)
    target.interval = min(target.interval, source.interval)
    if target.pace is None:
        target.pace = source.pace
    elif source.pace is not None:
        target.pace.gap_s = min(target.pace.gap_s, source.pace.gap_s)
        target.pace.turns += source.pace.turns
    target.frequent = target.frequent or source.frequent or any(kept.count >= MAJOR_COUNT for kept, _ in both)
    least = max(MAJOR_COUNT - 1, MAJOR_SHARE * target.count)
    known = {entry.member: entry for entry in (*target.majors, *source.majors, *(kept for kept, _ in both))}
    target.majors = [entry for entry in known.values() if entry.cluster is target and entry.count > least]
    return both


def _unite(kept: Entry, dropped: Entry) -> None:
    kept.count += dropped.count
    for entity, member in dropped.members.items():
        kept.members.setdefault(entity, member)
    if dropped.last > kept.last:
        kept.last, kept.interval = dropped.last, dropped.interval
