"""Alerts a second from a real broker through the whole daemon, beside the client alone in the same run.

    python -m benchmarks.throughput.daemon_kafka [--rounds 3] [--alerts 100000]

Broker, journal (each frame synced), fold and store (each transaction synced) as they ship, in a process of its own for
each measure; the broker shares the machine. The clock runs from the first batch, which is not counted, until the last
alert's decision is in the store. Loads are those of the fold's benchmark, one topic each, written before. Stages are
seconds of the pump's thread on the clock; `source` is the processor time of the thread that polls and decodes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_jars import BrokerUnavailable
from benchmarks.throughput import kafka as bare
from benchmarks.throughput.generate import lines
from benchmarks.throughput.load import Load

REQUIRED_PER_S = 30_000
STALL_S = 120.0
TRANSPORTS = ("kafka-python", "librdkafka")
STAGES = ("admit", "journal", "fold", "store")


def loads(alerts: int) -> dict[str, Load]:
    """What is sent, by topic; real alerts where they are."""
    return {
        "repeated": Load("repeated, 100 entities", "repeated", alerts, 100),
        "storm": Load("storms of 100", "storm", alerts, 1_000, 100),
        "real": Load("real, ait-ads-a val-1", "real", 90_864, files="ait-ads-a/simul-attacks.val-1.jsonl.gz"),
    }


class Row(Struct):
    """One measurement. `stages`: seconds by name; `records` were in the frames."""

    alerts: int
    seconds: float
    cpu_seconds: float
    stages: dict[str, float] = field(default_factory=dict)
    frames: int = 0

    @property
    def per_second(self) -> float:
        """Alerts a second."""
        return self.alerts / self.seconds


class _Timed:
    """An engine whose `step` is timed: nothing can be set on one that is compiled."""

    def __init__(self, engine: Any, step: Callable[..., Any]) -> None:
        self._engine = engine
        self.step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class Watch:
    """Times the stages of a pump by wrapping them, and knows when all alerts have gone through."""

    def __init__(self, daemon: Any, count: int) -> None:
        self.stages = dict.fromkeys(STAGES, 0.0)
        self.done = threading.Event()
        self.first = self.alerts = self.frames = 0
        self.began = self.ended = self.cpu_began = self.cpu_ended = 0.0
        self._count = count
        pump = daemon.pump
        pump._admit = self._timed("admit", pump._admit)
        pump._journal = self._timed("journal", pump._journal)
        self._engine = pump.engine
        pump.processor.engine = _Timed(pump.engine, self._timed("fold", pump.engine.step))
        pump._write_store = self._timed("store", pump._write_store)
        self._commit = pump._commit
        pump._commit = self._round

    def _timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            started = time.perf_counter()
            try:
                return work(*args)
            finally:
                self.stages[name] += time.perf_counter() - started

        return timed

    def _round(self, taken: Any) -> None:
        self._commit(taken)
        self.alerts = self._engine.placer.alerts
        if self.first == 0 and self.alerts:
            self.first = self.alerts
            self.began, self.cpu_began = time.perf_counter(), time.process_time()
            self.stages = dict.fromkeys(STAGES, 0.0)
        elif taken:
            self.frames += 1
            self.ended, self.cpu_ended = time.perf_counter(), time.process_time()
        if self.alerts >= self._count:
            self.done.set()


def daemon(bootstrap: str, topic: str, count: int, transport: str) -> Row:
    """The daemon on a topic, from its beginning until `count` alerts are decided."""
    from aiops.app.build import build
    from aiops.config import Config, HttpConfig, SourceConfig, StateConfig
    from aiops.daemon.gc_tuning import settle

    options = {"bootstrap_servers": [bootstrap], "topics": [topic], "transport": transport}
    options["group_id"] = f"bench-{time.time_ns()}"
    with tempfile.TemporaryDirectory() as state:
        config = Config(
            state=StateConfig(state), http=HttpConfig(enabled=False), sources=[SourceConfig("kafka", "kafka", options)]
        )
        host = build(config)
        watch = Watch(host, count)
        # As `aiops run` does.
        settle()
        host.start()
        if not watch.done.wait(STALL_S):
            raise SystemExit(f"{transport}: stalled at {watch.alerts} of {count}: {host.health()}")
        thread = next(thread for thread in threading.enumerate() if thread.name == "source kafka")
        watch.stages["source"] = time.clock_gettime(time.pthread_getcpuclockid(thread.ident or 0))
        host.stop()
    cpu = watch.cpu_ended - watch.cpu_began
    return Row(watch.alerts - watch.first, watch.ended - watch.began, cpu, watch.stages, watch.frames)


def client(bootstrap: str, topic: str, count: int, transport: str) -> Row:
    """The client alone."""
    bare.TOPIC = topic
    target = bare.Target(bootstrap, count)
    run = bare.client_kafka_python(target) if transport == "kafka-python" else bare.client_librdkafka(target)
    return Row(run.alerts, run.seconds, run.cpu_seconds)


def write(bootstrap: str, topic: str, load: Load) -> int:
    """Create and fill a topic of one partition; the number of alerts, 0 where the data is not there."""
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, batch_size=256 << 10)
    count = 0
    for line in lines(load):
        producer.send(topic, line)
        count += 1
    producer.flush()
    producer.close()
    return count


def measured(bootstrap: str, topic: str, count: int, rounds: int) -> dict[str, list[Row]]:
    """All measures of a topic, in turn."""
    rows: dict[str, list[Row]] = {f"{what} {how}": [] for how in TRANSPORTS for what in ("client", "daemon")}
    for _ in range(rounds):
        for name, found in rows.items():
            command = [sys.executable, "-m", "benchmarks.throughput.daemon_kafka", "--measure", name]
            command += ["--bootstrap", bootstrap, "--topic", topic, "--alerts", str(count)]
            done = subprocess.run(command, capture_output=True)
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr.decode(errors='replace').strip()}")
            found.append(msgspec.json.decode(done.stdout, type=Row))
    return rows


def table(load: Load, rows: dict[str, list[Row]]) -> str:
    """The median runs of a load as Markdown."""
    names = (*STAGES, "source")
    text = [
        f"### {load.name}",
        "",
        f"| measure | alerts/s | of the client | CPU µs an alert | {' | '.join(f'{name} µs' for name in names)} |",
        "|---|---|---|---|" + "---|" * len(names),
    ]
    for name, found in rows.items():
        alone = statistics.median(row.per_second for row in rows[f"client {name.split(' ', 1)[1]}"])
        row = sorted(found, key=lambda each: each.per_second)[len(found) // 2]
        each_us = [f"{row.stages[stage] / row.alerts * 1e6:.1f}" if row.stages else "-" for stage in names]
        cpu = row.cpu_seconds / row.alerts * 1e6
        share = row.per_second / alone
        text.append(f"| {name} | {row.per_second:,.0f} | {share:.2f} | {cpu:.1f} | {' | '.join(each_us)} |")
    return "\n".join(text)


def main() -> int:
    """Run all, or the one measure of a child process; 1 where the daemon is too slow, 0 also without a broker."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput.daemon_kafka")
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="only this topic: repeated, storm or real")
    parser.add_argument("--json", type=Path, help="write all rounds as JSON")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--bootstrap", help=argparse.SUPPRESS)
    parser.add_argument("--topic", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, transport = options.measure.split(" ")
        work = daemon if what == "daemon" else client
        sys.stdout.buffer.write(msgspec.json.encode(work(options.bootstrap, options.topic, options.alerts, transport)))
        return 0
    try:
        with tempfile.TemporaryDirectory() as scratch, KafkaBroker(Path(scratch)) as broker:
            found = _all(broker.bootstrap, options.alerts, options.rounds, options.only)
    except BrokerUnavailable as error:
        sys.stderr.write(f"skipped: {error}\n")
        return 0
    if options.json:
        options.json.write_bytes(msgspec.json.encode(found))
    daemons = [rows for load in found.values() for name, rows in load.items() if name.startswith("daemon")]
    slowest = min((statistics.median(row.per_second for row in rows) for rows in daemons), default=float("inf"))
    return 0 if slowest >= REQUIRED_PER_S else 1


def _all(bootstrap: str, alerts: int, rounds: int, only: str | None) -> dict[str, dict[str, list[Row]]]:
    found: dict[str, dict[str, list[Row]]] = {}
    for topic, load in loads(alerts).items():
        if only and topic != only:
            continue
        count = write(bootstrap, topic, load)
        if count == 0:
            sys.stderr.write(f"{load.name}: skipped, the measuring data is not here (AIOPS_DATA)\n")
            continue
        found[load.name] = rows = measured(bootstrap, topic, count, rounds)
        print(table(load, rows) + "\n", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
