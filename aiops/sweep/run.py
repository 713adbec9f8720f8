"""One replay of a sweep: what a worker process does, and what it returns."""

from __future__ import annotations

import sys
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from aiops.app.engine import build_engine, load_statistics
from aiops.archive import Rejections, read
from aiops.backtest import RecordFault, Replay, Report, make_report, replay, setting_aside, without
from aiops.config import Config
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.journal.reader import read as read_journal
from aiops.notify.routes import routes_of
from aiops.records import Incident, Logged
from aiops.score import pieces
from aiops.sweep.blocks import Blocks, PairCounts, blocks_of, onsets, pair_counts
from aiops.sweep.feedback import FeedbackReader, Judged, located
from aiops.sweep.pages import Page, Pager
from aiops.sweep.settings import Base, Setting
from aiops.topology import Topology, load_topology


class Source(Struct, frozen=True):
    """The input, which each worker reads for itself: archives, or a journal and a stretch of it."""

    files: tuple[str, ...] = ()
    journal: str | None = None
    since: float | None = None
    until: float | None = None
    strict: bool = False

    def read(self, rejections: Rejections) -> Iterable[Logged]:
        """Read the records from the beginning."""
        if self.journal is not None:
            return read_journal(Path(self.journal), self.since, self.until)
        return read(self.files, rejections, strict=self.strict)


class Task(Struct, frozen=True):
    """A replay to do: the input, the configuration, and one setting."""

    source: Source
    base: Base
    setting: Setting
    topology: str | None = None
    warm: str | None = None
    # True if the incidents and the report are returned too, for a comparison of two settings.
    is_detailed: bool = False

    def graph(self, config: Config) -> Topology:
        """Load the dependency graph of the command line, else the one of the configuration."""
        path = self.topology or config.topology
        return load_topology(Path(path)) if path else Topology()


class Grouping(Struct):
    """Scores of one setting against labels, or against the judgements of people."""

    f1: float
    precision: float
    recall: float
    pieces: float | None = None
    foreign: float | None = None


class Outcome(Struct):
    """The result of one replay. `clusters` is the final cluster of each alert, packed."""

    setting: Setting
    seconds: float
    alerts: int
    rejected: int
    refused: int
    incidents: int
    # Alerts that belong to incidents, duplicates included.
    grouped: int
    span_s: float
    pages: list[Page]
    endpoints: list[str]
    blocks: Blocks
    clusters: bytes
    # Block of each alert, packed.
    places: bytes
    judged: list[Judged]
    pairs: PairCounts | None = None
    grouping: Grouping | None = None
    details: tuple[list[Incident], Report] | None = None


class _Watchers(Struct):
    """All that listens to one replay."""

    pager: Pager
    feedback: FeedbackReader = field(default_factory=FeedbackReader)
    end: float = 0.0

    def watch(self, event: IncidentChanged) -> None:
        self.pager.watch(event)
        self.feedback.watch(event)

    def at_end(self, engine: Engine) -> None:
        self.end = engine.timeline.now
        self.pager.stop(self.end)


def run(task: Task) -> Outcome:
    """Replay the input under a setting."""
    started = time.perf_counter()
    config = task.base.load(task.setting)
    graph = task.graph(config)
    done, watchers, rejections = setting_aside(lambda reasons: _attempt(task, config, graph, reasons), _warn)
    watchers.pager.finish()
    outcome = _outcome(task, config, done, watchers, rejections)
    if task.is_detailed:
        incidents = done.incidents()
        outcome.details = (incidents, make_report(done, rejections, graph, incidents))
    outcome.seconds = time.perf_counter() - started
    return outcome


def _warn(fault: RecordFault) -> None:
    sys.stderr.write(f"aiops: {fault}: the record is skipped\n")


def _attempt(
    task: Task, config: Config, graph: Topology, reasons: Mapping[int, str]
) -> tuple[Replay, _Watchers, Rejections]:
    rejections = Rejections()
    engine = build_engine(config, graph)
    if task.warm is not None:
        load_statistics(engine, Path(task.warm))
    watchers = _Watchers(Pager(config.endpoints, routes_of(config, graph)))
    records = watchers.feedback.noting(without(task.source.read(rejections), reasons))
    return replay(records, engine, watchers.watch, watchers.at_end), watchers, rejections


def _outcome(task: Task, config: Config, done: Replay, watchers: _Watchers, rejections: Rejections) -> Outcome:
    truths, ledger = done.truths, done.ledger
    clusters = ledger.final_clusters()
    incident_of = ledger.final_incidents()
    start = min(truths.times, default=0.0)
    blocks = blocks_of(start, max(watchers.end, start))
    places = [blocks.of(at) for at in truths.times]
    outcome = Outcome(
        setting=task.setting,
        seconds=0.0,
        alerts=len(clusters),
        rejected=rejections.count,
        refused=ledger.actions["refused"],
        incidents=len(ledger.incidents),
        grouped=sum(1 for cluster in clusters if cluster in incident_of),
        span_s=max(watchers.end - start, 1.0),
        pages=watchers.pager.pages,
        endpoints=[endpoint.name for endpoint in config.endpoints],
        blocks=blocks,
        clusters=pack(clusters),
        places=pack(places),
        judged=located(watchers.feedback.judgements, ledger.ids),
    )
    if truths.labelled and any(label is not None for label in truths.labels):
        outcome.pairs = pair_counts(truths.labels, clusters, onsets(truths.labels, places), blocks.count)
        found = pieces(truths.labels, clusters)
        outcome.grouping = grouping_of(outcome.pairs)
        outcome.grouping.pieces, outcome.grouping.foreign = found.pieces, found.foreign
    return outcome


def grouping_of(pairs: PairCounts) -> Grouping:
    """Return the scores of pair counts."""
    return Grouping(pairs.f1(), pairs.precision(), pairs.recall())


def pack(numbers: Iterable[int]) -> bytes:
    """Compress numbers: those of neighbours are alike, and a sweep keeps them of every replay.

    >>> list(unpack(pack([7, 7, 8])))
    [7, 7, 8]
    """
    return zlib.compress(array("q", numbers).tobytes(), 1)


def unpack(packed: bytes) -> array[int]:
    """Return what `pack` compressed."""
    found = array("q")
    found.frombytes(zlib.decompress(packed))
    return found


Runner = Callable[[Task], Outcome]
