"""The correlator's state as plain data: lists, strings and numbers, in an order that survives the round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiops.engine.chronic import Burst
from aiops.engine.correlate_state import Cluster, Entry, Key

if TYPE_CHECKING:
    from aiops.engine.correlate import Correlator


def dump(correlator: Correlator) -> Any:
    """Everything that later decisions depend on."""
    return {
        "members": correlator.members,
        "now": correlator.now,
        "cooccurrence": correlator.cooccurrence.dump(),
        "clusters": [_dump_cluster(cluster) for cluster in correlator.clusters.values()],
        "background": [_dump_cluster(cluster) for cluster in correlator.background.values()],
        "recent": list(correlator.recent),
        "keys": [_dump_key(name, key) for name, key in correlator.keys.items()],
    }


def load(correlator: Correlator, state: Any) -> None:
    """Replace the correlator's state by that of a `dump`."""
    correlator.members, correlator.now = state["members"], state["now"]
    correlator.cooccurrence.load(state["cooccurrence"])
    entries: dict[int, Entry] = {}
    for held, dumped in ((correlator.clusters, state["clusters"]), (correlator.background, state["background"])):
        held.clear()
        for item in dumped:
            cluster = _load_cluster(item, entries)
            held[cluster.id] = cluster
    correlator.recent.clear()
    for member in state["recent"]:
        correlator.recent[member] = entries[member]
    correlator.keys.clear()
    for type_, entity, burst, member, scored in state["keys"]:
        entry = None if member is None else entries[member]
        correlator.keys[(type_, entity)] = Key(Burst(*burst), entry, scored)


def _dump_key(name: tuple[str, str], key: Key) -> list[Any]:
    burst = key.burst
    member = None if key.entry is None else key.entry.member
    return [*name, [burst.first, burst.last, burst.active, burst.chronic], member, key.scored]


def _dump_cluster(cluster: Cluster) -> list[Any]:
    return [
        [cluster.id, cluster.first, cluster.last, cluster.count, cluster.interval],
        list(cluster.types.items()),
        [[e.type, e.entity, e.last, e.member, e.count, e.interval, e.major] for e in cluster.entries.values()],
        [entry.member for entry in cluster.majors],
        cluster.background,
    ]


def _load_cluster(item: Any, entries: dict[int, Entry]) -> Cluster:
    numbers, types, members, majors, background = item
    cluster = Cluster(*numbers)
    cluster.types, cluster.background = dict(types), background
    for member in members:
        entry = Entry(cluster, *member)
        cluster.entries[(entry.type, entry.entity)] = entry
        entries[entry.member] = entry
    cluster.majors = [entries[member] for member in majors]
    return cluster
