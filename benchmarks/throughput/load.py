"""The loads that the fold is measured on, as JSON lines: generated mixes, and real alerts where they are."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from aiops.records import Alert
from aiops.records.decode import encode
from benchmarks.data import data_folder


class Load(Struct, frozen=True):
    """A load: `mix` is unique, repeated, storm or real; `entities` and `size` (alerts an incident) shape the others."""

    name: str
    mix: str
    alerts: int
    entities: int = 1
    size: int = 1


# The same mixes over four orders of magnitude of alerts, entities and incident sizes.
LOADS = (
    Load("unique 10^4", "unique", 10_000, 10_000),
    Load("unique 10^5", "unique", 100_000, 100_000),
    Load("repeated, 1 entity", "repeated", 100_000, 1),
    Load("repeated, 100 entities", "repeated", 100_000, 100),
    Load("repeated, 10^4 entities", "repeated", 100_000, 10_000),
    Load("storms of 10", "storm", 100_000, 1_000, 10),
    Load("storms of 100", "storm", 100_000, 1_000, 100),
    Load("storms of 10^3", "storm", 100_000, 1_000, 1_000),
    Load("storms of 10^4", "storm", 100_000, 1_000, 10_000),
    Load("real, ait-ads-a val-1", "real", 90_864),
    Load("real, ait-ads-a all val", "real", 650_000),
)
LARGE = (
    Load("storms of 100, 10^6", "storm", 1_000_000, 10_000, 100),
    Load("repeated, 10^7", "repeated", 10_000_000, 1_000),
)
NAMES = [
    f"{what}{how}" for what in ("Cpu", "Memory", "Disk", "Latency", "Error") for how in ("High", "Low", "Odd", "Bad")
]
SEVERITIES = (None, "info", "warning", "high", "critical")


def lines(load: Load) -> Iterator[bytes]:
    """The load's alerts, one JSON line each, in time order; nothing when real data is not there."""
    if load.mix == "real":
        yield from _real(load)
    else:
        for alert in _generated(load):
            yield encode(alert)


def _generated(load: Load) -> Iterator[Alert]:
    rng = random.Random(load.alerts * 31 + load.entities)
    now = 1_700_000_000.0
    for number in range(load.alerts):
        if load.mix == "unique":
            now += 0.01
            yield _alert(now, f"N{number % 997}", f"host-{number % load.entities}", number, rng)
        elif load.mix == "repeated":
            now += 0.01
            yield _alert(now, NAMES[number % 7], f"host-{rng.randrange(load.entities)}", number, rng)
        else:
            # A storm hits a few hosts within seconds, then there is quiet for longer than a cluster lives.
            place, storm = number % load.size, number // load.size
            now += 300.0 if place == 0 else min(0.2, 60.0 / load.size)
            entity = (storm * 7 + rng.randrange(5)) % load.entities
            yield _alert(now, rng.choice(NAMES), f"host-{entity}", number, rng)


def _alert(now: float, name: str, entity: str, number: int, rng: random.Random) -> Alert:
    labels = {"env": "prod", "region": "eu-1", "job": "node"}
    severity = SEVERITIES[rng.randrange(5)]
    text = f"{name} on {entity}"
    return Alert(
        ts=now, name=name, entity=entity, id=str(number), source="bench", severity=severity, message=text, labels=labels
    )


def _real(load: Load) -> Iterator[bytes]:
    folder = data_folder()
    if folder is None:
        return
    pattern = "simul-attacks.val-1*" if load.alerts < 100_000 else "simul-attacks.val-*"
    for path in sorted((folder / "ait-ads-a").glob(pattern)):
        yield from _file(path)


def _file(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as handle:
        for line in handle:
            yield line.rstrip()
