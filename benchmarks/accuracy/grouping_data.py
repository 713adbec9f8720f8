"""The labelled alert streams of the grouping benchmark, as plain tuples, and the order within equal time stamps."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from aiops.topology import Topology, load_topology


class Item(NamedTuple):
    """What the correlator sees of an alert, and its true incident (None: background)."""

    ts: float
    type: str
    entity: str
    service: str | None
    incident: str | None


class Stream(NamedTuple):
    """One file: its alerts in order."""

    name: str
    items: list[Item]
    topology: Topology


def read(path: Path, topology: Topology | None = None) -> Stream:
    """All alerts of an archive."""
    decoder = msgspec.json.Decoder(_Line)
    with gzip.open(path, "rb") as lines:
        alerts = [decoder.decode(line) for line in lines]
    names: dict[str, str] = {}
    items = [
        Item(
            alert.ts,
            names.setdefault(alert.name, alert.name),
            names.setdefault(alert.entity or "", alert.entity or ""),
            alert.service,
            alert.truth.incident if alert.truth is not None else None,
        )
        for alert in alerts
    ]
    return Stream(path.name.removesuffix(".jsonl.gz"), items, topology or Topology.build([], []))


def network_names(root: Path, kind: str) -> list[str]:
    """The networks of one kind (simul-attacks, original, more-noise-11): train-0, val-1 …; whatever is there."""
    paths = (root / "ait-ads-a").glob(f"{kind}.*.jsonl.gz")
    return sorted(path.name.removeprefix(f"{kind}.").removesuffix(".jsonl.gz") for path in paths)


def network(root: Path, kind: str, name: str) -> Stream:
    """One network."""
    return read(root / "ait-ads-a" / f"{kind}.{name}.jsonl.gz")


def overlay_names(root: Path) -> list[str]:
    """The overlapping microservice faults, `micross 300 s` …; the widest first."""
    paths = (root / "microservice-faults").glob("*/overlay-*.jsonl.gz")
    found = [(path.parent.name, int(path.name.removeprefix("overlay-").removesuffix(".jsonl.gz"))) for path in paths]
    return [f"{system} {gap} s" for system, gap in sorted(found, key=lambda pair: (pair[0], -pair[1]))]


def overlay(root: Path, name: str) -> Stream:
    """One of them, with the graph of its system."""
    system, gap, _ = name.split()
    folder = root / "microservice-faults" / system
    return read(folder / f"overlay-{gap}.jsonl.gz", load_topology(folder / "topology.json"))._replace(name=name)


class Timed(Protocol):
    """Anything with a time."""

    @property
    def ts(self) -> float:
        """Seconds."""


At = TypeVar("At", bound=Timed)


def shuffled(items: Sequence[At], seed: int) -> list[At]:
    """The same stream with the order inside each time stamp drawn anew: the files' own order gives labels away."""
    rng = random.Random(seed)
    out: list[At] = []
    for _, same in groupby(items, key=lambda item: item.ts):
        block = list(same)
        if len(block) > 1:
            rng.shuffle(block)
        out += block
    return out


class _Truth(msgspec.Struct, gc=False):
    incident: str | None = None


class _Line(msgspec.Struct, gc=False):
    ts: float
    name: str
    entity: str | None = None
    service: str | None = None
    truth: _Truth | None = None
