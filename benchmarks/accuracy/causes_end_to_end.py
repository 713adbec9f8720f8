"""Causes as people get them: the engine groups the alerts and ranks each incident, beside the ranker given the group.

A fault is asked of the incident that holds most of its alerts; one that is in no incident stays in the denominator. The
alerts come in time order, as a replay reads them; earlier incidents are history for both, and nothing is confirmed.
The naive rule, the entity with most alerts, stands beside it on the incidents of the engine. Metrics become alerts by
the engine's own detector, and belong to the fault in whose time they begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from aiops_models.causes import CauseRanker
from aiops_models.causes.incident_graph import IncidentGraph
from rich.table import Table

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.backtest.truth import truth_report
from aiops.engine.config import EngineConfig
from aiops.engine.detect.metrics import Metrics
from aiops.engine.engine import Engine
from aiops.engine.rank import Models
from aiops.ports import IncidentView
from aiops.records import Alert, Cause, Incident, Metric, Record, Truth
from aiops.score import CauseReport, cause_report
from aiops.topology import Topology, load_topology
from benchmarks.accuracy.causes_data import System, faults, records_of
from benchmarks.accuracy.causes_incomplete import DRAWS, LEFT_OUT, services, without
from benchmarks.pool import run_all

# Suspects of the naive rule, as many as of the ranker.
MOST = 10


class Stream(NamedTuple):
    """A stream of alerts or metrics with labelled faults; `left_out` services are missing in its topology."""

    name: str
    folder: str
    file: str
    left_out: int = 0


# Faults one at a time, and as recorded: a group that is wrong has no right cause.
STREAMS = (
    Stream("micross", "microservice-faults/micross", "alerts"),
    Stream("cloudbed-1", "microservice-faults/cloudbed-1", "alerts"),
    Stream("k8s boutique apart", "k8s-faults/boutique", "apart"),
    Stream(f"k8s boutique apart, {LEFT_OUT} services left out", "k8s-faults/boutique", "apart", LEFT_OUT),
    Stream("petshop low", "petshop/low_traffic", "metrics"),
    Stream("petshop temporal 1", "petshop/temporal_traffic1", "metrics"),
    Stream("petshop temporal 2", "petshop/temporal_traffic2", "metrics"),
    Stream("nezha boutique", "nezha/online-boutique", "metrics"),
    Stream("aiops22", "multisource-faults/aiops22", "alerts"),
    Stream("aiops22 spaced", "multisource-faults/aiops22", "spaced"),
)


class Figures(NamedTuple):
    """Top-1 and top-3."""

    top1: float
    top3: float


class EndToEnd(NamedTuple):
    """Figures of one stream; `answered` counts faults whose incident had any cause."""

    name: str
    cases: int
    answered: int
    grouped: Figures
    counted: Figures
    given: Figures


class MostAlerts:
    """The naive rule as a ranker: the entity with most alerts."""

    def __init__(self, topology: Topology) -> None:
        ranker = CauseRanker(topology, {"rules": []})
        self._index, self._lexicon = ranker._topology_index, ranker._lexicon

    def rank(self, view: IncidentView) -> list[Cause]:
        """Return the entities with most alerts."""
        graph = IncidentGraph(self._index, self._lexicon, view)
        counts: dict[str, int] = {}
        for fact in view.facts:
            entity = graph.placed(fact)
            counts[entity] = counts.get(entity, 0) + fact.count
        best = sorted(counts, key=lambda entity: (-counts[entity], entity))[:MOST]
        return [Cause(entity, float(counts[entity])) for entity in best]

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Learn nothing."""


def present(root: Path, systems: Sequence[str] = ()) -> list[Stream]:
    """The streams that are there, of the systems named or of all."""
    there = [each for each in STREAMS if (root / each.folder / f"{each.file}.jsonl.gz").exists()]
    return [each for each in there if not systems or any(each.name.startswith(name) for name in systems)]


class Draw(NamedTuple):
    """One replay of a stream: of its whole topology, or of the one that `seed` leaves services out of."""

    root: Path
    stream: Stream
    seed: int = 0


Reports = tuple[CauseReport, CauseReport, CauseReport]


