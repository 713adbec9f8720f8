"""Two daemons in one consumer group, killed again and again: over both, nothing is lost.

Each has a state directory of its own and tells a receiver of its own. What one had read and not yet committed when it
was killed, the other reads again; nothing else is read twice, and neither reads anything twice itself.

    AIOPS_CRASH_GROUP_KILLS   how often to kill one of them (default 6); the last one is not started again
    AIOPS_CRASH_SEED          another seed is another run
"""

from __future__ import annotations

import collections
import os
import random
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
from aiops.errors import UsageError
from aiops.journal import frames
from aiops.records import Alert
from aiops.store.outbox import row_key
from aiops.testing.daemon_process import DaemonProcess, Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.topology import Topology
from tests.crash.shown import check_shown

KILLS = int(os.environ.get("AIOPS_CRASH_GROUP_KILLS", "6"))
SEED = int(os.environ.get("AIOPS_CRASH_SEED", "1"))
PARTITIONS = 4
BATCH = 15
PAUSE_S = 0.05
SESSION_S = 1.5
DEADLINE_S = 120.0
NAMES = ("one", "two")
# A member is noticed to be gone after its session; what waited until then comes at once, between two commits.
MOST_REPEATS_A_KILL = int(BATCH / PAUSE_S * 4 * SESSION_S)

CONFIG = """
[state]
directory = "{state}"
[snapshot]
fold_s = 0.05
max_share = 1.0
[dedup]
quiet_s = 4.0
stale_s = 6.0
flap_calm_s = 3.0
[correlate]
idle_s = 1.0
[incidents]
resolve_after_s = 3.0
reopen_s = 6.0
rank_after_s = 1.0
lone_warning_s = 5.0
[http]
port = 0
[[endpoints]]
name = "pager"
type = "webhook"
settle_s = {{critical = 0, high = 0, warning = 0.2}}
update_every_s = 1
rate_per_s = 1000
burst = 1000
options = {{url = "{url}", allow_private = true, timeout_s = 5}}
[[sources]]
name = "topic"
type = "kafka"
[sources.options]
bootstrap_servers = ["{bootstrap}"]
topics = ["{topic}"]
group_id = "{topic}"
session_timeout_s = {session}
poll_timeout_s = 0.05
commit_interval_s = 0.3
"""


