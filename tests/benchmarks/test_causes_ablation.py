"""The table of ablations: a row for each change, with the change taken out."""

from __future__ import annotations

from aiops.ports import AlertFact, IncidentView
from aiops.records import RootCause
from aiops.topology import Edge, Node, Topology
from benchmarks.accuracy.causes_ablation import ROWS, ablation_tables
from benchmarks.accuracy.causes_data import Case, System

SITE = Topology.build([Node("web"), Node("db"), Node("cache")], [Edge("web", "db", "calls"), Edge("web", "cache")])


def test_age_alone_tells_two_suspects_apart() -> None:
    facts = [
        AlertFact("db", "HighCpuLoad", 3, 1, 0.0, 0.0),
        AlertFact("cache", "HighMemory", 3, 1, 0.0, 0.0, recent=4.0),
        AlertFact("web", "HighRequestLatency", 3, 1, 0.0, 0.0),
    ]
    system = System("shop", SITE, [Case(IncidentView("i", 0.0, facts), RootCause("db"))])
    cold, _, _ = ablation_tables([system])
    labels, figures = (list(column.cells) for column in list(cold.columns)[:2])
    found = dict(zip(labels, figures, strict=True))
    assert list(found) == [label for label, _, _ in ROWS]
    assert found["shipped"] == "1.000 1.000"
    assert found["without the age of conditions"] == "0.500 1.000"
