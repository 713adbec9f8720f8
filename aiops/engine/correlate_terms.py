"""The additive terms by which an alert joins a cluster, and the sentences that explain them.

Scores are in units of the threshold: 5.4 at the default sensitivity. The weights were found for the whole loop
(edges that look better one by one gave worse clusters) and are the same for every system.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from aiops.engine.correlate_state import MAJOR_SHARE, SURGE_S, Cluster, Entry
from aiops.engine.joins import Join

# Intervals are not trusted below these, in seconds: alerts of one burst come in the order of the network.
CLUSTER_INTERVAL_FLOOR_S = 0.5
ENTRY_INTERVAL_FLOOR_S = 0.02
# Silence starts to count after this many intervals.
PATIENCE = 3.0
# Nearness says something only while the cluster goes on: in systems whose alerts are mute, faults pause up to half a
# minute (99 % of the pauses inside labelled faults), and what comes later is as likely something new.
NEAR_GAP_S = 45.0
# A cluster that lives by nearness alone is cut by a surge once it is old enough to have a rate of its own, and at an
# age at which most faults are over.
SURGE_AGE_S = 150.0
SURGE_FACTOR = 1.5
SURGE_COUNT = 3.0
MAX_NEAR_AGE_S = 400.0
# Types of a cluster that are compared; later ones are mostly echoes of the first.
MAX_MEAN_TYPES = 8


@dataclass(frozen=True)
class Weights:
    """The weights of the terms.

    `threshold` at sensitivity .5 · `together` × NPMI of the two types · `entity`: the same entity · `rare`: there,
    and both streams have hardly ever fired, where no graph tells more; `rare_elsewhere`: the same on two entities ·
    `near`: at most two hops apart in the dependency graph, less `near_hop` for each further hop · `sealed`: near, but
    the cluster was ended by a surge · `rhythm` × surprise of the timing, capped · `silence` and `partner` ×
    ln(1 + silence in intervals) · `new` + `new_size` × ln(alerts) against a stream that is new to the cluster,
    `known_size` × ln(alerts) against a known one · `merge`: clusters whose types go together this well (mean NPMI) are
    merged · `candidates`: recent entries compared (12 or 24 are no better).
    """

    threshold: float = 5.4
    together: float = 5.0
    entity: float = 3.0
    rare: float = 2.0
    rare_elsewhere: float = 1.0
    near: float = 14.0
    near_hop: float = 3.0
    sealed: float = 5.0
    rhythm: float = 0.5
    rhythm_cap: float = 8.0
    silence: float = 1.0
    partner: float = 1.0
    new: float = 0.5
    new_size: float = 0.5
    known_size: float = 0.1
    merge: float = 0.45
    candidates: int = 8


def silence(cluster: Cluster, ts: float) -> float:
    """How long the cluster has been silent, in its own intervals, as ln(1 + x)."""
    interval = cluster.interval
    if interval < CLUSTER_INTERVAL_FLOOR_S:
        interval = CLUSTER_INTERVAL_FLOOR_S
    return log(1.0 + (ts - cluster.last) / (PATIENCE * interval))


def dead_partner(cluster: Cluster, ts: float) -> float:
    """The same for the frequent entry that has been silent longest, in its intervals."""
    worst = 0.0
    least = MAJOR_SHARE * cluster.count
    for entry in cluster.majors:
        if entry.count > least:
            interval = entry.interval
            if interval < CLUSTER_INTERVAL_FLOOR_S:
                interval = CLUSTER_INTERVAL_FLOOR_S
            waited = (ts - entry.last) / interval
            if waited > worst:
                worst = waited
    return log(1.0 + worst / PATIENCE) if worst else 0.0


def rhythm(entry: Entry, ts: float) -> float:
    """How much closer the alert follows the entry than the entry's own rhythm explains, in nats (exponential gaps)."""
    interval = entry.interval
    if interval < ENTRY_INTERVAL_FLOOR_S:
        interval = ENTRY_INTERVAL_FLOOR_S
    late = exp(-(ts - entry.last + 0.001) / interval)
    return -log(1.0 - late) if late < 1.0 else 99.0


def near(weights: Weights, cluster: Cluster, distance: int, ts: float) -> float:
    """What `distance` hops in the graph say for joining the cluster."""
    if cluster.sealed:
        return -weights.sealed
    if ts - cluster.last > NEAR_GAP_S:
        return 0.0
    return weights.near if distance <= 2 else weights.near - weights.near_hop * (distance - 2)


def surges(cluster: Cluster, ts: float) -> bool:
    """Whether one more alert at `ts` begins something new: a surge over the cluster's own rate, or old age."""
    age = ts - cluster.first
    if age < SURGE_AGE_S:
        return False
    if age > MAX_NEAR_AGE_S:
        return True
    recent = cluster.surge * exp((cluster.last - ts) / SURGE_S) + 1.0
    return recent > SURGE_FACTOR * SURGE_S * cluster.count / age + SURGE_COUNT


def size(weights: Weights, cluster: Cluster, known: bool) -> float:
    """The prior against large clusters."""
    if known:
        return -weights.known_size * log(cluster.count)
    return -weights.new - weights.new_size * log(cluster.count)


def terms(
    weights: Weights, npmi: float, entry: Entry, entity: str, distance: int | None, ts: float, *, rare: bool = False
) -> Join:
    """Why a stream that is new to the cluster of `entry` joins it; the terms sum to the score that was compared."""
    cluster = entry.cluster
    same = entry.entity == entity
    return Join(
        entry.type,
        entry.entity,
        npmi,
        weights.together * npmi,
        weights.entity if same else 0.0,
        (weights.rare if same else weights.rare_elsewhere) if rare else 0.0,
        distance,
        0.0 if distance is None else near(weights, cluster, distance, ts),
        cluster.sealed,
        weights.rhythm * min(weights.rhythm_cap, rhythm(entry, ts)),
        ts - entry.last,
        -weights.silence * silence(cluster, ts),
        ts - cluster.last,
        -weights.partner * dead_partner(cluster, ts),
        size(weights, cluster, False),
        cluster.count,
    )
