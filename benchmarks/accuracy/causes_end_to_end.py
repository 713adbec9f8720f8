"""Causes as people get them: the engine groups the alerts and ranks each incident, beside the ranker given the group.

A fault is asked of the incident that holds most of its alerts; one that is in no incident stays in the denominator. The
alerts come in time order, as a replay reads them; earlier incidents are history for both, and nothing is confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.backtest.truth import truth_report
from aiops.engine.config import EngineConfig
from aiops.records import Alert, Incident
from aiops.score import CauseReport, cause_report
from aiops.topology import load_topology
from benchmarks.accuracy.causes_data import records_of

# Faults one at a time, and as recorded: a group that is wrong has no right cause.
STREAMS = (
    ("micross", "microservice-faults/micross", "alerts"),
    ("cloudbed-1", "microservice-faults/cloudbed-1", "alerts"),
    ("k8s boutique apart", "k8s-faults/boutique", "apart"),
)


class EndToEnd(NamedTuple):
    """Figures of one stream; `answered` counts faults whose incident had any cause."""

    name: str
    grouped: CauseReport
    given: CauseReport


def present(root: Path, systems: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """The streams that are there, of the systems named or of all."""
    there = [each for each in STREAMS if (root / each[1] / f"{each[2]}.jsonl.gz").exists()]
    return [each for each in there if not systems or any(each[0].startswith(name) for name in systems)]


def end_to_end(root: Path, name: str, folder: str, file: str) -> EndToEnd:
    """Replay a stream with the defaults; where no fault has a labelled root, there are no cases."""
    topology = load_topology(root / folder / "topology.json")
    truths = [each for each in records_of(root / folder / "incidents.jsonl.gz") if isinstance(each, Incident)]
    alerts = [each for each in records_of(root / folder / f"{file}.jsonl.gz") if isinstance(each, Alert)]
    found = truth_report(replay([*truths, *alerts], build_engine(EngineConfig(), topology)), topology)
    none = cause_report([])
    if found is None:
        return EndToEnd(name, none, none)
    return EndToEnd(name, found.causes or none, found.causes_given_grouping or none)


def end_to_end_table(found: Sequence[EndToEnd]) -> Table:
    """A row a stream."""
    table = Table("", "faults", "answered", "top-1", "top-3", "given group top-1", "top-3", title_justify="left")
    table.title = "end to end: the engine groups, then ranks"
    for name, grouped, given in found:
        figures = [f"{each:.3f}" for each in (grouped.top1, grouped.top3, given.top1, given.top3)]
        table.add_row(name, str(grouped.cases), str(grouped.answered), *figures)
    return table
