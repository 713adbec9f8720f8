"""The streams of the benchmark of feedback: recorded systems, and simulated sites with more faults than elsewhere."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy import generality_simulated as simulated
from benchmarks.accuracy.generality_rows import BY_NAME, SIMULATED, Row
from benchmarks.accuracy.grouping_data import Stream
from benchmarks.accuracy.grouping_measure import EMPTY
from benchmarks.accuracy.grouping_simulated import local_faults

# A team corrects for weeks: half of these faults come before the time split.
FAULTS = 200
RECORDED = (
    "micross as recorded",
    "micross overlay 300",
    "micross overlay 120",
    "cloudbed-1 as recorded",
    "cloudbed-1 overlay 300",
    "cloudbed-1 overlay 120",
    "aiops22 as recorded",
    "aiops22 overlay 300",
    "aiops22 overlay 120",
    "k8s boutique apart",
)
OTHERS = ("isolated, noise 1/min", "12 crash loops 900 s")


def _site(name: str, gap_s: float, graph: str) -> Row:
    def make(_: Path, seed: int) -> Stream:
        stream = local_faults(seed, gap_s, FAULTS)
        if graph == "no graph":
            return stream._replace(topology=EMPTY)
        return stream._replace(topology=simulated.wrong_graph(stream.topology, seed)) if graph == "wrong" else stream

    return Row(name, SIMULATED, make)


SITES = (
    _site("site 300 s, no graph", 300.0, "no graph"),
    _site("site 90 s, no graph", 90.0, "no graph"),
    _site("site 90 s, graph", 90.0, "graph"),
    _site("site 90 s, wrong graph", 90.0, "wrong"),
)
ROWS: tuple[Row, ...] = (*(BY_NAME[name] for name in (*RECORDED, *OTHERS)), *SITES)
ROW_BY_NAME = {row.name: row for row in ROWS}
# One system is left out at a time when constants are chosen.
SYSTEMS = ("micross", "cloudbed-1", "aiops22", "k8s", "isolated", "12 crash", "site")


def system_of(row: str) -> str:
    """Return the system of a row.

    >>> system_of("micross overlay 300")
    'micross'
    """
    return next(system for system in SYSTEMS if row.startswith(system))


def stream_of(row: str, root: Path, seed: int) -> Stream:
    """Return a row's stream in an order of equal times, or with a seed."""
    found = ROW_BY_NAME[row]
    return found.make(root, seed)