def end_to_end(root: Path, streams: Sequence[Stream], jobs: int = 1) -> list[EndToEnd]:
    """Replay streams with the defaults in `jobs` processes; where no fault has a labelled root, there are no cases."""
    draws = [Draw(root, stream, seed) for stream in streams for seed in range(DRAWS if stream.left_out else 1)]
    found: dict[str, list[Reports]] = {}
    for draw, reports in zip(draws, run_all(replayed, draws, jobs, _size), strict=True):
        found.setdefault(draw.stream.name, []).append(reports)
    return [_summary(name, reports) for name, reports in found.items()]


def _size(draw: Draw) -> float:
    return (draw.root / draw.stream.folder / f"{draw.stream.file}.jsonl.gz").stat().st_size


def _summary(name: str, reports: Sequence[Reports]) -> EndToEnd:
    first, _, _ = reports[0]
    return EndToEnd(
        name, first.cases, first.answered, *(_mean([each[place] for each in reports]) for place in range(3))
    )


def replayed(draw: Draw) -> Reports:
    """Return the ranker on the engine's groups, the naive rule on them, and the ranker given the groups."""
    folder = draw.root / draw.stream.folder
    topology = load_topology(folder / "topology.json")
    if draw.stream.left_out and len(services(topology)) > LEFT_OUT:
        topology = without(System("", topology, []), draw.seed).topology
    truths, alerts = labelled(folder, draw.stream.file)
    config, none = EngineConfig(), cause_report([])
    records: list[Record] = [*truths, *alerts]
    ours = truth_report(replay(records, build_engine(config, topology)), topology)
    naive = truth_report(replay(records, Engine(config, topology, Models(MostAlerts(topology)))), topology)
    if ours is None or naive is None:
        return none, none, none
    return ours.causes or none, naive.causes or none, ours.causes_given_grouping or none


def _mean(reports: Sequence[CauseReport]) -> Figures:
    return Figures(mean(one.top1 for one in reports), mean(one.top3 for one in reports))


def labelled(folder: Path, file: str) -> tuple[list[Incident], list[Alert]]:
    """Return the faults, and the alerts with their labels; rows of one fault are one."""
    rows = [each for each in records_of(folder / "incidents.jsonl.gz") if isinstance(each, Incident)]
    same = faults(each for each in rows if each.root_cause is not None)
    first = {each.id: rows[0].id for rows in same for each in rows}
    truths = [rows[0] for rows in same]
    if file == "metrics":
        return truths, metric_alerts(folder / "metrics.jsonl.gz", truths)
    alerts = [each for each in records_of(folder / f"{file}.jsonl.gz") if isinstance(each, Alert)]
    for alert in alerts:
        if alert.truth is not None and alert.truth.incident is not None:
            alert.truth = Truth(first.get(alert.truth.incident, alert.truth.incident))
    return truths, alerts


def metric_alerts(path: Path, truths: Sequence[Incident]) -> list[Alert]:
    """Return the alerts of the engine's detector of metrics, labelled by the time of the faults."""
    samples = sorted((each for each in records_of(path) if isinstance(each, Metric)), key=lambda each: each.ts)
    detector, alerts = Metrics(), []
    for sample in samples:
        # Statistics of one metric are series of their own, as a mapping of such a tool names them.
        stat = sample.labels.get("stat")
        sample.name = f"{sample.name} {stat}" if stat else sample.name
        alert = detector.see(sample, sample.ts)
        if alert is not None:
            alert.truth = Truth(_fault_at(alert.ts, truths)) if alert.status == "firing" else None
            alerts.append(alert)
    return alerts


def _fault_at(at: float, truths: Sequence[Incident]) -> str | None:
    during = (each.id for each in truths if (each.opened_at or 0.0) <= at < (each.resolved_at or 0.0))
    return next(during, None)


def end_to_end_table(found: Sequence[EndToEnd]) -> Table:
    """A row a stream."""
    heads = [
        f"{who} {top}" for who in ("engine's group", "count of alerts", "given group") for top in ("top-1", "top-3")
    ]
    table = Table("", "faults", "answered", *heads, title_justify="left")
    table.title = "end to end: the engine groups, then ranks; the naive rule on the same incidents"
    for one in found:
        figures = [f"{each:.3f}" for each in (*one.grouped, *one.counted, *one.given)]
        table.add_row(one.name, str(one.cases), str(one.answered), *figures)
    return table
