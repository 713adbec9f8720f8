"""`python -m benchmarks.throughput.kafka`: alerts a second from a real broker, the client alone beside the source.

Every measure runs in a process of its own, several times in turn, on one topic that was written before; the medians are
shown, with the processor time an alert of that process (the broker's is not in it, though it shares the machine). The
source hands over to an inbox that only counts: what the journal and the fold add is measured with the daemon.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from aiops.ports import Received
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import VARIABLE

TOPIC = "throughput"
REQUIRED_PER_S = 30_000
# Nothing has come for this long: something is broken, and the run must not hang.
STALL_S = 60.0


class Run(Struct):
    """One measurement: seconds on the clock and of processor time for `alerts` alerts."""

    alerts: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.alerts / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.alerts * 1e6


class Target(Struct):
    """What to read: where the broker is, and how many alerts its topic `TOPIC` holds."""

    bootstrap: str
    count: int


def client_kafka_python(target: Target) -> Run:
    """kafka-python by itself: `poll(500)` messages are counted and dropped."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=target.bootstrap, enable_auto_commit=False, max_poll_records=500)
    consumer.assign([TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC)])
    consumer.seek_to_beginning()
    run = _counted(target.count, lambda: sum(map(len, consumer.poll(200).values())))
    consumer.close()
    return run


def client_librdkafka(target: Target) -> Run:
    """confluent-kafka by itself: `consume(1000)`, counted and dropped."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": target.bootstrap, "group.id": "throughput", "enable.auto.commit": False})
    partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    consumer.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])
    run = _counted(target.count, lambda: len(consumer.consume(1000, 0.2)))
    consumer.close()
    return run


def source_kafka_python(target: Target) -> Run:
    """The source on kafka-python, into an inbox that counts."""
    return _source(target, "kafka-python")


def source_librdkafka(target: Target) -> Run:
    """The source on librdkafka, into an inbox that counts."""
    return _source(target, "librdkafka")


# A measure reads `TOPIC` from its beginning until it has `count` alerts. The daemon's end-to-end figure goes in here.
MEASURES: dict[str, Callable[[Target], Run]] = {
    "client kafka-python": client_kafka_python,
    "source kafka-python": source_kafka_python,
    "client librdkafka": client_librdkafka,
    "source librdkafka": source_librdkafka,
}


class CountingInbox:
    """Counts records; the clock runs from the first batch that comes, which is not counted, to the last."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.records = self.first = 0
        self.began = self.ended = self.cpu_began = self.cpu_ended = 0.0
        self.done = threading.Event()

    def put(self, received: Received, timeout_s: float) -> bool:
        self.records += len(received.records)
        if not self.first and received.records:
            self.first = self.records
            self.began, self.cpu_began = time.perf_counter(), time.process_time()
        if self.records >= self.wanted:
            self.ended, self.cpu_ended = time.perf_counter(), time.process_time()
            self.done.set()
        return True


def _source(target: Target, transport: str) -> Run:
    from aiops_connectors.kafka.source import KafkaSource

    options = {"bootstrap_servers": [target.bootstrap], "topics": [TOPIC], "transport": transport}
    source = KafkaSource("throughput", options | {"group_id": f"throughput-{time.time_ns()}"})
    inbox = CountingInbox(target.count)
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    if not inbox.done.wait(STALL_S):
        raise SystemExit(f"{transport}: stalled at {inbox.records} of {target.count}: {source.health()['detail']}")
    source.stop()
    thread.join(STALL_S)
    return Run(inbox.records - inbox.first, inbox.ended - inbox.began, inbox.cpu_ended - inbox.cpu_began)


def _counted(wanted: int, poll: Callable[[], int]) -> Run:
    deadline = time.monotonic() + STALL_S
    while not (first := poll()):
        _not_after(deadline)
    began, cpu_began, count = time.perf_counter(), time.process_time(), first
    while count < wanted:
        count += poll()
        _not_after(deadline)
    return Run(count - first, time.perf_counter() - began, time.process_time() - cpu_began)


