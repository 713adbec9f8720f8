"""Examples of the shipped sources and of the Kafka sink, with which the conformance kits run them."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx2

from aiops.ports import Source
from aiops.testing.registered import ExampleUnavailable
from aiops.testing.sinks import SinkExample
from aiops.testing.sources import DEADLINE_S, SourceExample, archive_lines
from aiops_connectors.file import FileSource
from aiops_connectors.http.source import HttpSource

# The address of a broker for tests, as `aiops.testing.kafka_fixture` reads it.
BROKER = "AIOPS_TEST_KAFKA"


@contextmanager
def file_source(directory: Path) -> Iterator[SourceExample]:
    """Yield a source of a file that grows."""
    path = directory / "alerts.jsonl"

    def bring(source: Source, names: list[str]) -> None:
        with path.open("a") as file:
            file.write(archive_lines(names))

    yield SourceExample(lambda: FileSource("file", {"path": str(path), "poll_s": 0.05}), bring)


@contextmanager
def http_source(directory: Path) -> Iterator[SourceExample]:
    """Yield a source with senders that try again for as long as the answer is 503."""

    def bring(source: Source, names: list[str]) -> None:
        port = cast(HttpSource, source).wait_started(DEADLINE_S)
        url = f"http://127.0.0.1:{port}/ingest/archive"

        def send() -> None:
            while httpx2.post(url, content=archive_lines(names), timeout=DEADLINE_S).status_code == 503:
                time.sleep(0.05)

        threading.Thread(target=send).start()

    yield SourceExample(lambda: HttpSource("http", {"port": 0}), bring)


@contextmanager
def kafka_source(directory: Path) -> Iterator[SourceExample]:
    """Yield a source of a topic of its own on the broker of the tests."""
    from kafka import KafkaProducer

    from aiops_connectors.kafka.source import KafkaSource

    options: dict[str, Any] = {"bootstrap_servers": [_broker()], "topics": [_topic()]}
    producer = KafkaProducer(bootstrap_servers=options["bootstrap_servers"])

    def bring(source: Source, names: list[str]) -> None:
        for line in archive_lines(names).splitlines():
            producer.send(options["topics"][0], line.encode())
        producer.flush(DEADLINE_S)

    def make() -> Source:
        return KafkaSource("kafka", {**options, "group_id": uuid.uuid4().hex})

    try:
        yield SourceExample(make, bring)
    finally:
        producer.close()


@contextmanager
def kafka_sink(directory: Path) -> Iterator[SinkExample]:
    """Yield a sink that writes to a topic of its own on the broker of the tests."""
    from aiops_connectors.kafka.sink import KafkaSink

    options = {"bootstrap_servers": [_broker()], "topic": _topic(), "timeout_s": 60}
    yield SinkExample(lambda: KafkaSink("kafka", options))


def _broker() -> str:
    address = os.environ.get(BROKER)
    if not address:
        raise ExampleUnavailable(f"no broker: set {BROKER}=host:port")
    return address


def _topic() -> str:
    return f"kit-{uuid.uuid4().hex}"
