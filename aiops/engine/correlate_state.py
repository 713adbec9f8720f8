"""What the correlator holds of open clusters and of alert streams."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.engine.chronic import Burst

# The interval that a stream or a cluster is given before its second alert: too long a guess joins a little too much,
# too short a guess makes every second alert look late.
START_INTERVAL_S = 5.0
# An interval never reacts faster than to its last twenty gaps, so that one long gap does not excuse the next one.
MIN_STEP = 0.05
# From this many alerts on, an entry's silence is evidence: its interval is known.
MAJOR_COUNT = 20

Name = tuple[str, str]


class Entry(Struct):
    """One alert stream (type, entity) inside one cluster: count, last time and mean interval in seconds."""

    cluster: Cluster
    type: str
    entity: str
    last: float
    member: int
    count: int = 0
    interval: float = START_INTERVAL_S
    major: bool = False


class Cluster(Struct):
    """Alerts that belong together. `types` counts the entries of each type; `majors` are the frequent entries."""

    id: int
    first: float
    last: float
    count: int = 0
    interval: float = START_INTERVAL_S
    types: dict[str, int] = field(default_factory=dict)
    entries: dict[Name, Entry] = field(default_factory=dict)
    majors: list[Entry] = field(default_factory=list)
    background: str | None = None


class Key(Struct):
    """An alert stream: how often it bursts, the entry that it was last placed in, and when it was last fully scored."""

    burst: Burst
    entry: Entry | None = None
    scored: float = -1.0


def touch(entry: Entry, ts: float) -> None:
    """Count one alert at `ts` for the entry and its cluster."""
    count = entry.count = entry.count + 1
    if count > 1:
        entry.interval += (ts - entry.last - entry.interval) * (1.0 / count if count < 20 else MIN_STEP)
    entry.last = ts
    cluster = entry.cluster
    count = cluster.count = cluster.count + 1
    if count > 1:
        cluster.interval += (ts - cluster.last - cluster.interval) * (1.0 / count if count < 20 else MIN_STEP)
    cluster.last = ts
    if entry.count == MAJOR_COUNT:
        entry.major = True
        cluster.majors.append(entry)


def absorb(target: Cluster, source: Cluster) -> list[tuple[Entry, Entry]]:
    """Move all entries of `source` to `target`; return the entries that both had, as (kept, dropped)."""
    both: list[tuple[Entry, Entry]] = []
    for name, entry in source.entries.items():
        kept = target.entries.get(name)
        if kept is None:
            _move(target, name, entry)
        else:
            both.append((kept, entry))
            _unite(kept, entry)
    target.count += source.count
    target.last = max(target.last, source.last)
    target.first = min(target.first, source.first)
    target.interval = min(target.interval, source.interval)
    return both


def _move(target: Cluster, name: Name, entry: Entry) -> None:
    target.entries[name] = entry
    entry.cluster = target
    target.types[name[0]] = target.types.get(name[0], 0) + 1
    if entry.major:
        target.majors.append(entry)


def _unite(kept: Entry, dropped: Entry) -> None:
    kept.count += dropped.count
    if dropped.last > kept.last:
        kept.last, kept.interval = dropped.last, dropped.interval
    if not kept.major and kept.count >= MAJOR_COUNT:
        kept.major = True
        kept.cluster.majors.append(kept)
