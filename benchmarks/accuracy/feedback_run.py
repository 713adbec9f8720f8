"""One stream with an operator in its first half, measured on the faults of its second half."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from math import fsum
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import asdict, replace

from aiops.app.engine import build_engine
from aiops.backtest.ledger import Ledger
from aiops.compile import is_compiled
from aiops.engine.config import CausesConfig, EngineConfig, PlaybooksConfig, SimilarConfig
from aiops.engine.correlate.lesson import TOGETHER
from aiops.engine.correlate.lessons import MOST_AGAINST, Lessons
from aiops.engine.correlate.state import Name
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.records import Action, Alert, Record
from aiops.score import grouping, pieces
from aiops.topology import Topology
from benchmarks.accuracy.feedback_operator import EACH_LOOK, LOOK_S, Operator
from benchmarks.accuracy.feedback_rows import ROW_BY_NAME, stream_of
from benchmarks.accuracy.generality_engine import alerts_of
from benchmarks.accuracy.generality_settings import applied


class Task(NamedTuple):
    """One stream in one order, with a budget of corrections, errors of the operator (0 to 1), and settings.

    `rule`: what corrections teach: "lessons"; "control": nothing; "literal": the last one of two streams, to these.
    """

    row: str
    root: Path
    seed: int
    budget: int
    errs: float = 0.0
    rule: str = "lessons"
    given: tuple[tuple[str, str], ...] = ()


class Outcome(Struct):
    """Corrections made, and the later faults: pairwise F1, precision and recall, pieces a fault, false merges a fault.

    `merged` counts for each cluster the faults beyond the first; `foreign` is the share of alerts in a cluster that
    another fault began.
    """

    corrections: float
    merges: float
    splits: float
    f1: float
    precision: float
    recall: float
    pieces: float
    merged: float
    foreign: float


class Shift:
    """An engine that processes a stream while an operator corrects the first half of it."""

    def __init__(self, engine: Engine, operator: Operator) -> None:
        self.engine = engine
        self.operator = operator
        self.ledger = Ledger()
        self._batch: list[Record] = []

    def run(self, alerts: Sequence[Alert], half: float) -> list[int]:
        """Process all alerts; return their final clusters."""
        due, is_first = alerts[0].ts + LOOK_S, True
        for alert in alerts:
            while is_first and due <= min(alert.ts, half):
                self._correct(due)
                # Nothing is to be seen in a long silence but what its beginning shows.
                due = max(due + LOOK_S, alert.ts - 3_600.0)
            if is_first and alert.ts >= half:
                is_first = False
                self._hand_over(half)
            self._batch.append(alert)
        self._flush()
        self.ledger.take(self.engine.finish(), frozenset())
        return list(self.ledger.final_clusters())

    def _correct(self, now: float) -> None:
        self._flush()
        for _ in range(EACH_LOOK):
            action = self.operator.look(self.engine, now)
            if action is None:
                return
            self._fold([action])

    def _hand_over(self, now: float) -> None:
        """Resolve what is open: decisions on open incidents hold for these alone, and are not what is measured."""
        self._flush()
        for incident in list(self.engine.incidents.by_id.values()):
            if incident.status != "resolved":
                self._fold([Action(ts=now, verb="resolve", incident=incident.id, id="end", actor="operator")])

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        self._fold(batch)

    def _fold(self, records: Sequence[Record]) -> list[Event]:
        first = self.engine.seq
        events = self.engine.step(records)
        inputs = frozenset(first + place for place, record in enumerate(records) if isinstance(record, Alert))
        self.ledger.take(events, inputs)
        return events


def measure(task: Task) -> Outcome:
    """Run one task."""
    stream = stream_of(task.row, task.root, task.seed)
    alerts = alerts_of(ROW_BY_NAME[task.row], stream, task.root)
    with applied(dict(task.given)) as settings:
        config = EngineConfig(
            correlate=replace(settings.config, lessons=task.rule != "control"),
            causes=CausesConfig(use=""),
            playbooks=PlaybooksConfig(use=""),
            similar=SimilarConfig(use=""),
        )
        with literal() if task.rule == "literal" else nullcontext():
            return outcome(alerts, stream.topology, config, task)


@contextmanager
def literal() -> Iterator[None]:
    """Have the last correction of two streams decide on these two, by as much as lessons may, and on nothing else."""

    def last(lessons: Lessons, name: Name, other: Name, _: int) -> float:
        votes = lessons.streams.get((name, other) if name <= other else (other, name), [])
        stated = [is_for for lesson, is_for in votes if is_for == (lesson.verb in TOGETHER)]
        return (MOST_AGAINST if stated[-1] else -MOST_AGAINST) if stated else 0.0

    if is_compiled():
        raise ValueError("rule literal: methods of compiled modules cannot be changed; run `make interpreted`")
    with patch.object(Lessons, "nats", last), patch.object(Lessons, "to_join", last):
        yield


def outcome(alerts: Sequence[Alert], topology: Topology, config: EngineConfig, task: Task) -> Outcome:
    """Run an operator over alerts, and measure the faults that begin in the second half."""
    labels = {alert.id: alert.truth.incident if alert.truth is not None else None for alert in alerts}
    starts = starts_of(alerts, labels)
    half = sorted(starts.values())[len(starts) // 2]
    operator = Operator(labels, task.budget, task.errs, task.seed)
    clusters = Shift(build_engine(config, topology), operator).run(alerts, half)
    later = [
        (label, cluster)
        for alert, cluster in zip(alerts, clusters, strict=True)
        if (label := labels[alert.id]) is not None and starts[label] >= half
    ]
    return found(later, operator)


def found(later: Sequence[tuple[str, int]], operator: Operator) -> Outcome:
    """Return the figures of labelled alerts by their clusters."""
    truth, places = [label for label, _ in later], [cluster for _, cluster in later]
    sizes = Counter(truth)
    held: dict[int, dict[str, None]] = {}
    for label, cluster in later:
        held.setdefault(cluster, {})[label] = None
    scored = grouping(truth, places, False)
    several = pieces([each if sizes[each] > 1 else None for each in truth], places)
    done = operator.done
    return Outcome(
        done["merge"] + done["split"],
        done["merge"],
        done["split"],
        scored.pairwise_f1,
        scored.pairwise_precision,
        scored.pairwise_recall,
        several.pieces or 1.0,
        sum(len(each) - 1 for each in held.values()) / len(sizes),
        pieces(truth, places).foreign or 0.0,
    )


def starts_of(alerts: Sequence[Alert], labels: Mapping[str, str | None]) -> dict[str, float]:
    """Return the time of the first alert of each fault."""
    starts: dict[str, float] = {}
    for alert in alerts:
        label = labels[alert.id]
        if label is not None:
            starts.setdefault(label, alert.ts)
    return starts


def mean(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of outcomes."""
    rows = [asdict(each) for each in outcomes]
    return Outcome(*(fsum(row[name] for row in rows) / len(rows) for name in Outcome.__struct_fields__))
