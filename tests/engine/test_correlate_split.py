"""What leaves a cluster as it closes, why, and that alerts and incidents follow."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aiops.engine.config import CorrelateConfig as Knob
from aiops.engine.config import EngineConfig
from aiops.engine.correlate import CorrelateConfig, Correlator
from aiops.engine.events import ClusterSplit, IncidentChanged
from aiops.engine.fold import Engine
from aiops.engine.placement import Split
from aiops.records import Alert, Record, Tick
from aiops.replay import replay
from aiops.topology import Edge, Node, Topology

NOTHING = Topology.build([], [])
CHAIN = Topology.build([Node(f"n{i}") for i in range(9)], [Edge(f"n{i}", f"n{i + 1}") for i in range(8)])
Item = tuple[float, str, str]
# Two stories that began within a second, while nobody knew their types: one cluster, held together by the first of the
# PLACEHOLDER
STORE = [("disk", "store"), ("raid", "store"), ("smart", "store")]
GATE = [("login", "gate"), ("vpn", "gate")]


def joined(at: float) -> list[Item]:
    """Five streams within a second, all new: one cluster."""
    return [(at + 0.1 * step, *name) for step, name in enumerate([*STORE, *GATE, *STORE, *GATE])]


def apart(at: float, times: int) -> list[Item]:
    """The same types elsewhere, the two stories in turn, never in one ten-second bin."""
    items: list[Item] = []
    for turn in range(times):
        story = (STORE, GATE)[turn % 2]
        items += [(at + 50.0 * turn, type_, f"{entity}-{turn}") for type_, entity in story]
    return items
