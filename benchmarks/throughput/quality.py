"""What the alerts of a load became: incidents, against the storms that they were made as.

Speed means nothing beside it: an engine that opens an incident for each alert, or one for all, is fast.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
from msgspec import Struct

from aiops.backtest.driver import Replay, replay
from aiops.records.decode import decode
from aiops.score import grouping, noise_reduction
from benchmarks.throughput.generate import lines
from benchmarks.throughput.load import Load
from benchmarks.throughput.parts import engine


class Quality(Struct):
    """What became of a load.

    `storms`: labelled ones, 0 where there are no labels. `pieces`: incidents that hold alerts of a storm, the mean over
    the storms (1 is right, 0 is missed). `mixed`: storms that an incident holds alerts of, the mean over the incidents
    with any (1 is right). `seen`: the share of storms with at least one incident. `pairwise_f1`: of the clusters.
    `digest`: of all decisions, to see whether two revisions decide the same.
    """

    alerts: int = 0
    incidents: int = 0
    noise_reduction: float = 0.0
    storms: int = 0
    pieces: float = 0.0
    mixed: float = 0.0
    seen: float = 0.0
    pairwise_f1: float = 0.0
    digest: str = ""


def quality(load: Load) -> Quality:
    """Replay a load to its end and look."""
    done = replay((decode(line) for line in lines(load, truth=True)), engine(load))
    labels = done.truths.labels
    if not labels:
        return Quality()
    incidents = len(done.ledger.incidents)
    row = Quality(len(labels), incidents, noise_reduction(len(labels), incidents), digest=_digest(done))
    if any(labels):
        pairs = _pairs(done)
        storms = {label for label in labels if label is not None}
        touched, holding = {storm for storm, _ in pairs}, {incident for _, incident in pairs}
        row.storms, row.seen = len(storms), len(touched) / len(storms)
        row.pieces, row.mixed = len(pairs) / len(storms), len(pairs) / max(1, len(holding))
        row.pairwise_f1 = grouping(labels, done.ledger.final_clusters()).pairwise_f1
    return row


def _pairs(done: Replay) -> set[tuple[str, str]]:
    """Each storm with each incident that holds an alert of it."""
    placed = zip(done.truths.labels, done.decisions(), strict=True)
    return {(label, each.incident) for label, each in placed if label is not None and each.incident is not None}


def _digest(done: Replay) -> str:
    total = sha256()
    for decision in done.decisions():
        total.update(msgspec.msgpack.encode(decision))
    return total.hexdigest()[:16]
