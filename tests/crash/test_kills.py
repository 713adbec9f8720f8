"""Kill the daemon, again and again, at any moment under load: nothing is lost, nobody is told twice.

Alerts come over HTTP (posted again until success is answered) and, where there is a broker, from Kafka. The receiver
of the notifications fails sometimes, and sometimes takes a message without being able to say so.

    AIOPS_CRASH_KILLS   how often to kill (default 50)
    AIOPS_CRASH_SEED    another seed is another run
"""

from __future__ import annotations

import collections
import http.client
import os
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.app.engine import build_engine
from aiops.config import load_config
from aiops.journal import frames, read
from aiops.records import Alert
from aiops.store.outbox import row_key
from aiops.testing.daemon_process import DaemonProcess, Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.topology import Topology
from tests.crash.shown import check_shown

KILLS = int(os.environ.get("AIOPS_CRASH_KILLS", "50"))
SEED = int(os.environ.get("AIOPS_CRASH_SEED", "1"))
# The longest that a daemon lives; most kills come while it still starts, catches up or delivers.
LIFE_S = 1.3
BATCH = 15
# How long one fault and the pause after it take.
FAULT_S = 5.0
DEADLINE_S = 120.0

CONFIG = """
[state]
directory = "{state}"
[journal]
segment_bytes = 65536
[snapshot]
fold_s = 0.05
max_share = 1.0
[dedup]
quiet_s = 4.0
stale_s = 6.0
flap_calm_s = 3.0
[correlate]
sensitivity = 0.2
idle_s = 1.0
[incidents]
resolve_after_s = 3.0
reopen_s = 6.0
rank_after_s = 1.0
rank_at_most_every_s = 2.0
lone_warning_s = 5.0
[http]
port = {port}
[[endpoints]]
name = "pager"
type = "webhook"
settle_s = {{critical = 0, high = 0, warning = 0.2}}
update_every_s = 1
rate_per_s = 1000
burst = 1000
options = {{url = "{url}", allow_private = true, timeout_s = 5}}
"""
KAFKA = """
[[sources]]
name = "topic"
type = "kafka"
[sources.options]
bootstrap_servers = ["{bootstrap}"]
topics = ["{topic}"]
group_id = "{topic}"
group_instance_id = "one"
session_timeout_s = 6.0
poll_timeout_s = 0.05
commit_interval_s = 0.3
"""


