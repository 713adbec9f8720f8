"""The correlator's state in snapshots, where a link to an entry is the number of its member."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Annotated, Any, Protocol, TypedDict

import msgspec

from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.cooccurrence import ELSEWHERE, Cooccurrence
from aiops.engine.correlate.fingerprint import Fingerprints
from aiops.engine.correlate.lesson import Lesson
from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.state import MAJOR_COUNT, Cluster, Entry, Key, Name, Recent
from aiops.engine.fields import SINCE_8
from aiops.engine.snapshot import Forms, rows

# A cluster, its entries, and the members that are its major ones.
SavedCluster = tuple[Cluster, list[Entry], list[int]]
# Name, what is remembered, and the members that it was last placed in, and last returned to.
SavedKey = tuple[Name, Key, int | None, int | None]


class Remembered(Protocol):
    """The part of the correlator that snapshots hold."""

    held: OpenClusters
    clusters: OrderedDict[int, Cluster]
    resting: OrderedDict[int, Cluster]
    background: OrderedDict[int, Cluster]
    comparison: Comparison
    fingerprints: Fingerprints
    recent: Recent
    keys: OrderedDict[Name, Key]
    cooccurrence: Cooccurrence
    onsets: Onsets
    rate: float
    now: float
    due: float
    packed_slot: int


class CorrelatorState(TypedDict):
    """The state of `Correlator` in snapshots; `recent` and `latest` are members."""

    members: int
    named: int
    now: float
    due: float
    evicted: list[int]
    packed_slot: int
    cooccurrence: Any
    onsets: list[float]
    rate: float
    distance: Any
    kinds: Any
    returns: list[int]
    waiting: list[tuple[float, int]]
    clusters: list[SavedCluster]
    resting: list[SavedCluster]
    background: list[SavedCluster]
    recent: list[int]
    latest: list[int]
    keys: list[SavedKey]
    lessons: Annotated[list[Lesson], SINCE_8]


def dump(correlator: Remembered) -> CorrelatorState:
    """Everything that later decisions depend on."""
    return {
        "members": correlator.held.members,
        "named": correlator.held.named,
        "now": correlator.now,
        "due": correlator.due,
        "evicted": list(correlator.held.evicted),
        "packed_slot": correlator.packed_slot,
        "cooccurrence": correlator.cooccurrence.dump(),
        "onsets": correlator.onsets.dump(),
        # Not that of `onsets`, which may have counted a beginning since: what no graph places is explained by this one.
        "rate": correlator.rate,
        "distance": correlator.comparison.distance.dump(),
        "kinds": correlator.comparison.kinds.dump(),
        "returns": correlator.comparison.returns.dump(),
        "waiting": list(correlator.fingerprints.waiting),
        "clusters": _dump_clusters(correlator.clusters.values()),
        "resting": _dump_clusters(correlator.resting.values()),
        "background": _dump_clusters(correlator.background.values()),
        "recent": [entry.member for entry in correlator.recent.values()],
        "latest": [entry.member for entry in correlator.held.latest.values()],
        "keys": [_dump_key(name, key) for name, key in correlator.keys.items()],
        "lessons": list(correlator.comparison.lessons.all),
    }


def load(correlator: Remembered, state: CorrelatorState) -> None:
    """Replace the correlator's state by that of a `dump`."""
    correlator.held.members, correlator.now, correlator.due = state["members"], state["now"], state["due"]
    correlator.held.evicted, correlator.packed_slot = state["evicted"], state["packed_slot"]
    correlator.cooccurrence.load(state["cooccurrence"])
    correlator.onsets.load(state["onsets"])
    correlator.rate = state["rate"]
    correlator.held.named = state["named"]
    correlator.comparison.distance.load(state["distance"])
    correlator.comparison.kinds.load(state["kinds"])
    correlator.comparison.returns.load(state["returns"])
    correlator.comparison.lessons.restore(state.get("lessons", []))
    correlator.fingerprints.waiting = list(state["waiting"])
    entries: dict[int, Entry] = {}
    correlator.held.clear()
    for held, saved in (
        (correlator.clusters, state["clusters"]),
        (correlator.resting, state["resting"]),
        (correlator.background, state["background"]),
    ):
        for cluster, members, majors in saved:
            held[cluster.id] = cluster
            _link(cluster, members, majors, entries)
    for member in state["recent"]:
        correlator.recent.add(entries[member])
    correlator.held.latest = {entries[member].workload: entries[member] for member in state["latest"]}
    correlator.keys.clear()
    keys = state["keys"]
    # Each is let go of as soon as it is read.
    keys.reverse()
    while keys:
        name, key, at, pattern = keys.pop()
        key.entry = None if at is None else entries[at]
        key.pattern = None if pattern is None else entries[pattern]
        # The name of its entry is one with it.
        correlator.keys[name if key.entry is None else key.entry.name] = key


def dump_statistics(correlator: Remembered) -> Any:
    """Return what was learned of types and streams, as plain data."""
    habits = [[*name, key.habit] for name, key in correlator.keys.items()]
    slot = max((key.habit.slot for key in correlator.keys.values()), default=-1)
    state = {"cooccurrence": correlator.cooccurrence.dump(), "habits": habits, "slot": slot}
    return msgspec.to_builtins(state, enc_hook=rows())


def load_statistics(correlator: Remembered, state: Any) -> None:
    """Load learned statistics; open clusters stay as they are."""
    correlator.cooccurrence.load(state["cooccurrence"])
    # The bin that was under way belongs to another time, and the bins of this stream are numbered anew.
    correlator.cooccurrence.restart()
    correlator.cooccurrence.discount(ELSEWHERE)
    forms = Forms()
    for *names, values in state["habits"]:
        name: Name = (names[0], names[1])
        correlator.held.key(name).habit = forms.convert(Habit, values)
    correlator.packed_slot = state["slot"]


def _dump_clusters(clusters: Iterable[Cluster]) -> list[SavedCluster]:
    return [(each, list(each.entries.values()), [entry.member for entry in each.majors]) for each in clusters]


def _dump_key(name: Name, key: Key) -> SavedKey:
    entry, pattern = key.entry, key.pattern
    return name, key, None if entry is None else entry.member, None if pattern is None else pattern.member


def _link(cluster: Cluster, members: list[Entry], majors: list[int], entries: dict[int, Entry]) -> None:
    """Set what is not saved of a cluster and its entries, and note these by their members."""
    for entry in members:
        entry.cluster, entry.type, entry.workload = cluster, entry.name[0], entry.name[1]
        entries[entry.member] = entry
    cluster.entries = {entry.name: entry for entry in members}
    cluster.majors = [entries[member] for member in majors]
    cluster.frequent = any(entry.count >= MAJOR_COUNT for entry in members)
