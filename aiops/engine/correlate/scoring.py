"""The additive terms by which an alert continues a cluster, against the beginning of something new.

All terms are in nats (natural logarithms of likelihood ratios), and are the same for every system. A score above the
threshold joins. Alerts that name a service, or stand in the dependency graph, are *placed*: for them time is evidence,
against the rate at which new things begin here (`onset_rate`), and what is known of two places is learned (`distance`).
For the others, as of hosts under attack, eight stories in half a minute look like one that strikes eight hosts: how
close they come is no evidence beyond their rhythm, and only their kinds and entities tie them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.onset_rate import MIN_GAP_S, SILENCE_FLOOR_S, START_GAP_S
from aiops.engine.correlate.pace import MAX_ONSETS, RETURN_S, SURGE_S
from aiops.engine.correlate.state import MAJOR_SHARE, Cluster, Entry, Key, Name

# Intervals are not trusted below these, in seconds: alerts of one burst come in the order of the network.
# Final, as are others of the hot path: compiled code looks up any other global.
CLUSTER_INTERVAL_FLOOR_S: Final = 0.5
ENTRY_INTERVAL_FLOOR_S: Final = 0.02
# Silence starts to count after this many intervals.
PATIENCE: Final = 3.0
# How long an eager setting waits at most: within a working day, the second half of a slow story comes in the hour.
MAX_IDLE_S: Final = 3600.0
# One unit of log-odds of the sensitivity moves the threshold by this much: .1 to .9 spans the useful range of it.
KNOB: Final = 2.5
# What nobody has counted yet: one incident of a stream in this time, shared among all streams.
START_RETURN_S: Final = 3600.0
# The return of a stream to its own cluster is worth at most this much, and loses it with silence so fast.
MAX_RETURN: Final = 7.0
RETURN_SILENCE: Final = 3.0

End = Literal["age", "surge"]


@dataclass(frozen=True)
class Weights:
    """The weights of the terms.

    `threshold`: what continuing must have over beginning, at sensitivity .5 · `novelty` × ln(turns / streams) against a
    placed stream that is new to the cluster · `rhythm` × surprise of the timing, capped · `partner` × ln(1 + silence of
    the frequent entry that is silent longest, in its intervals) · `known_size` × ln(alerts) against a stream that the
    cluster knows · `candidates`: recent entries compared (12 or 24 are no better) · `merge`: clusters whose types go
    together this well (mean NPMI) are merged.

    For what is not placed: `unplaced` is the prior · `together` × NPMI of the two types · `entity`: the
    same one · `rare`: there, and both streams have hardly ever fired; `rare_elsewhere`: the same on two entities ·
    `silence` × ln(1 + silence in intervals) · `new` + `new_size` × ln(alerts) against a stream that is new.
    """

    threshold: float = 1.0
    novelty: float = 1.0
    rhythm: float = 0.5
    rhythm_cap: float = 8.0
    partner: float = 1.0
    known_size: float = 0.1
    candidates: int = 8
    merge: float = 0.45
    unplaced: float = 4.4
    together: float = 5.0
    entity: float = 3.0
    rare: float = 2.0
    rare_elsewhere: float = 1.0
    silence: float = 1.0
    new: float = 0.5
    new_size: float = 0.5


class Limits:
    """Limits that follow from weights and sensitivity: the threshold and the idle time."""

    def __init__(self, config: CorrelateConfig, weights: Weights) -> None:
        odds = config.sensitivity / (1.0 - config.sensitivity)
        self.weights = weights
        self.threshold = weights.threshold - KNOB * log(odds)
        self.idle_s = max(config.idle_s, min(MAX_IDLE_S, config.idle_s * odds))


def gap_of(cluster: Cluster) -> float:
    """Return the mean gap between the active seconds of a cluster, at least one second."""
    gap_s = START_GAP_S if cluster.pace is None else cluster.pace.gap_s
    return gap_s if gap_s > MIN_GAP_S else MIN_GAP_S


def patience_s(cluster: Cluster) -> float:
    """Return from how long on the silence of a placed cluster counts."""
    gap_s = gap_of(cluster)
    return PATIENCE * (gap_s if gap_s > SILENCE_FLOOR_S else SILENCE_FLOOR_S)


def pace(cluster: Cluster, rate: float, chance: float) -> float:
    """Return how much likelier one more alert of a cluster is than something new, just after its last.

    `rate` is that of new things (1/s). `chance`: how little a young cluster is worth where alerts come like chance, .02
    to 1 (see `Onsets.trust`).
    """
    count = cluster.count
    return log((2.0 * chance + count - 1.0) / (1.0 + count)) - log(rate * gap_of(cluster))


def quiet(cluster: Cluster, ts: float, tail: float) -> float:
    """Return the weight of a placed cluster's silence: the Lomax tail of its gaps, of exponent `tail`."""
    return (1.0 + tail) * log(1.0 + (ts - cluster.last) / patience_s(cluster)) - log(tail)


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


def ends(cluster: Cluster, rate: float, name: Name, ts: float) -> End | None:
    """Return what shows that an alert of stream `name`, which fits the cluster, begins something new.

    None if nothing.

    Age: something new was to be expected by now. A surge: many more alerts come than the cluster's pace explains.
    """
    pace = cluster.pace
    if rate * (ts - (cluster.first if pace is None else pace.since)) > MAX_ONSETS:
        return "age"
    if pace is None:
        return None
    count = cluster.surge * exp((cluster.last - ts) / SURGE_S)
    returns = name in cluster.entries and ts - cluster.last >= RETURN_S
    return "surge" if pace.surges(count, ts, rate, returns) else None


def novelty(weights: Weights, cluster: Cluster) -> float:
    """Return the term of a new placed stream: how seldom the cluster's turns have brought one."""
    turns = 0 if cluster.pace is None else cluster.pace.turns
    streams = len(cluster.entries)
    # A stream that is not placed has no turns, and no part of a cluster knows those before it left.
    return -weights.novelty * log((turns + 1.0) / (streams + 1.0)) if turns > streams else 0.0


def size(weights: Weights, cluster: Cluster, known: bool) -> float:
    """The prior against large clusters."""
    if known:
        return -weights.known_size * log(cluster.count)
    return -weights.new - weights.new_size * log(cluster.count)


def returning(key: Key, streams: int, elapsed_s: float, ts: float) -> float:
    """Return how much likelier a stream's return to its own cluster is than a new incident of it.

    `streams` is the number of known ones, `elapsed_s` the time in which they were seen. The stream's own incidents
    so far, less the first, are its rate of new ones.
    """
    # A stream that was forgotten by the cap, and is in a cluster still, has joined none.
    again = key.joined - 1.0 if key.joined > 1.0 else 0.0
    rate = (again + 1.0 / (streams + 1.0)) / (elapsed_s + START_RETURN_S)
    interval = key.interval if key.interval > 1.0 else 1.0
    found = -log(rate * interval)
    late = RETURN_SILENCE * log(1.0 + (ts - key.last) / (PATIENCE * interval))
    return (found if found < MAX_RETURN else MAX_RETURN) - late
