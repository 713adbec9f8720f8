"""The labelled alert streams of the grouping benchmark, as plain tuples, and the order within equal time stamps."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

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


def networks(root: Path, kind: str) -> list[Stream]:
    """The networks of one kind (simul-attacks, original, more-noise-11), or one of them (original.val-1)."""
    return [read(path) for path in sorted((root / "ait-ads-a").glob(f"{kind}*.jsonl.gz"))]


def overlays(root: Path) -> list[Stream]:
    """The overlapping microservice faults."""
    found = []
    for system in ("micross", "cloudbed-1"):
        folder = root / "microservice-faults" / system
        for gap in (300, 120):
            stream = read(folder / f"overlay-{gap}.jsonl.gz", load_topology(folder / "topology.json"))
            found.append(stream._replace(name=f"{system} {gap} s"))
    return found


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """The same stream with the order inside each time stamp drawn anew: the files' own order gives labels away."""
    rng = random.Random(seed)
    out: list[Item] = []
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


__all__ = ["Item", "Stream", "networks", "overlays", "read", "shuffled"]
