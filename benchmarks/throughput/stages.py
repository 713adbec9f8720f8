"""Dedup, detection and correlation alone: what an alert costs before any incident is opened or told of.

    python -m benchmarks.throughput.stages [--only TEXT] [--scale X]

The fold's rows hold more: opening, updating and ending incidents, with their records and sentences, which is most of
the cost where storms open many. Here the three stages see the same decoded alerts as in the fold, one at a time, and
what time makes due in them is done. Processor time in µs; what reading the clock takes is taken off.
"""

from __future__ import annotations

import argparse
import sys
import time

from aiops.daemon.gc_tuning import settle
from aiops.engine.arrival import Arrival
from aiops.engine.clock import Timeline
from aiops.engine.config import EngineConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.detect.stage import Detect
from aiops.engine.incidents.lifecycle import MAX_DUE_EACH
from aiops.records import Alert
from aiops.records.decode import decode
from benchmarks.machine import machine
from benchmarks.throughput.generate import lines, topology
from benchmarks.throughput.latency import clocks
from benchmarks.throughput.load import LOADS, Load, find
from benchmarks.throughput.parts import PART, parts
from benchmarks.throughput.spread import Spread


class Stages:
    """The three stages as the fold calls them."""

    def __init__(self, load: Load) -> None:
        config = EngineConfig()
        self.timeline = Timeline()
        self.dedup = Dedup(config.dedup)
        self.detect = Detect(config.detect)
        self.correlate = Correlator(config.correlate, topology(load))
        self.arrival = Arrival()

    def take(self, alert: Alert) -> None:
        """One alert through all three."""
        at = self.timeline.at(alert.ts)
        now = self.timeline.now = max(at, self.timeline.now)
        if self.dedup.next_due() <= now:
            self.dedup.expire(now, 2 * MAX_DUE_EACH)
        if self.correlate.next_due() <= now:
            self.correlate.advance(now, MAX_DUE_EACH)
        arrival = self.arrival
        arrival.now = now
        arrival.begin(alert, at)
        self.dedup.admit(arrival)
        self.dedup.dropped.clear()
        if arrival.verdict in ("new", "repeat"):
            self.detect.measure(arrival)
            self.correlate.assign(arrival)
            arrival.stream.cluster = arrival.seq
        arrival.seq += 1


def measure(load: Load) -> Spread:
    """The spread of one load's alerts, in nanoseconds."""
    stages, spread, clock = Stages(load), Spread(), time.thread_time_ns
    settle()
    _, off = clocks()
    for raw in parts(lines(load), PART):
        for record in [decode(line) for line in raw]:
            if type(record) is Alert:
                began = clock()
                stages.take(record)
                spread.add(max(0, clock() - began - off))
    return spread


def main() -> int:
    """Print a row a load."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput.stages", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="loads whose names hold this text")
    parser.add_argument("--scale", type=float, default=1.0, help="loads so much shorter, up to 1")
    options = parser.parse_args()
    print(f"{machine()}\n\n| load | alerts | mean | p50 | p99 | p99.9 |\n|---|---|---|---|---|---|")
    for load in LOADS:
        if options.only not in load.name or load.models:
            continue
        found = measure(find(load.name, options.scale))
        if found.total:
            quantiles = " | ".join(f"{found.quantile(share):.1f}" for share in (0.5, 0.99, 0.999))
            print(f"| {load.name} | {found.total:,} | {found.mean():.1f} | {quantiles} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
