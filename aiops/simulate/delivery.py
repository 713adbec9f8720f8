"""What the way to the engine does to messages: clocks that are off, copies, losses."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec

from aiops.records import Alert, Change
from aiops.simulate.signals import SIGNALS

# Synchronised clocks are within a second or two; one tool of the site has a clock that nobody looks after.
SKEW_S = 1.5
BAD_SKEW_S = 12.0
LOST_SHARE = 0.02
COPIED_SHARE = 0.015
COPIES_MAX = 2


def deliver(messages: Iterable[Alert], changes: Iterable[Change], random: Random) -> list[Alert | Change]:
    """Messages as they arrive, by time: some lost, some copied exactly (same id), times by each tool's own clock."""
    skews = _skews(random)
    arrived: list[Alert] = []
    for message in messages:
        if random.random() < LOST_SHARE:
            continue
        skew_s = skews[message.source or ""]
        arrived.append(msgspec.structs.replace(message, ts=round(max(0.0, message.ts + skew_s), 3)))
    records: list[Alert | Change] = sorted([*arrived, *changes], key=_order)
    numbered: list[Alert | Change] = []
    for number, record in enumerate(records):
        record.id = f"{'c' if isinstance(record, Change) else 'a'}{number:06d}"
        numbered.append(record)
        if isinstance(record, Alert) and random.random() < COPIED_SHARE:
            numbered += [record] * random.randint(1, COPIES_MAX)
    return numbered


def _skews(random: Random) -> dict[str, float]:
    sources = sorted({signal.source for signal in SIGNALS.values()})
    skews = {source: random.uniform(-SKEW_S, SKEW_S) for source in sources}
    skews[random.choice(sources)] = random.choice((-1.0, 1.0)) * BAD_SKEW_S
    return skews


def _order(record: Alert | Change) -> tuple[float, str, str]:
    return record.ts, record.name, record.entity or ""