def _not_after(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise SystemExit("stalled")


def alert(number: int) -> bytes:
    """An alert of about 600 bytes, as a monitoring tool sends it."""
    service, host = f"svc-{number % 97}", f"node-{number % 389}"
    labels = {
        "region": "eu-west-1",
        "cluster": "prod-7",
        "namespace": f"team-{number % 13}",
        "pod": f"{service}-{host}",
    }
    labels |= {
        "alertname": "HighLatency",
        "job": service,
        "instance": f"{host}:9100",
        "team": "payments",
        "env": "prod",
    }
    return msgspec.json.encode(
        {
            "kind": "alert",
            "ts": 1_767_225_600 + number / 100,
            "name": "HighLatency",
            "severity": "critical" if number % 7 == 0 else "warning",
            "service": service,
            "entity": host,
            "message": f"p99 of {service} on {host} is above 500 ms for 5 minutes (now {number % 900 + 500} ms)",
            "labels": labels,
            "url": f"https://monitoring.example/alerts/{number}",
        }
    )


def write(target: Target, partitions: int) -> None:
    """Create the topic and fill it."""
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=target.bootstrap)
    admin.create_topics([NewTopic(TOPIC, partitions, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=target.bootstrap, linger_ms=20, batch_size=256 << 10)
    for number in range(target.count):
        producer.send(TOPIC, alert(number), partition=number % partitions)
    producer.flush()
    producer.close()


def measured(target: Target, rounds: int) -> dict[str, list[Run]]:
    """All measures, in turn, `rounds` times."""
    runs: dict[str, list[Run]] = {name: [] for name in MEASURES}
    for _ in range(rounds):
        for name in MEASURES:
            command = [sys.executable, "-m", "benchmarks.throughput.kafka", "--measure", name]
            command += ["--bootstrap", target.bootstrap, "--alerts", str(target.count)]
            done = subprocess.run(command, check=True, capture_output=True)
            runs[name].append(msgspec.json.decode(done.stdout, type=Run))
    return runs


def table(runs: dict[str, list[Run]]) -> str:
    """The medians, and each rate as a share of its client's alone."""
    rates = {name: statistics.median(run.per_second for run in found) for name, found in runs.items()}
    lines = [f"{'measure':<24}{'alerts/s':>12}{'CPU µs/alert':>14}{'of the client':>15}"]
    for name, found in runs.items():
        alone = rates.get(f"client {name.split(' ', 1)[1]}", rates[name])
        cpu = statistics.median(run.cpu_us for run in found)
        lines.append(f"{name:<24}{rates[name]:>12,.0f}{cpu:>14.2f}{rates[name] / alone:>15.2f}")
    return "\n".join(lines)


def main() -> int:
    """Run all, or the one measure of a child process; return 1 when the required rate is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput.kafka", description=__doc__.split("\n")[0])
    parser.add_argument("--alerts", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=sorted(MEASURES), help=argparse.SUPPRESS)
    parser.add_argument("--bootstrap", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        run = MEASURES[options.measure](Target(options.bootstrap, options.alerts))
        sys.stdout.buffer.write(msgspec.json.encode(run))
        return 0
    return _all(options.alerts, options.partitions, options.rounds)


def _all(count: int, partitions: int, rounds: int) -> int:
    foreign = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as scratch:
        broker = None if foreign else KafkaBroker(Path(scratch))
        if broker is not None:
            broker.start()
        try:
            target = Target(foreign or (broker.bootstrap if broker else ""), count)
            write(target, partitions)
            runs = measured(target, rounds)
        finally:
            if broker is not None:
                broker.kill()
    print(f"{count:,} alerts of {len(alert(0))} bytes, {partitions} partitions, medians of {rounds}")
    print(table(runs))
    slowest = min(statistics.median(run.per_second for run in found) for found in runs.values())
    return 0 if slowest >= REQUIRED_PER_S else 1


if __name__ == "__main__":
    sys.exit(main())
