"""One load through the floors and the fold, in its own process: `python -m benchmarks.throughput.measure N`."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct, field

from aiops.daemon.collector import settle
from aiops.engine.config import EngineConfig
from aiops.engine.fold import Engine
from aiops.records import Alert, Record
from aiops.records.decode import decode
from benchmarks.throughput.load import LARGE, LOADS, Load, lines

BATCH = 1_000
# Every so many-th alert is timed alone; the clock itself costs about .1 µs.
SAMPLED = 5


class Row(Struct):
    """CPU in µs an alert; `tenths` are the fold's means over tenths of the load, to see whether cost grows."""

    name: str
    alerts: int
    decode: float = 0.0
    decode_and_dict: float = 0.0
    label_grouping: float = 0.0
    fold: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    p999: float = 0.0
    tenths: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    clusters: int = 0
    incidents: int = 0


def measure(load: Load) -> Row | None:
    """All figures of one load; None when its data is not there."""
    raw = list(lines(load))
    if not raw:
        return None
    row = Row(load.name, len(raw))
    _floors(raw, row)
    records = _decode(raw)
    raw.clear()
    row.label_grouping = _cpu(lambda: _group_by_labels(records), len(records))
    _fold(records, row)
    _latency(records, row)
    return row


def _floors(raw: Sequence[bytes], row: Row) -> None:
    row.decode = _cpu(lambda: _decode(raw), len(raw))
    row.decode_and_dict = _cpu(lambda: _count(raw), len(raw))


def _cpu(work: Callable[[], object], count: int) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) / count * 1e6


def _decode(raw: Sequence[bytes]) -> list[Record]:
    return [decode(line) for line in raw]


def _count(raw: Sequence[bytes]) -> dict[tuple[str, str | None], int]:
    seen: dict[tuple[str, str | None], int] = {}
    for line in raw:
        alert = decode(line)
        assert isinstance(alert, Alert)
        key = (alert.name, alert.entity)
        seen[key] = seen.get(key, 0) + 1
    return seen


def _group_by_labels(records: Sequence[Record]) -> int:
    """The least that a grouping tool does: one group for equal labels, a new one after five quiet minutes."""
    groups: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], tuple[float, int]] = {}
    opened = 0
    for alert in records:
        assert isinstance(alert, Alert)
        key = (alert.name, alert.entity, tuple(sorted(alert.labels.items())))
        last, group = groups.get(key, (-1e18, 0))
        if alert.ts - last > 300.0:
            opened += 1
            group = opened
        groups[key] = (alert.ts, group)
    return opened


def _fold(records: Sequence[Record], row: Row) -> None:
    engine = Engine(EngineConfig())
    settle()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tenth = max(1, len(records) // 10)
    total = time.process_time()
    for start in range(0, len(records), tenth):
        started = time.process_time()
        part = records[start : start + tenth]
        for at in range(0, len(part), BATCH):
            engine.step(part[at : at + BATCH])
        row.tenths.append(round((time.process_time() - started) / len(part) * 1e6, 2))
    row.fold = (time.process_time() - total) / len(records) * 1e6
    row.peak_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    row.clusters = len(engine.clusters.by_number)
    row.incidents = len(engine.incidents.by_id)


def _latency(records: Sequence[Record], row: Row) -> None:
    engine = Engine(EngineConfig())
    clock = time.perf_counter_ns
    spent: list[int] = []
    for number, record in enumerate(records):
        if number % SAMPLED:
            engine.step((record,))
            continue
        started = clock()
        engine.step((record,))
        spent.append(clock() - started)
    spent.sort()
    row.p50, row.p99, row.p999 = (spent[int(len(spent) * share)] / 1e3 for share in (0.5, 0.99, 0.999))


def main() -> None:
    """Measure the load with the number given and print it as JSON."""
    row = measure((*LOADS, *LARGE)[int(sys.argv[1])])
    sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")


if __name__ == "__main__":
    main()
