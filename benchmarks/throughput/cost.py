"""Processor time of the fold, and of the floors on the same alerts in turn.

A neighbour on the machine, a lower clock or a colder cache then slows all of them alike, and their ratios say what is
the program's own. The floors forget what they decoded at once, as the fold does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct, field

from aiops.records import Alert, Record
from aiops.records.decode import decode
from benchmarks.throughput.generate import lines
from benchmarks.throughput.load import Load
from benchmarks.throughput.parts import BATCH, PART, engine, parts

T = TypeVar("T")
TENTHS = 10
# A group of equal labels is a new one after so many quiet seconds.
GROUP_QUIET_S = 300.0


class Cost(Struct):
    """CPU in µs an alert; `tenths` are the fold's means over tenths of the load, to see whether cost grows."""

    alerts: int = 0
    decode: float = 0.0
    decode_and_dict: float = 0.0
    label_grouping: float = 0.0
    fold: float = 0.0
    tenths: list[float] = field(default_factory=list)
    open_clusters: int = 0


class Grouping:
    """The least that a grouping tool does: one group for equal labels, a new one after five quiet minutes."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], tuple[float, int]] = {}
        self.opened = 0

    def take(self, records: Sequence[Record]) -> None:
        """Group decoded alerts."""
        groups = self.groups
        for alert in records:
            if type(alert) is not Alert:
                continue
            key = (alert.name, alert.entity, tuple(sorted(alert.labels.items())))
            last, group = groups.get(key, (-1e18, 0))
            if alert.ts - last > GROUP_QUIET_S:
                self.opened += 1
                group = self.opened
            groups[key] = (alert.ts, group)


class Counts:
    """Decoding and one update of a dict: what any state costs at least."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str | None], int] = {}

    def take(self, raw: Sequence[bytes]) -> None:
        """Decode alerts and count them by name and entity."""
        seen = self.seen
        for line in raw:
            alert = decode(line)
            if type(alert) is Alert:
                key = (alert.name, alert.entity)
                seen[key] = seen.get(key, 0) + 1


def cost(load: Load) -> Cost:
    """All floors and the fold over one load; no alerts where its data is not there."""
    row, folder, grouping, counts = Cost(), engine(load), Grouping(), Counts()
    spent = dict.fromkeys(("decode", "decode_and_dict", "label_grouping"), 0.0)
    folds: list[tuple[int, float]] = []
    for raw in parts(lines(load), PART):
        spent["decode"] += _cpu_s(_decode, raw)
        spent["decode_and_dict"] += _cpu_s(counts.take, raw)
        records = [decode(line) for line in raw]
        spent["label_grouping"] += _cpu_s(grouping.take, records)
        for batch in parts(records, BATCH):
            folds.append((len(batch), _cpu_s(folder.step, batch)))
        row.alerts += len(raw)
    if row.alerts:
        for name, seconds in spent.items():
            setattr(row, name, round(seconds / row.alerts * 1e6, 3))
        row.fold = round(sum(seconds for _, seconds in folds) / row.alerts * 1e6, 3)
        row.tenths = _tenths(folds)
        row.open_clusters = len(folder.clusters.by_number)
    return row


def _decode(raw: Sequence[bytes]) -> None:
    for line in raw:
        decode(line)


def _cpu_s(work: Callable[[Sequence[T]], object], part: Sequence[T]) -> float:
    started = time.process_time()
    work(part)
    return time.process_time() - started


def _tenths(folds: Sequence[tuple[int, float]]) -> list[float]:
    """Means of ten parts of the batches, in µs an alert; fewer where there are fewer batches."""
    count = min(TENTHS, len(folds))
    found = []
    for number in range(count):
        part = folds[number * len(folds) // count : (number + 1) * len(folds) // count]
        found.append(round(sum(seconds for _, seconds in part) / sum(alerts for alerts, _ in part) * 1e6, 2))
    return found
