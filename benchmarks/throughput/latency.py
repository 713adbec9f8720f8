"""Each alert timed alone, the collector's pauses, and memory, with nothing but the engine in the process.

Two clocks: the wall's, which is what an alert waits, with what the kernel and neighbours take away; and the thread's
processor time, which is the program's own. What reading the clocks takes is measured first and taken off.
"""

from __future__ import annotations

import contextlib
import gc
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aiops.records.decode import decode
from benchmarks.throughput.generate import lines
from benchmarks.throughput.load import Load
from benchmarks.throughput.parts import PART, engine, parts
from benchmarks.throughput.spread import Spread

SHARES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


class Collector(Struct):
    """The cyclic garbage collector during the pass, set as in the daemon; pauses of its threads, in milliseconds."""

    thresholds: tuple[int, int, int] = (0, 0, 0)
    frozen: int = 0
    collections: list[int] = field(default_factory=lambda: [0, 0, 0])
    total_ms: float = 0.0
    longest_ms: float = 0.0


class Latency(Struct):
    """µs an alert; `wall` and `cpu` have p50, p99, p999 and max.

    Memory in MiB: at the first alert, the most, and after half of the alerts.
    """

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    clocks_us: float = 0.0
    start_mib: float = 0.0
    peak_mib: float = 0.0
    collector: Collector = field(default_factory=Collector)
    half_mib: float = 0.0


class _Pauses:
    """Listens to the collector."""

    def __init__(self) -> None:
        self.row = Collector(gc.get_threshold(), gc.get_freeze_count())
        self._began = 0

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = time.perf_counter_ns()
            return
        pause_ms = (time.perf_counter_ns() - self._began) / 1e6
        self.row.collections[info["generation"]] += 1
        self.row.total_ms += pause_ms
        self.row.longest_ms = max(self.row.longest_ms, pause_ms)


def latency(load: Load) -> Latency:
    """HostedEngine one alert at a time."""
    folder = engine(load)
    pauses = _Pauses()
    wall_off, cpu_off = clocks()
    wall, cpu = Spread(), Spread()
    outer, inner, step = time.perf_counter_ns, time.thread_time_ns, folder.step
    _forget_peak()
    row = Latency(clocks_us=wall_off / 1e3, start_mib=_memory_mib("VmRSS"), collector=pauses.row)
    gc.callbacks.append(pauses)
    for raw in parts(lines(load), PART):
        for record in [decode(line) for line in raw]:
            one = (record,)
            began, began_cpu = outer(), inner()
            step(one)
            spent_cpu, spent = inner() - began_cpu, outer() - began
            wall.add(max(0, spent - wall_off))
            cpu.add(max(0, spent_cpu - cpu_off))
        if not row.half_mib and wall.total * 2 >= load.alerts:
            row.half_mib = _memory_mib("VmRSS")
    gc.callbacks.remove(pauses)
    row.peak_mib = _memory_mib("VmHWM")
    row.wall, row.cpu = _quantiles(wall), _quantiles(cpu)
    return row


def _quantiles(spread: Spread) -> dict[str, float]:
    found = {name: round(spread.quantile(share), 2) for name, share in SHARES.items()}
    return {**found, "max": round(spread.largest / 1e3, 1)}


def clocks(times: int = 20_000) -> tuple[int, int]:
    """What the pairs of readings take by themselves, in ns: the median, as the wall's and as the processor's clock."""
    outer, inner = time.perf_counter_ns, time.thread_time_ns
    walls, cpus = [], []
    for _ in range(times):
        began, began_cpu = outer(), inner()
        spent_cpu, spent = inner() - began_cpu, outer() - began
        walls.append(spent)
        cpus.append(spent_cpu)
    return sorted(walls)[times // 2], sorted(cpus)[times // 2]


def _forget_peak() -> None:
    """Let the kernel count the most resident memory from now on; where it cannot, loading the program is counted in."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory_mib(name: str) -> float:
    """Resident memory: `VmRSS` now, `VmHWM` the most."""
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    except OSError:
        found = None
    if found is not None:
        return round(int(found[1]) / 1024, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
