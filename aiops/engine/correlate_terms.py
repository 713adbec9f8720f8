"""The additive terms by which an alert joins a cluster, and the sentences that explain them.

Scores are in units of the threshold: about 6 at the default sensitivity. The weights were found for the whole loop
(edges that look better one by one gave worse clusters) and are the same for every system.
"""

from __future__ import annotations

from math import exp, log

from msgspec import Struct

from aiops.engine.correlate_state import Cluster, Entry
from aiops.records import Evidence


class Weights(Struct, frozen=True):
    """The weights of the terms; see `terms` for what each multiplies."""

    threshold: float = 6.0
    together: float = 5.0
    together_mean: float = 0.5
    entity: float = 3.0
    rhythm: float = 0.5
    rhythm_cap: float = 8.0
    silence: float = 1.0
    partner: float = 1.0
    new: float = 1.0
    new_size: float = 0.4
    known_size: float = 0.1
    # A cluster whose types go together this well (mean NPMI) with those of the joined cluster is merged into it.
    merge: float = 0.45
    # The most recently active entries that are compared: 8 is nearly as good, 24 no better.
    candidates: int = 12


# Intervals are not trusted below these, in seconds: alerts of one burst come in the order of the network.
CLUSTER_INTERVAL_FLOOR_S = 0.5
ENTRY_INTERVAL_FLOOR_S = 0.02
# Silence starts to count after this many intervals.
PATIENCE = 3.0
# An entry speaks for its cluster when it has at least this share of its alerts.
MAJOR_SHARE = 0.15


def silence(cluster: Cluster, ts: float) -> float:
    """How long the cluster has been silent, in its own intervals, as ln(1 + x)."""
    return log(1.0 + (ts - cluster.last) / (PATIENCE * max(cluster.interval, CLUSTER_INTERVAL_FLOOR_S)))


def dead_partner(cluster: Cluster, ts: float) -> float:
    """The same for the frequent entry that has been silent longest; entries that lost their share are dropped."""
    worst = 0.0
    least = MAJOR_SHARE * cluster.count
    for entry in cluster.majors:
        if entry.count > least:
            waited = (ts - entry.last) / (PATIENCE * max(entry.interval, CLUSTER_INTERVAL_FLOOR_S))
            worst = max(worst, waited)
    return log(1.0 + worst)


def rhythm(entry: Entry, ts: float) -> float:
    """How much closer the alert follows the entry than the entry's own rhythm explains, in nats (exponential gaps)."""
    waited = ts - entry.last + 0.001
    return -log(1.0 - exp(-waited / max(entry.interval, ENTRY_INTERVAL_FLOOR_S)) + 1e-12)


def terms(
    weights: Weights, npmi: float, mean: float, entry: Entry, known: bool, entity: str, ts: float
) -> list[Evidence]:
    """The evidence for joining the cluster of `entry`; its values sum to the score that was compared."""
    cluster = entry.cluster
    near = min(weights.rhythm_cap, rhythm(entry, ts))
    size = -weights.known_size * log(cluster.count) if known else -weights.new - weights.new_size * log(cluster.count)
    quiet, dead = silence(cluster, ts), dead_partner(cluster, ts)
    waited = ts - entry.last
    found = [
        Evidence("co-occurrence", weights.together * npmi, f"fires together with {entry.type} (NPMI {npmi:.2f})"),
        Evidence("cluster types", weights.together_mean * mean, f"mean NPMI with the cluster's types is {mean:.2f}"),
        Evidence("same entity", weights.entity if entry.entity == entity else 0.0, f"{entity} alerts already"),
        Evidence(
            "timing",
            weights.rhythm * near,
            f"{waited:.1f} s after {entry.type}, which fires every {entry.interval:.1f} s",
        ),
        Evidence("silence", -weights.silence * quiet, f"the cluster was silent for {ts - cluster.last:.1f} s"),
        Evidence("dead partner", -weights.partner * dead, "a frequent member of the cluster has stopped"),
        Evidence("size", size, f"the cluster has {cluster.count} alerts"),
    ]
    return [evidence for evidence in found if evidence.value != 0.0]