class Flaky(Receiver):
    """Refuses some messages, and cuts the connection after having taken some."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self._lock = threading.Lock()
        self.is_well = False

    def next_reply(self) -> Reply:
        with self._lock:
            fate = self._chance.random()
        if self.is_well or fate > 0.25:
            return Reply(202)
        return Reply(cut="before") if fate < 0.1 else Reply(503)


class Load:
    """Alerts of faults that come and go, each with an id of its own."""

    def __init__(self, prefix: str, chance: random.Random) -> None:
        self._prefix = prefix
        self._chance = chance
        self.ids: list[str] = []

    def batch(self) -> list[Alert]:
        # A fault of some seconds on one site, a pause, then the next.
        site = int(time.monotonic() / FAULT_S) % 7
        while time.monotonic() % FAULT_S > FAULT_S / 2:
            time.sleep(0.02)
        batch = []
        for _ in range(BATCH):
            entity = f"{self._prefix}-site{site}-node{self._chance.randrange(4)}"
            id = f"{self._prefix}{len(self.ids)}"
            self.ids.append(id)
            batch.append(
                Alert(
                    ts=time.time(),
                    id=id,
                    name=self._chance.choice(["DiskFull", "HighLatency", "PodCrash", "QueueGrows"]),
                    entity=entity,
                    service=f"{self._prefix}-site{site}",
                    severity=self._chance.choice(["warning", "high", "critical"]),
                    status=self._chance.choice(["firing", "firing", "resolved"]),
                )
            )
        return batch


def post_until_taken(port: int, load: Load, stop: threading.Event, told: collections.Counter[str]) -> None:
    """Post batch after batch; each again until the daemon says that it has it."""
    while not stop.is_set():
        body = b"\n".join(msgspec.json.encode(alert) for alert in load.batch())
        while not _posted(port, body, told):
            time.sleep(0.02)
        time.sleep(0.03)


def _posted(port: int, body: bytes, told: collections.Counter[str]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("POST", "/ingest/archive", body, {"content-type": "application/x-ndjson"})
        with connection.getresponse() as answer:
            # Read to the end, or the socket outlives the connection.
            answer.read()
            status = answer.status
    except (OSError, http.client.HTTPException):
        told["no answer"] += 1
        return False
    finally:
        connection.close()
    told[str(status)] += 1
    assert status in (200, 503), status
    return status == 200


def produce(producer: Any, topic: str, load: Load, stop: threading.Event) -> None:
    """Produce batch after batch, and wait for the broker to have it."""
    while not stop.is_set():
        batch = load.batch()
        for future in [producer.send(topic, msgspec.json.encode(alert)) for alert in batch]:
            future.get(DEADLINE_S)
        time.sleep(0.05)


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, str] | None]:
    """A broker, a producer and a topic; None where there is no broker."""
    try:
        broker = request.getfixturevalue("kafka_broker")
    except pytest.skip.Exception:
        yield None
        return
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    name = f"crash-{os.getpid()}-{time.monotonic_ns()}"
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics([NewTopic(name, 3, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True)
    # A static member that joins before the topic is known everywhere is given nothing, and keeps that over restarts.
    until(lambda: len(producer.partitions_for(name) or ()) == 3, "the topic to be there")
    yield broker, producer, name
    producer.close(timeout=5)


class Trial:
    """One run: a state directory, a load, a receiver, and what must hold in the end."""

    def __init__(self, tmp_path: Path, receiver: Flaky, topic: tuple[Any, Any, str] | None) -> None:
        self.state = tmp_path / "state"
        self.path = tmp_path / "aiops.toml"
        self.receiver = receiver
        self.chance = random.Random(SEED)
        self.port = _free_port()
        text = CONFIG.format(state=self.state, port=self.port, url=f"{receiver.url}/alerts")
        self.http = Load("h", random.Random(SEED + 1))
        self.kafka = Load("k", random.Random(SEED + 2))
        self.told: collections.Counter[str] = collections.Counter()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=post_until_taken, args=(self.port, self.http, self._stop, self.told), daemon=True)
        ]
        if topic is not None:
            text += KAFKA.format(bootstrap=topic[0].bootstrap, topic=topic[2])
            thread = threading.Thread(target=produce, args=(*topic[1:], self.kafka, self._stop), daemon=True)
            self._threads.append(thread)
        self.path.write_text(text)

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, daemon: DaemonProcess) -> None:
        """No more load, no more faults: wait until everything has arrived and everybody was told."""
        self._stop.set()
        self.receiver.is_well = True
        for thread in self._threads:
            thread.join(DEADLINE_S)
            assert not thread.is_alive(), "a batch was never taken"
        until(lambda: self._arrived() >= {*self.http.ids, *self.kafka.ids}, "all alerts to be in the journal")
        # Silence ends what is open; the last notifications follow.
        until(lambda: self._open() == 0 and self._due() == 0, "all incidents to end and the outbox to be empty")
        health = daemon.health()
        assert health["status"] == "ok"
        assert health["conserved"]
        assert daemon.stop() == 0

    def _arrived(self) -> set[str]:
        return {record.id for record in read(self.state / "journal") if isinstance(record, Alert)}

    def _open(self) -> int:
        return int(self._ask("select count(*) from incidents where status in ('open', 'acknowledged')")[0][0])

    def _due(self) -> int:
        return int(self._ask("select count(*) from outbox where state = 'due'")[0][0])

    def _ask(self, query: str) -> list[Any]:
        connection = sqlite3.connect(f"{(self.state / 'aiops.db').as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def check(self, kills: int) -> str:
        """All promises; a line about the run."""
        self._check_nothing_is_lost()
        changes = self._check_incidents()
        repeats = self._check_notifications(kills)
        http, kafka = len(self.http.ids), len(self.kafka.ids)
        incidents = len(self._ask("select id from incidents"))
        return (
            f"{kills} kills; {http} alerts over HTTP {dict(self.told)}, {kafka} from Kafka; "
            f"{changes} changes of {incidents} incidents; "
            f"{len(self.receiver.requests)} requests to the receiver, {repeats} of them repeats"
        )

    def _check_nothing_is_lost(self) -> None:
        arrived = collections.Counter(record.id for record in read(self.state / "journal") if isinstance(record, Alert))
        assert set(arrived) == {*self.http.ids, *self.kafka.ids}
        # Offsets are in the frame of their records: what comes from Kafka comes once.
        assert [id for id in self.kafka.ids if arrived[id] != 1] == []
        expected = 0
        for frame in frames(self.state / "journal"):
            assert frame.first_seq == expected
            expected = frame.next_seq

    def _check_incidents(self) -> int:
        engine = build_engine(load_config(self.path), Topology())
        rows = self._ask("select id, body, seq from incidents")
        changes = check_shown(engine, read(self.state / "journal"), rows)
        assert self._ask("select incident, version from audit where topic = 'incident' order by number") == changes
        assert rows
        return len(changes)

    def _check_notifications(self, kills: int) -> int:
        keys: dict[tuple[str, int], set[str]] = collections.defaultdict(set)
        changes: dict[str, set[tuple[str, int, str]]] = collections.defaultdict(set)
        for request in self.receiver.requests:
            event = msgspec.json.decode(request.body)
            assert request.headers["webhook-id"] == event["id"]
            data = event["data"]
            keys[event["subject"], data["version"]].add(event["id"])
            changes[event["id"]].add((event["subject"], data["version"], data["change"]))
        for (incident, version), found in keys.items():
            assert found == {row_key("pager", incident, version)}
        assert all(len(told) == 1 for told in changes.values())
        rows = self._ask("select key, state, change, incident from outbox")
        # What opened in the very last moment waits for the next start.
        assert {state for _, state, _, _ in rows} <= {"sent", "superseded", "due"}
        assert sum(state == "due" for _, state, _, _ in rows) <= 3
        assert {key for key, state, _, _ in rows if state == "sent"} <= set(changes)
        opened = [incident for _, state, change, incident in rows if change == "opened" and state == "sent"]
        assert len(opened) == len(set(opened))
        return len(self.receiver.requests) - len(changes)


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for a real process; fail, saying what for."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


def _free_port() -> int:
    """A port that is free and stays so while the daemon is dead: below those that the system hands out by itself."""
    for port in random.sample(range(15_000, 30_000), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


@pytest.fixture
def flaky() -> Iterator[Flaky]:
    with receiving(Flaky(random.Random(SEED + 3))) as receiver:
        assert isinstance(receiver, Flaky)
        yield receiver


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.timeout(1_200 + 15 * KILLS)
def test_kill_it_at_any_moment(tmp_path: Path, flaky: Flaky, topic: tuple[Any, Any, str] | None) -> None:
    trial = Trial(tmp_path, flaky, topic)
    with Hatchery(tmp_path / "daemon.log") as hatchery:
        trial.begin()
        for _ in range(KILLS):
            daemon = hatchery.start(trial.path, trial.state)
            time.sleep(trial.chance.uniform(0.05, LIFE_S))
            daemon.kill()
        daemon = hatchery.start(trial.path, trial.state)
        daemon.wait_ready()
        trial.finish(daemon)
    print(trial.check(KILLS))


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.needs("durable")
@pytest.mark.timeout(1_200)
def test_kill_the_broker(tmp_path: Path, flaky: Flaky, kafka: Any, topic: tuple[Any, Any, str]) -> None:
    trial = Trial(tmp_path, flaky, topic)
    with Hatchery(tmp_path / "daemon.log") as hatchery:
        trial.begin()
        daemon = hatchery.start(trial.path, trial.state)
        daemon.wait_ready()
        time.sleep(trial.chance.uniform(0.5, 1.5))
        kafka.restart()
        time.sleep(trial.chance.uniform(0.5, 1.5))
        daemon.kill()
        daemon = hatchery.start(trial.path, trial.state)
        daemon.wait_ready()
        trial.finish(daemon)
    print(trial.check(1))
