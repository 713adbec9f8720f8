"""Clients without a broker: each says that nobody answers, and leaves nothing behind."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from aiops_connectors.kafka.connection import Connection, kafka_python_settings
from aiops_connectors.kafka.consumer import BrokerError
from aiops_connectors.kafka.dead_letters import DeadLetterTopic
from aiops_connectors.kafka.kafka_python_open import open_client
from aiops_connectors.kafka.options import KafkaOptions
from aiops_connectors.kafka.probe import probe
from kafka import KafkaConsumer

from aiops.ports import DeadLetter
from aiops.testing.kafka_broker import free_ports

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
LETTER = DeadLetter("kafka", "t/0@1", "bad", b"raw", 1.0)


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_client_that_reaches_nobody_raises_and_ends_what_it_began(address: str, stray_sockets: None) -> None:
    settings = kafka_python_settings(Connection(bootstrap_servers=[address])) | {"bootstrap_timeout_ms": 200}
    before, files = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(BrokerError):
            open_client(KafkaConsumer, settings)
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert len(left) <= 1, left
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + 6


def test_client_with_a_wrong_option_raises_the_same_error(address: str) -> None:
    with pytest.raises(BrokerError):
        open_client(
            KafkaConsumer, {"bootstrap_servers": [address], "bootstrap_timeout_ms": 200, "fetch_min_bytes": "x"}
        )


def test_probe_of_nobody_raises(address: str, stray_sockets: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops_connectors.kafka.probe.QUERY_TIMEOUT_S", 0.2)
    with pytest.raises(BrokerError):
        probe(KafkaOptions(bootstrap_servers=[address], topics=["t"]), ("t", 0), 0)


def test_letters_are_copied_nowhere_without_a_topic(address: str) -> None:
    topic = DeadLetterTopic(Connection(bootstrap_servers=[address]), None)
    assert topic.copy([LETTER]) == 0
    topic.close()


def test_letters_that_could_not_be_copied_are_counted(
    address: str, stray_sockets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(options: Connection) -> None:
        raise BrokerError("nobody there")

    monkeypatch.setattr("aiops_connectors.kafka.dead_letters.open_producer", fail)
    topic = DeadLetterTopic(Connection(bootstrap_servers=[address]), "dead")
    assert topic.copy([LETTER, LETTER]) == 2
    topic.close()
