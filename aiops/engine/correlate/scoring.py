"""The additive terms by which an alert joins a cluster, and the sentences that explain them.

Scores are in units of the threshold: 5.4 at the default sensitivity. The weights were found for the whole loop
(edges that look better one by one gave worse clusters) and are the same for every system.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.onset_rate import START_GAP_S, goes_on
from aiops.engine.correlate.pace import MAX_ONSETS, RETURN_S, SURGE_S
from aiops.engine.correlate.state import MAJOR_SHARE, Cluster, Entry, Name

# Intervals are not trusted below these, in seconds: alerts of one burst come in the order of the network.
# Final, as are others of the hot path: compiled code looks up any other global.
CLUSTER_INTERVAL_FLOOR_S: Final = 0.5
ENTRY_INTERVAL_FLOOR_S: Final = 0.02
# Silence starts to count after this many intervals.
PATIENCE: Final = 3.0
# Nearness is evidence only while the cluster continues: by this many nats over something new (`onset_rate`). At 1
# faults a few minutes apart join (overlays -.02), at 3 faults that pause fall apart (Kubernetes -.06).
GOES_ON: Final = 2.0
# How long an eager setting waits at most: within a working day, the second half of a slow story comes in the hour.
MAX_IDLE_S: Final = 3600.0
# One unit of log-odds of the sensitivity moves the threshold by this much: .1 to .9 spans the useful range of it.
KNOB: Final = 2.5

End = Literal["age", "surge"]


@dataclass(frozen=True)
class Weights:
    """The weights of the terms.

    `threshold` at sensitivity .5 · `together` × NPMI of the two types · `entity`: the same entity · `rare`: there,
    and both streams have hardly ever fired, without a graph; `rare_elsewhere`: the same on two entities ·
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


class Limits:
    """Limits that follow from weights and sensitivity: threshold, evidence of continuing, idle time."""

    def __init__(self, config: CorrelateConfig, weights: Weights) -> None:
        odds = config.sensitivity / (1.0 - config.sensitivity)
        self.weights = weights
        self.threshold = weights.threshold - KNOB * log(odds)
        self.goes_on = GOES_ON - KNOB * log(odds)
        self.idle_s = max(config.idle_s, min(MAX_IDLE_S, config.idle_s * odds))


def silence(cluster: Cluster, ts: float) -> float:
    """Return the silence of the cluster in its own intervals, as ln(1 + x)."""
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
    """Return how much closer the alert follows the entry than its rhythm explains.

    In nats, for exponential gaps.
    """
    interval = entry.interval
    if interval < ENTRY_INTERVAL_FLOOR_S:
        interval = ENTRY_INTERVAL_FLOOR_S
    late = exp(-(ts - entry.last + 0.001) / interval)
    return -log(1.0 - late) if late < 1.0 else 99.0


def near(weights: Weights, cluster: Cluster, rate: float, least: float, ts: float) -> float:
    """Return the term of nearness: all of it while the cluster continues by over `least` nats, else 0.

    `rate` is that of new things (1/s). See `at_distance` for what is further away.
    """
    if cluster.sealed:
        return -weights.sealed
    gap_s = START_GAP_S if cluster.pace is None else cluster.pace.gap_s
    return weights.near if goes_on(rate, gap_s, ts - cluster.last) > least else 0.0


def at_distance(weights: Weights, near: float, distance: int) -> float:
    """Return what is left of nearness at a distance in hops; a sealed cluster stays sealed."""
    return near if distance <= 2 or near <= 0.0 else near - weights.near_hop * (distance - 2)


def ends(cluster: Cluster, rate: float, name: Name, ts: float) -> End | None:
    """Return what shows that an alert of stream `name`, which fits the cluster, begins something new.

    None if nothing.

    Age: something new was to be expected by now. A surge: many more alerts come than the cluster's pace explains.
    """
    if rate * (ts - cluster.first) > MAX_ONSETS:
        return "age"
    pace = cluster.pace
    if pace is None:
        return None
    count = cluster.surge * exp((cluster.last - ts) / SURGE_S)
    returns = name in cluster.entries and ts - cluster.last >= RETURN_S
    return "surge" if pace.surges(count, ts, rate, returns) else None


def size(weights: Weights, cluster: Cluster, known: bool) -> float:
    """The prior against large clusters."""
    if known:
        return -weights.known_size * log(cluster.count)
    return -weights.new - weights.new_size * log(cluster.count)
