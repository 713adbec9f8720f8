"""The delivery of messages to the engine: wrong clocks, copies, losses."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec

from aiops.records import Action, Alert, Change
from aiops.simulate.signals import SIGNALS

# Synchronised clocks are within a second or two. One tool of the site has a neglected clock.
SKEW_S = 1.5
BAD_SKEW_S = 12.0
LOST_SHARE = 0.02
COPIED_SHARE = 0.015
COPIES_MAX = 2
_PREFIXES = {Alert: "a", Change: "c", Action: "o"}


Sent = Alert | Change | Action


def deliver(messages: Iterable[Alert], others: Iterable[Change | Action], random: Random) -> list[Sent]:
    """Return the messages by arrival, some lost, some copied.

    Copies are exact (same id). Timestamps follow each tool's own clock.
    """
    skews = _skews(random)
    arrived: list[Alert] = []
    for message in messages:
        if random.random() < LOST_SHARE:
            continue
        skew_s = skews[message.source or ""]
        arrived.append(msgspec.structs.replace(message, ts=round(max(0.0, message.ts + skew_s), 3)))
    numbered: list[Sent] = []
    for number, record in enumerate(sorted([*arrived, *others], key=_order)):
        record.id = f"{_PREFIXES[type(record)]}{number:06d}"
        numbered.append(record)
        if isinstance(record, Alert) and random.random() < COPIED_SHARE:
            numbered += [record] * random.randint(1, COPIES_MAX)
    return numbered


def _skews(random: Random) -> dict[str, float]:
    sources = sorted({signal.source for signal in SIGNALS.values()})
    skews = {source: random.uniform(-SKEW_S, SKEW_S) for source in sources}
    skews[random.choice(sources)] = random.choice((-1.0, 1.0)) * BAD_SKEW_S
    return skews


def _order(record: Sent) -> tuple[float, str, str]:
    return record.ts, record.verb if isinstance(record, Action) else record.name, record.entity or ""
