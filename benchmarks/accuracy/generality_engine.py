"""A stream through the whole engine: how many incidents people would see of a fault, and whether they see it at all.

The archives have no ticks. The engine decides as with those of a daemon (`tests/engine/test_ticks_change_nothing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from aiops.app.engine import build_engine
from aiops.backtest import Replay, replay
from aiops.engine.config import CausesConfig, EngineConfig, PlaybooksConfig, SimilarConfig
from aiops.records import Alert, Truth
from aiops.score import grouping
from benchmarks.accuracy.causes_data import records_of
from benchmarks.accuracy.generality_rows import BY_NAME, Row
from benchmarks.accuracy.generality_settings import applied
from benchmarks.accuracy.grouping_data import Stream, shuffled


class EngineTask(NamedTuple):
    """One stream in its first order, or with its first seed."""

    row: str
    root: Path
    given: tuple[tuple[str, str], ...] = ()


class Ended(Struct):
    """The outcome of the faults.

    `incidents`: those that a fault's alerts are in, a mean over faults that are in any. `opened`: all that were opened
    or reopened, of noise too, for each fault. `found`: the share of faults that are in any.
    """

    engine_f1: float
    incidents: float
    opened: float
    found: float


def measure_engine(task: EngineTask) -> Ended:
    """Replay a stream with the defaults, or with other settings of `correlate`; nothing is ranked or suggested."""
    row = BY_NAME[task.row]
    stream = row.make(task.root, 0)
    with applied(dict(task.given)) as settings:
        config = EngineConfig(
            correlate=settings.config,
            causes=CausesConfig(use=""),
            playbooks=PlaybooksConfig(use=""),
            similar=SimilarConfig(use=""),
        )
        done = replay(alerts_of(row, stream, task.root), build_engine(config, stream.topology))
    return ended(done, row)


def alerts_of(row: Row, stream: Stream, root: Path) -> list[Alert]:
    """The alerts of a file as they are, in the first order that the correlator alone gets; else of what was made."""
    if row.file:
        return shuffled([each for each in records_of(root / row.file) if isinstance(each, Alert)], 0)
    return [
        Alert(
            ts=item.ts,
            name=item.type,
            id=str(number),
            severity="warning",
            service=item.service,
            entity=item.entity,
            truth=Truth(incident=item.incident),
        )
        for number, item in enumerate(stream.items)
    ]


def ended(done: Replay, row: Row) -> Ended:
    """Count incidents by the labels."""
    labels, clusters = done.truths.labels, done.ledger.final_clusters()
    parts: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for label, decision in zip(labels, done.decisions(), strict=True):
        if label is not None:
            sizes[label] = sizes.get(label, 0) + 1
            found = parts.setdefault(label, set())
            if decision.incident is not None:
                found.add(decision.incident)
    # Unrelated alerts are incidents of their own where there is nothing else, and noise among faults.
    faults = [label for label, size in sizes.items() if size > 1] or list(sizes)
    seen = [len(parts[fault]) for fault in faults if parts[fault]]
    return Ended(
        grouping(labels, clusters, row.noise).pairwise_f1,
        sum(seen) / len(seen) if seen else 0.0,
        _opened(done.ledger.changes) / len(faults),
        len(seen) / len(faults),
    )


def _opened(changes: Mapping[str, int]) -> int:
    return changes.get("opened", 0) + changes.get("reopened", 0)
