"""A run of the suite: the machine's facts, a row a load, and the servers, as they are written to JSON."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from benchmarks.machine import Machine
from benchmarks.throughput.cost import Cost
from benchmarks.throughput.http import Row as Server
from benchmarks.throughput.latency import Latency
from benchmarks.throughput.load import LARGE, LOADS, Load
from benchmarks.throughput.quality import Quality

T = TypeVar("T")
# What became of ten million alerts would not fit into memory: the replay keeps each alert's place.
MAX_QUALITY_ALERTS = 1_000_000
# Longer loads are measured once: what comes and goes on the machine evens out within them.
MAX_REPEATED_ALERTS = 700_000


class Row(Struct):
    """One load: a `Cost` a repeat, and the other passes once; None where a pass was left out.

    `revision` is named where it is not that of the whole run: a row that was kept from an earlier one.
    """

    load: Load
    costs: list[Cost] = field(default_factory=list)
    latency: Latency | None = None
    quality: Quality | None = None
    revision: str = ""

    @property
    def name(self) -> str:
        """The load's name."""
        return self.load.name

    @property
    def alerts(self) -> int:
        """How many there were."""
        return self.costs[0].alerts

    def cost(self, name: str) -> float:
        """The median of a figure of the repeats, in µs an alert."""
        figures: list[float] = [getattr(each, name) for each in self.costs]
        return statistics.median(figures)

    def noise(self) -> float:
        """Half the range of the fold's repeats, as a share of their median."""
        folds = [each.fold for each in self.costs]
        return (max(folds) - min(folds)) / 2 / self.cost("fold")

    def growth(self) -> float:
        """The last tenth of the load to the first: 1 is a cost that does not grow with the age of the engine."""
        return statistics.median(each.tenths[-1] / max(each.tenths[0], 0.01) for each in self.costs)


class Results(Struct):
    """A run."""

    machine: Machine
    scale: float = 1.0
    rows: list[Row] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)


def measured(name: str, load: Load, scale: float, kind: type[T], env: Mapping[str, str] | None = None) -> T:
    """One pass of one load in a process of its own; raise `RuntimeError` with what it said when it fails."""
    command = [sys.executable, "-m", "benchmarks.throughput.measure", name, load.name, str(scale)]
    # The order of sets and dicts of text must not differ between two processes that are compared.
    set_up = {**(env or os.environ), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, check=False, capture_output=True, env=set_up)
    if done.returncode:
        raise RuntimeError(f"{load.name}, {name}: {done.stderr.decode(errors='replace').strip()[-2_000:]}")
    return msgspec.json.decode(done.stdout, type=kind)


def measure_all(results: Results, loads: Sequence[Load], repeats: int) -> None:
    """All passes of all loads, one process after the other; a repeat of all loads before the next repeat."""
    rows = {load.name: Row(load) for load in loads}
    for repeat in range(repeats):
        for row in rows.values():
            if repeat and (not row.costs or row.alerts > MAX_REPEATED_ALERTS):
                continue
            cost = measured("cost", row.load, results.scale, Cost)
            if not cost.alerts:
                sys.stderr.write(f"{row.name}: skipped, the measuring data is not here (AIOPS_DATA)\n")
                continue
            row.costs.append(cost)
            say(f"{row.name}: {cost.fold:.1f} µs")
    for row in rows.values():
        if row.costs:
            _once(row, results.scale)
            results.rows.append(row)


def _once(row: Row, scale: float) -> None:
    row.latency = measured("latency", row.load, scale, Latency)
    if row.alerts <= MAX_QUALITY_ALERTS:
        row.quality = measured("quality", row.load, scale, Quality)
    say(f"{row.name}: p99 {row.latency.cpu['p99']:.0f} µs, {row.latency.peak_mib:.0f} MiB")


def merged(before: Results, after: Results) -> Results:
    """`before` with the rows and servers of `after` in place of its own; the machine is that of the newer.

    Rows that are kept remember the revision that they were measured on. All stand in the order of the loads. Raises
    `ValueError` where the loads were of other lengths.
    """
    if before.scale != after.scale:
        raise ValueError(f"results of scale {before.scale:g}: expected {after.scale:g}, as measured now")
    order = [load.name for load in (*LOADS, *LARGE)]
    if before.machine.revision != after.machine.revision:
        for row in before.rows:
            row.revision = row.revision or before.machine.revision
    rows = {row.name: row for row in (*before.rows, *after.rows) if row.name in order}
    return Results(
        after.machine,
        after.scale,
        sorted(rows.values(), key=lambda row: order.index(row.name)),
        after.servers or before.servers,
    )


def say(text: str) -> None:
    """Progress, for a person who waits; nothing into a pipe."""
    if sys.stderr.isatty():
        sys.stderr.write(text + "\n")


def read(path: Path) -> Results:
    """Results from their file."""
    return msgspec.json.decode(path.read_bytes(), type=Results)
