"""The alerts of a load as JSON lines, in the order of their arrival, never more than a few thousand in memory at once.

Simulated sites are the exception: the simulator sorts by time what it made, some 50,000 records.
"""

from __future__ import annotations

import gzip
import heapq
import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from aiops.records import Alert, Truth
from aiops.records.decode import encode
from aiops.simulate import Options, simulate
from aiops.topology import Edge, Node, Topology, load_topology
from benchmarks.data import data_folder
from benchmarks.throughput.load import Load

NAMES = [
    f"{what}{how}" for what in ("Cpu", "Memory", "Disk", "Latency", "Error") for how in ("High", "Low", "Odd", "Bad")
]
SEVERITIES = (None, "info", "warning", "high", "critical")
START_S = 1_700_000_000.0
# Between storms it is quiet for longer than a cluster without news lives, so that joining two of them is a mistake.
QUIET_S = 300.0
# A storm hits so many hosts of a rack.
HIT, RACK = 5, 7
# How long things fire that are told to be over: most alerts of a fault are over in minutes.
FIRING_S = (30.0, 240.0)
# With 300 services these make some 55,000 alerts.
SIMULATED = {"seed": 11, "faults": 60, "hours": 24.0, "noise": 2.0}


def lines(load: Load, truth: bool = False) -> Iterator[bytes]:
    """The load's alerts; nothing when real data is not there. `truth`: label those of storms with their storm."""
    if load.mix == "real":
        yield from islice(_real(load), load.alerts)
        return
    alerts = _simulated(load, truth) if load.mix == "simulated" else _generated(load, truth)
    if load.resolved:
        alerts = _resolved(alerts)
    if load.late_s:
        alerts = _late(alerts, load.late_s)
    for alert in islice(alerts, load.alerts):
        yield encode(alert)


def topology(load: Load) -> Topology:
    """The graph that goes with a load; in that of generated storms, the hosts of a storm are parts of one rack."""
    if not load.graph:
        return Topology()
    if load.mix == "simulated":
        return simulate(_options(load)).topology
    if load.mix == "real":
        paths = _paths(load)
        return load_topology(paths[0].parent / "topology.json") if paths else Topology()
    racks = [Node(f"rack-{number}", "rack") for number in range(-(-load.entities // RACK))]
    hosts = [Node(f"host-{number}", "host") for number in range(load.entities)]
    parts = (Edge(host.id, racks[number // RACK].id, "part_of") for number, host in enumerate(hosts))
    return Topology.build([*racks, *hosts], parts)


def _generated(load: Load, truth: bool) -> Iterator[Alert]:
    rng = random.Random(load.alerts * 31 + load.entities)
    now = START_S
    for number in range(load.alerts):
        if load.mix == "unique":
            now += 0.01
            yield _alert(now, f"N{number % 997}", number % load.entities, number, rng)
        elif load.mix == "repeated":
            now += 0.01
            yield _alert(now, NAMES[number % 7], rng.randrange(load.entities), number, rng)
        else:
            place, storm = number % load.size, number // load.size
            now += QUIET_S if place == 0 else min(0.2, 60.0 / load.size)
            first = storm % max(1, load.entities // RACK) * RACK
            entity = (first + rng.randrange(HIT)) % load.entities
            alert = _alert(now, rng.choice(NAMES), entity, number, rng)
            alert.service = f"rack-{entity // RACK}" if load.service else None
            alert.truth = Truth(incident=f"storm-{storm}") if truth else None
            yield alert


def _alert(now: float, name: str, entity: int, number: int, rng: random.Random) -> Alert:
    return Alert(
        ts=now,
        name=name,
        entity=f"host-{entity}",
        id=str(number),
        source="bench",
        severity=SEVERITIES[rng.randrange(5)],
        message=f"{name} on host-{entity}",
        labels={"env": "prod", "region": "eu-1", "job": "node"},
    )


def _options(load: Load) -> Options:
    return Options(services=load.entities, **SIMULATED)  # type: ignore[arg-type]


def _simulated(load: Load, truth: bool) -> Iterator[Alert]:
    for alert in simulate(_options(load)).alerts:
        yield alert if truth else msgspec.structs.replace(alert, truth=None)


def _resolved(alerts: Iterable[Alert]) -> Iterator[Alert]:
    """Half of the alerts begin, the other half end: one of the same stream a few minutes later."""
    rng = random.Random(1)
    ends: list[tuple[float, str, Alert]] = []
    for alert in alerts:
        while ends and ends[0][0] <= alert.ts:
            yield heapq.heappop(ends)[2]
        yield alert
        ts = alert.ts + rng.uniform(*FIRING_S)
        name = f"{alert.id}-over"
        heapq.heappush(ends, (ts, name, msgspec.structs.replace(alert, ts=ts, id=name, status="resolved")))
    while ends:
        yield heapq.heappop(ends)[2]


def _late(alerts: Iterable[Alert], late_s: float) -> Iterator[Alert]:
    """Each alert arrives up to `late_s` after its own time."""
    rng = random.Random(2)
    waiting: list[tuple[float, str, Alert]] = []
    for alert in alerts:
        while waiting and waiting[0][0] <= alert.ts:
            yield heapq.heappop(waiting)[2]
        heapq.heappush(waiting, (alert.ts + rng.random() * late_s, alert.id, alert))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _paths(load: Load) -> list[Path]:
    folder = data_folder()
    return sorted(folder.glob(load.files)) if folder is not None else []


def _real(load: Load) -> Iterator[bytes]:
    """Several files merged by time, as `aiops replay` does; labels stay, the fold does not look at them."""
    paths = _paths(load)
    if len(paths) == 1:
        yield from (line for _, line in _timed(paths[0], 0))
    else:
        files = (_timed(path, number) for number, path in enumerate(paths))
        yield from (line for _, line in heapq.merge(*files, key=lambda pair: pair[0]))


class _Time(msgspec.Struct, gc=False):
    ts: float


def _timed(path: Path, number: int) -> Iterator[tuple[float, bytes]]:
    decoder = msgspec.json.Decoder(_Time)
    with gzip.open(path, "rb") as handle:
        for line in handle:
            yield decoder.decode(line).ts, line.rstrip()
