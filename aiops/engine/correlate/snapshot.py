"""The correlator's state as plain data: lists, strings and numbers.

The order survives the round trip.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import msgspec

from aiops.engine.correlate.background import DumpedHabit, load_habit
from aiops.engine.correlate.cooccurrence import ELSEWHERE, Cooccurrence
from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.pace import Pace
from aiops.engine.correlate.state import MAJOR_COUNT, Cluster, Entry, Key, Name, Recent
from aiops.engine.snapshot_records import Each, used_up

# Name, habit, the member that it was last placed in, when it was last scored, how often it was alone.
DumpedKey = tuple[tuple[str, ...], DumpedHabit, int | None, float, float]


class Remembered(Protocol):
    """The part of the correlator that snapshots hold."""

    held: OpenClusters
    clusters: OrderedDict[int, Cluster]
    background: OrderedDict[int, Cluster]
    recent: Recent
    keys: OrderedDict[Name, Key]
    cooccurrence: Cooccurrence
    onsets: Onsets
    rate: float
    now: float
    due: float
    packed_slot: int


def dump(correlator: Remembered) -> Any:
    """Everything that later decisions depend on."""
    return {
        "members": correlator.held.members,
        "now": correlator.now,
        "due": correlator.due,
        "evicted": list(correlator.held.evicted),
        "packed_slot": correlator.packed_slot,
        "cooccurrence": correlator.cooccurrence.dump(),
        "onsets": correlator.onsets.dump(),
        # Not that of `onsets`, which may have counted a beginning since: what no graph places is explained by this one.
        "rate": correlator.rate,
        "clusters": [_dump_cluster(cluster) for cluster in correlator.clusters.values()],
        "background": [_dump_cluster(cluster) for cluster in correlator.background.values()],
        "recent": [entry.member for entry in correlator.recent.values()],
        "latest": [entry.member for entry in correlator.held.latest.values()],
        "keys": Each(correlator.keys.items(), _dump_key),
    }


def load(correlator: Remembered, state: Any) -> None:
    """Replace the correlator's state by that of a `dump`."""
    correlator.held.members, correlator.now, correlator.due = state["members"], state["now"], state["due"]
    correlator.held.evicted, correlator.packed_slot = list(state["evicted"]), state["packed_slot"]
    correlator.cooccurrence.load(state["cooccurrence"])
    correlator.onsets.load(state["onsets"])
    correlator.rate = state["rate"]
    entries: dict[int, Entry] = {}
    correlator.held.clear()
    for held, dumped in ((correlator.clusters, state["clusters"]), (correlator.background, state["background"])):
        for item in dumped:
            cluster = _load_cluster(item, entries)
            held[cluster.id] = cluster
    for member in state["recent"]:
        correlator.recent.add(entries[member])
    correlator.held.latest = {entries[member].entity: entries[member] for member in state["latest"]}
    # The names of entries, once: each is the key of its stream as well.
    names = {name: name for held in (correlator.clusters, correlator.background) for name in _names(held.values())}
    correlator.keys.clear()
    for dumped, habit, member, scored, alone in used_up(state["keys"]):
        entry = None if member is None else entries[member]
        name = tuple(dumped)
        correlator.keys[names.get(name, name)] = Key(load_habit(tuple(habit)), entry, scored, alone)


def dump_statistics(correlator: Remembered) -> Any:
    """Return the learned statistics of types and streams."""
    habits = [[*name, list(key.habit.dump())] for name, key in correlator.keys.items()]
    slot = max((key.habit.slot for key in correlator.keys.values()), default=-1)
    return {"cooccurrence": correlator.cooccurrence.dump(), "habits": habits, "slot": slot}


def load_statistics(correlator: Remembered, state: Any) -> None:
    """Load learned statistics; open clusters stay as they are."""
    correlator.cooccurrence.load(state["cooccurrence"])
    # The bin that was under way belongs to another time, and the bins of this stream are numbered anew.
    correlator.cooccurrence.restart()
    correlator.cooccurrence.discount(ELSEWHERE)
    for *dumped, habit in state["habits"]:
        name = tuple(dumped)
        key = correlator.keys.get(name)
        correlator.keys[name] = Key(load_habit(msgspec.convert(habit, DumpedHabit)), None if key is None else key.entry)
    correlator.packed_slot = state["slot"]


def _names(clusters: Iterable[Cluster]) -> Iterator[Name]:
    return (name for cluster in clusters for name in cluster.entries)


def _dump_key(item: tuple[Name, Key]) -> DumpedKey:
    name, key = item
    member = None if key.entry is None else key.entry.member
    return name, key.habit.dump(), member, key.scored, key.alone


def _dump_cluster(cluster: Cluster) -> list[Any]:
    numbers = [cluster.id, cluster.first, cluster.last, cluster.count, cluster.interval, cluster.surge]
    return [
        [*numbers, cluster.sealed, cluster.background],
        list(cluster.types.items()),
        [_dump_entry(entry) for entry in cluster.entries.values()],
        [entry.member for entry in cluster.majors],
        None if cluster.pace is None else cluster.pace.dump(),
    ]


def _dump_entry(e: Entry) -> list[Any]:
    return [list(e.name), e.site, e.last, e.member, e.count, e.interval, e.rare, e.parent, e.seq]


def _load_cluster(item: Any, entries: dict[int, Entry]) -> Cluster:
    numbers, types, members, majors, pace = item
    cluster = Cluster(*numbers)
    cluster.types = dict(types)
    cluster.pace = None if pace is None else Pace(*pace)
    for member in members:
        name, *rest = member
        entry = Entry(cluster, tuple(name), *rest)
        cluster.entries[entry.name] = entry
        entries[entry.member] = entry
    cluster.majors = [entries[member] for member in majors]
    cluster.frequent = any(entry.count >= MAJOR_COUNT for entry in cluster.entries.values())
    return cluster
