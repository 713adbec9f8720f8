"""Batches in every codec, from every kind of producer, are read by both clients as installed by default."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer

from aiops.testing.kafka_jars import jars
from tests.kafka.conftest import Lab, MakeAlerts, RecordingInbox, Until

CODECS = ["none", "gzip", "lz4", "snappy", "zstd"]


@pytest.mark.parametrize("name", ["lz4.frame", "snappy", "zstandard"])
def test_the_codecs_are_installed_by_default(name: str) -> None:
    import importlib

    importlib.import_module(name)


def by_kafka_python(lab: Lab, topic: str, codec: str, values: Sequence[bytes]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=lab.broker.bootstrap,
        compression_type=None if codec == "none" else codec,
        linger_ms=100,
        batch_size=1 << 20,
    )
    for value in values:
        producer.send(topic, value)
    producer.flush(30)
    producer.close(timeout=5)


def by_librdkafka(lab: Lab, topic: str, codec: str, values: Sequence[bytes]) -> None:
    producer = Producer({"bootstrap.servers": lab.broker.bootstrap, "compression.type": codec, "linger.ms": 100})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def by_the_console(lab: Lab, topic: str, codec: str, values: Sequence[bytes]) -> None:
    command = ["java", "-Xmx128m", "-cp", f"{jars()}/*", "org.apache.kafka.tools.ConsoleProducer"]
    command += ["--bootstrap-server", lab.broker.bootstrap, "--topic", topic, "--compression-codec", codec]
    done = subprocess.run(command, input=b"\n".join(values) + b"\n", capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.kafka
@pytest.mark.needs("durable")
@pytest.mark.parametrize("codec", CODECS)
def test_each_codec_of_each_producer_is_read(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, codec: str
) -> None:
    topic = lab.topic()
    writers = {"python": by_kafka_python, "rd": by_librdkafka, "java": by_the_console}
    for prefix, write in writers.items():
        write(lab, topic, codec, alerts(200, prefix))
    with lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: len(inbox.records) + len(inbox.rejected) >= 600, "all of them")
        health = source.health()
    assert sorted(inbox.ids) == sorted(f"{prefix}{n}" for prefix in writers for n in range(200))
    assert inbox.rejected == []
    assert (health["ok"], health["unreadable"]) == (True, 0)
