"""A topic, a producer, an inbox that can be full, and a source that runs in its thread: all against a real broker."""

from __future__ import annotations

import gc
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from aiops_connectors.kafka.source import KafkaSource
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from aiops.ports import DeadLetter, Position, Received
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import AnyBroker, ForeignBroker
from aiops.testing.kafka_tansu import TansuBroker

Until = Callable[[Callable[[], Any], str], None]
MakeAlerts = Callable[..., list[bytes]]
MakeInbox = Callable[[], "RecordingInbox"]

# Two cores may be shared with other work; a broker that has not answered by then is broken.
DEADLINE_S = 120.0


class RecordingInbox:
    """Keeps what it is given, while it is not `full`."""

    def __init__(self) -> None:
        self.full = False
        self.refused = 0
        self.batches: list[Received] = []
        self._room = threading.Condition()

    def put(self, received: Received, timeout_s: float) -> bool:
        with self._room:
            if self.full:
                self.refused += 1
                self._room.wait_for(lambda: not self.full, min(timeout_s, 0.1))
                return False
            self.batches.append(received)
            return True

    @property
    def records(self) -> list[Any]:
        """Of whatever kind: a test knows what it has sent."""
        return [record for batch in list(self.batches) for record in batch.records]

    def has(self, count: int) -> bool:
        """At least so many records came."""
        return len(self.records) >= count

    @property
    def ids(self) -> list[str]:
        return [record.id for record in self.records]

    @property
    def rejected(self) -> list[DeadLetter]:
        return [letter for batch in list(self.batches) for letter in batch.rejected]

    @property
    def position(self) -> Position:
        """What a store would hold: what was journaled last."""
        return position_of(self.batches[-1])


def position_of(batch: Received) -> Position:
    """The position that came with a batch."""
    assert batch.position is not None
    return batch.position


class Lab:
    """What a test needs to talk to the broker."""

    def __init__(self, broker: AnyBroker, transport: str, admin: KafkaAdminClient, producer: KafkaProducer) -> None:
        self.broker = broker
        self.transport = transport
        self.admin = admin
        self._producer = producer

    @property
    def own(self) -> KafkaBroker | TansuBroker:
        """The broker, where it is one of ours: with a directory, and killed when a test says so."""
        assert not isinstance(self.broker, ForeignBroker)
        return self.broker

    @property
    def kafka(self) -> KafkaBroker:
        """The broker, where it is Apache Kafka with all its listeners."""
        assert isinstance(self.broker, KafkaBroker)
        return self.broker

    def topic(self, partitions: int = 1, prefix: str = "alerts") -> str:
        name = f"{prefix}-{uuid.uuid4().hex[:10]}"
        self.admin.create_topics([NewTopic(name, partitions, 1)])
        return name

    def produce(
        self,
        topic: str,
        values: Sequence[bytes | None],
        *,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        sent = [
            self._producer.send(topic, value, key, list(headers), partition=partition, timestamp_ms=timestamp_ms)
            for value in values
        ]
        for future in sent:
            future.get(DEADLINE_S)

    def options(self, **more: Any) -> dict[str, Any]:
        common = {
            "bootstrap_servers": [self.broker.bootstrap],
            "transport": self.transport,
            "group_id": f"group-{uuid.uuid4().hex[:10]}",
            "session_timeout_s": 6.0,
            "poll_timeout_s": 0.05,
            "commit_interval_s": 0.2,
        }
        return common | more

    @contextmanager
    def running(
        self, inbox: RecordingInbox, options: Mapping[str, Any], position: Position | None = None
    ) -> Iterator[KafkaSource]:
        source = KafkaSource("test", options, jitter=lambda: 0.0, check_every_s=0.5)
        thread = threading.Thread(target=source.run, args=(inbox, position), daemon=True)
        thread.start()
        try:
            yield source
        finally:
            source.stop()
            thread.join(DEADLINE_S)
            assert not thread.is_alive(), "the source did not stop"


@pytest.fixture(scope="session")
def clients(kafka_broker: AnyBroker) -> Iterator[tuple[KafkaAdminClient, KafkaProducer]]:
    admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    producer = KafkaProducer(bootstrap_servers=kafka_broker.bootstrap, max_request_size=8 << 20)
    yield admin, producer
    producer.close(timeout=5)
    admin.close()


@pytest.fixture(params=["kafka-python", "librdkafka"])
def lab(kafka: AnyBroker, clients: tuple[Any, Any], request: pytest.FixtureRequest) -> Lab:
    if request.param == "librdkafka":
        pytest.importorskip("confluent_kafka", reason="the extra librdkafka is not installed")
    return Lab(kafka, request.param, *clients)


@pytest.fixture
def stray_sockets() -> Iterator[None]:
    """For tests in which nobody answers: kafka-python drops sockets that failed to connect without closing them.

    They are collected here, so that no later test is told of them; such tests ignore the warning.
    """
    yield
    gc.collect()


@pytest.fixture
def inbox() -> RecordingInbox:
    return RecordingInbox()


@pytest.fixture
def make_inbox() -> Callable[[], RecordingInbox]:
    return RecordingInbox


@pytest.fixture
def until() -> Until:
    """Wait for a real server to have done something; fail, saying what, when it has not."""

    def wait(done: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, f"not in time: {what}"
            time.sleep(0.01)

    return wait


@pytest.fixture
def alerts() -> MakeAlerts:
    """Alerts in the archive's form, with the ids `<prefix>0`, `<prefix>1` and so on."""

    def make(count: int, prefix: str = "a") -> list[bytes]:
        return [
            msgspec.json.encode({"kind": "alert", "ts": 1_767_225_600 + n, "name": "DiskFull", "id": f"{prefix}{n}"})
            for n in range(count)
        ]

    return make
