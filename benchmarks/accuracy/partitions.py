"""Measure the grouping of a backlog by number of partitions: `python -m benchmarks.accuracy.partitions`.

The overlapping faults are written to topics of 1, 4 and 12 partitions of a real broker, by entity and in turn. The
source reads each topic from its beginning, and what it hands over is folded as it comes: with the partitions in the
order of time, and as the client brings them. The first rows are the file itself, without a broker: as it is, and with
the order of alerts of one time drawn anew, which nobody can know who reads several partitions.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.engine.config import EngineConfig
from aiops.ports import Received
from aiops.records import Alert
from aiops.records.decode import decode
from aiops.score import grouping
from aiops.testing.kafka_broker import KafkaBroker
from aiops.topology import Topology, load_topology
from benchmarks.data import available

PARTITIONS = (4, 12)
SYSTEMS = ("micross", "cloudbed-1")
STALL_S = 60.0
# A grouping is as good as that of one partition when the rest can be the order of alerts of one time: drawn anew, it
# moves F1 by .02; sorted by partition it is further from the file's than any draw.
TOLERANCE = 0.05
Spread = Callable[[int, Alert, int], int]


def by_entity(place: int, alert: Alert, partitions: int) -> int:
    """As a producer does that gives the entity as key."""
    return zlib.crc32((alert.entity or "").encode()) % partitions


def in_turn(place: int, alert: Alert, partitions: int) -> int:
    """As a producer does that gives no key."""
    return place % partitions


class KeepingInbox:
    """Keeps the ids in the order in which they are handed over."""

    def __init__(self, wanted: int) -> None:
        self.ids: list[str] = []
        self.done = threading.Event()
        self._wanted = wanted

    def put(self, received: Received, timeout_s: float) -> bool:
        self.ids += [record.id for record in received.records]
        if len(self.ids) >= self._wanted:
            self.done.set()
        return True


def write(bootstrap: str, alerts: Sequence[Alert], lines: Sequence[bytes], partitions: int, spread: Spread) -> str:
    """A new topic with all alerts; its name."""
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    topic = f"order-{partitions}-{spread.__name__}-{time.time_ns()}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, partitions, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=20)
    for place, (alert, line) in enumerate(zip(alerts, lines, strict=True)):
        producer.send(topic, line, partition=spread(place, alert, partitions))
    producer.flush()
    producer.close()
    return topic


def handed_over(bootstrap: str, topic: str, count: int, transport: str, in_time_order: bool) -> list[str]:
    """The ids of a topic in the order in which the source brings them."""
    from aiops_connectors.kafka.source import KafkaSource

    options: dict[str, Any] = {"bootstrap_servers": [bootstrap], "topics": [topic], "transport": transport}
    options |= {"in_time_order": in_time_order, "group_id": f"order-{time.time_ns()}"}
    source = KafkaSource("order", options)
    inbox = KeepingInbox(count)
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    if not inbox.done.wait(STALL_S):
        raise SystemExit(f"stalled at {len(inbox.ids)} of {count}: {source.health()['detail']}")
    source.stop()
    thread.join(STALL_S)
    return inbox.ids


def f1(alerts: Sequence[Alert], topology: Topology) -> float:
    """Pairwise F1 of the clusters that a fold with the defaults makes of the alerts in this order."""
    done = replay(alerts, build_engine(EngineConfig(), topology))
    return grouping(done.truths.labels, done.ledger.final_clusters()).pairwise_f1


def shuffled(alerts: Sequence[Alert], seed: int) -> list[Alert]:
    """The alerts with the order inside each time stamp drawn anew."""
    chance = random.Random(seed)
    keyed = [(alert.ts, chance.random(), place) for place, alert in enumerate(alerts)]
    return [alerts[place] for _, _, place in sorted(keyed)]


def late(alerts: Sequence[Alert]) -> float:
    """The mean of how far an alert is behind the newest before it, in seconds of record time."""
    newest, total = float("-inf"), 0.0
    for alert in alerts:
        newest = max(newest, alert.ts)
        total += newest - alert.ts
    return total / len(alerts)


def system(bootstrap: str, folder: Path, gap: int, transport: str) -> bool:
    """Print the rows of one system; whether all in the order of time are as good as one partition."""
    path = folder / f"overlay-{gap}.jsonl.gz"
    with gzip.open(path, "rb") as handle:
        lines = [line.rstrip(b"\n") for line in handle]
    alerts = [record for record in map(decode, lines) if isinstance(record, Alert)]
    by_id = {alert.id: alert for alert in alerts}
    topology = load_topology(folder / "topology.json")
    print(f"\n### {folder.name}, {gap} s, {len(alerts):,} alerts, {transport}\n")
    print("| partitions | F1 in order of time | seconds late | F1 as it comes | seconds late |\n|---|---|---|---|---|")
    print(f"| (the file) | {f1(alerts, topology):.3f} | {late(alerts):.1f} | | |", flush=True)
    drawn = ", ".join(f"{f1(shuffled(alerts, seed), topology):.3f}" for seed in range(3))
    print(f"| (the file, ties drawn anew) | {drawn} | 0.0 | | |", flush=True)
    found: dict[str, float] = {}
    layouts = [(1, in_turn), *((count, how) for count in PARTITIONS for how in (by_entity, in_turn))]
    for count, how in layouts:
        topic = write(bootstrap, alerts, lines, count, how)
        cells = []
        for ordered in (True, False):
            ids = handed_over(bootstrap, topic, len(alerts), transport, ordered)
            assert sorted(ids) == sorted(by_id), "not every alert came exactly once"
            read = [by_id[id] for id in ids]
            score = f1(read, topology)
            cells += [f"{score:.3f}", f"{late(read):.1f}"]
            if ordered:
                found[f"{count} {how.__name__}"] = score
        print(f"| {count} {how.__name__.replace('_', ' ')} | {' | '.join(cells)} |", flush=True)
    return min(found.values()) >= found["1 in_turn"] - TOLERANCE


def main() -> int:
    """Print all; return 1 where several partitions are worse than one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.partitions")
    parser.add_argument("--gap", type=int, default=300, choices=(120, 300))
    parser.add_argument("--transport", default="kafka-python", choices=("kafka-python", "librdkafka"))
    parser.add_argument("--system", action="append", choices=SYSTEMS)
    options = parser.parse_args()
    systems = options.system or SYSTEMS
    overlay = f"overlay-{options.gap}.jsonl.gz"
    data = available([f"microservice-faults/{name}/{overlay}" for name in systems])
    if data is None:
        return 0
    good = True
    with tempfile.TemporaryDirectory() as scratch, KafkaBroker(Path(scratch)) as broker:
        for name in systems:
            folder = data / "microservice-faults" / name
            if (folder / overlay).exists():
                good = system(broker.bootstrap, folder, options.gap, options.transport) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
