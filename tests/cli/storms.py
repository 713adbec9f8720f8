"""Alerts with labelled bursts, for tests of detectors."""

from __future__ import annotations

import random

from aiops.records import Alert, Truth


def storm(n: int = 4000, seed: int = 1, every: int = 400) -> list[Alert]:
    """Background of ten entities; in each second hour one entity has a labelled burst of many types."""
    source = random.Random(seed)
    ts = 1_700_000_000.0
    records: list[Alert] = []
    for i in range(n):
        ts += source.expovariate(1 / 20)
        entity = f"host-{source.randrange(10)}"
        records.append(Alert(ts=ts, name=f"check-{source.randrange(4)}", entity=entity, severity="warning"))
        if i % every == every - 1:
            records += [
                Alert(ts=ts + j / 10, name=f"odd-{j}", entity=entity, severity="critical", truth=Truth(f"i{i}"))
                for j in range(30)
            ]
            ts += 3
    return records