class Flaky(Receiver):
    """Takes a message now and then without being able to say so."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def next_reply(self) -> Reply:
        return Reply(cut="before") if self._chance.random() < 0.1 else Reply(202)


class Member:
    """One of the daemons, over its lives."""

    def __init__(self, name: str, directory: Path, url: str, topic: Any) -> None:
        self.name = name
        self.state = directory / name
        self.path = directory / f"{name}.toml"
        broker, _, at = topic
        self.path.write_text(
            CONFIG.format(state=self.state, url=url, bootstrap=broker.bootstrap, topic=at, session=SESSION_S)
        )
        self.process: DaemonProcess | None = None

    def start(self, hatchery: Hatchery) -> None:
        self.process = hatchery.start(self.path, self.state)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process = None

    def owns(self) -> int:
        """How many partitions it reads; 0 while it does not answer."""
        assert self.process is not None
        try:
            return int(self.process.health()["sources"]["topic"]["partitions"])
        except (UsageError, KeyError):
            return 0

    def ask(self, query: str) -> list[Any]:
        connection = sqlite3.connect(f"{(self.state / 'aiops.db').as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def arrived(self) -> collections.Counter[str]:
        """How often each alert is in the journal."""
        found = (record for frame in frames(self.state / "journal") for record in frame.records)
        return collections.Counter(record.id for record in found if isinstance(record, Alert))

    def check_incidents(self) -> None:
        """The store holds what a replay of the journal decides, as far as the store came before it was killed."""
        engine = build_engine(load_config(self.path), Topology())
        applied = self.ask("select frame from applied")[0][0]
        held = list(frames(self.state / "journal"))
        stored = sum(len(frame.records) for frame in held if frame.number < applied)
        rows = self.ask("select id, body, seq from incidents")
        assert check_shown(engine, (record for frame in held for record in frame.records), rows, stored)
        assert engine.accounts()["conserved"]

    def check_notifications(self, receiver: Receiver) -> int:
        """Each change was told under one key; how many requests were repeats."""
        told = collections.defaultdict(set)
        sent = [request for request in receiver.requests if request.path == f"/{self.name}"]
        for request in sent:
            event = msgspec.json.decode(request.body)
            told[event["id"]].add((event["subject"], event["data"]["version"], event["data"]["change"]))
            assert event["id"] == row_key("pager", event["subject"], event["data"]["version"])
        assert all(len(changes) == 1 for changes in told.values())
        assert {key for (key,) in self.ask("select key from outbox where state = 'sent'")} <= set(told)
        assert told
        return len(sent) - len(told)


@pytest.fixture
def topic(kafka: Any) -> Iterator[tuple[Any, Any, str]]:
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    name = f"group-{os.getpid()}-{time.monotonic_ns()}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True)
    until(lambda: len(producer.partitions_for(name) or ()) == PARTITIONS, "the topic to be there")
    yield kafka, producer, name
    producer.close(timeout=5)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.needs("durable")
@pytest.mark.timeout(1_200 + 60 * KILLS)
def test_kill_either_of_two(tmp_path: Path, topic: tuple[Any, Any, str]) -> None:
    chance = random.Random(SEED)
    ids: list[str] = []
    stop = threading.Event()
    load = threading.Thread(target=_produce, args=(*topic[1:], ids, stop, random.Random(SEED + 1)), daemon=True)
    with receiving(Flaky(random.Random(SEED + 2))) as receiver, Hatchery(tmp_path / "daemon.log") as hatchery:
        one, two = members = [Member(name, tmp_path, f"{receiver.url}/{name}", topic) for name in NAMES]
        for member in members:
            member.start(hatchery)
        load.start()
        until(lambda: [member.owns() for member in members] == [2, 2], "a share for each")
        for _ in range(KILLS - 1):
            time.sleep(chance.uniform(0.2, 2.5))
            victim = chance.choice(members)
            victim.kill()
            # Some come back before anybody missed them, some after their partitions went to the other.
            time.sleep(chance.uniform(0, 2.5 * SESSION_S))
            victim.start(hatchery)
        until(lambda: min(one.owns(), two.owns()) == 2, "a share for each again")
        time.sleep(chance.uniform(0.2, 2.5))
        two.kill()
        until(lambda: one.owns() == PARTITIONS, "the one that is left to read everything")
        stop.set()
        load.join(DEADLINE_S)
        until(lambda: {*one.arrived(), *two.arrived()} >= {*ids}, "all alerts to be in a journal")
        until(lambda: one.ask("select count(*) from incidents where status = 'open'")[0][0] == 0, "the end of all")
        until(lambda: one.ask("select count(*) from outbox where state = 'due'")[0][0] == 0, "everybody to be told")
        assert one.process is not None
        assert one.process.health()["conserved"]
        assert one.process.stop() == 0
        counts = [member.arrived() for member in members]
        both = counts[0] + counts[1]
        assert set(both) == set(ids)
        assert all(set(each.values()) == {1} for each in counts)
        repeated = sum(1 for times in both.values() if times > 1)
        assert repeated <= KILLS * MOST_REPEATS_A_KILL
        for member in members:
            member.check_incidents()
        again = [member.check_notifications(receiver) for member in members]
    shares = [len(each) for each in counts]
    print(f"{KILLS} kills; {len(ids)} alerts, {shares} read, {repeated} by both; {again} requests repeated")


def _produce(producer: Any, topic: str, ids: list[str], stop: threading.Event, chance: random.Random) -> None:
    """Faults that come and go, in no partition of their own."""
    while not stop.is_set():
        site = int(time.monotonic() / 5) % 7
        sent = []
        for _ in range(BATCH):
            alert = Alert(
                ts=time.time(),
                id=f"a{len(ids)}",
                name=chance.choice(["DiskFull", "HighLatency", "PodCrash", "QueueGrows"]),
                entity=f"site{site}-node{chance.randrange(4)}",
                service=f"site{site}",
                severity=chance.choice(["warning", "high", "critical"]),
                status=chance.choice(["firing", "firing", "resolved"]),
            )
            ids.append(alert.id)
            sent.append(producer.send(topic, msgspec.json.encode(alert)))
        for future in sent:
            future.get(DEADLINE_S)
        time.sleep(PAUSE_S)


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for a real process; fail, saying what for."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
