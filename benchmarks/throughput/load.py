"""The loads that the fold is measured on; `generate.py` makes their alerts."""

from __future__ import annotations

import msgspec
from msgspec import Struct

# A scaled load keeps at least this many alerts: fewer say nothing about a percentile.
MIN_ALERTS = 1_000


class Load(Struct, frozen=True):
    """A load.

    `mix` is unique, repeated, storm, simulated (`aiops simulate`) or real; `entities` and `size` (alerts a storm) shape
    the generated ones. `graph`: with a topology. `service`: alerts name their service. `resolved`: each firing is
    followed by its end. `late_s`: alerts come up to so many seconds out of order. `models`: with cause ranking and
    playbook suggestion, else without. `files`: the real ones, below the data folder.
    """

    name: str
    mix: str
    alerts: int
    entities: int = 1
    size: int = 1
    graph: bool = False
    service: bool = False
    resolved: bool = False
    late_s: float = 0.0
    models: bool = False
    files: str = ""


# The same mixes over four orders of magnitude of alerts, entities and incident sizes.
LOADS = (
    Load("unique 10^4", "unique", 10_000, 10_000),
    Load("unique 10^5", "unique", 100_000, 100_000),
    Load("repeated, 1 entity", "repeated", 100_000, 1),
    Load("repeated, 100 entities", "repeated", 100_000, 100),
    Load("repeated, 10^4 entities", "repeated", 100_000, 10_000),
    Load("repeated, 10^5 entities", "repeated", 200_000, 100_000),
    Load("fired and resolved, 10^3 entities", "repeated", 100_000, 1_000, resolved=True),
    Load("lone alerts", "storm", 20_000, 1_000, 1),
    Load("storms of 10", "storm", 100_000, 1_000, 10),
    Load("storms of 100", "storm", 100_000, 1_000, 100),
    Load("storms of 10^3", "storm", 100_000, 1_000, 1_000),
    Load("storms of 10^4", "storm", 100_000, 1_000, 10_000),
    Load("storms of 100, up to 30 s late", "storm", 100_000, 1_000, 100, late_s=30.0),
    Load("storms of 100, fired and resolved", "storm", 100_000, 1_000, 100, resolved=True),
    Load("storms of 100, ten places", "storm", 100_000, 70, 100),
    Load("storms of 100, services named", "storm", 100_000, 1_000, 100, service=True),
    Load("storms of 100, topology", "storm", 100_000, 1_000, 100, graph=True),
    Load("storms of 10^3, topology", "storm", 100_000, 1_000, 1_000, graph=True),
    Load("storms of 100, topology, all models", "storm", 20_000, 1_000, 100, graph=True, models=True),
    Load("simulated site of 300 services", "simulated", 50_000, 300, graph=True),
    Load("real, ait-ads-a val-1", "real", 90_864, files="ait-ads-a/simul-attacks.val-1.jsonl.gz"),
    Load("real, ait-ads-a all val", "real", 645_178, files="ait-ads-a/simul-attacks.val-*.jsonl.gz"),
    Load("real, micross 120 s", "real", 5_236, graph=True, files="microservice-faults/micross/overlay-120.jsonl.gz"),
    Load(
        "real, cloudbed-1 120 s",
        "real",
        18_779,
        graph=True,
        files="microservice-faults/cloudbed-1/overlay-120.jsonl.gz",
    ),
    Load(
        "real, micross 120 s, all models",
        "real",
        5_236,
        graph=True,
        models=True,
        files="microservice-faults/micross/overlay-120.jsonl.gz",
    ),
)
# A quarter of an hour each, and more: only where they are asked for.
LARGE = (
    Load("unique 10^6", "unique", 1_000_000, 100_000),
    Load("storms of 100, 10^6", "storm", 1_000_000, 10_000, 100),
    Load("repeated, 10^7", "repeated", 10_000_000, 1_000),
)


def find(name: str, scale: float = 1.0) -> Load:
    """The load of that name; with a `scale` below 1 so much shorter."""
    load = next(load for load in (*LOADS, *LARGE) if load.name == name)
    alerts = max(min(MIN_ALERTS, load.alerts), int(load.alerts * scale))
    return load if scale == 1.0 else msgspec.structs.replace(load, alerts=alerts)
