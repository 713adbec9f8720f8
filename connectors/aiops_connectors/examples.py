"""Examples of shipped sources, and of sinks without HTTP, with which the conformance kits run them."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import httpx2

from aiops.ports import Source
from aiops.testing.receiver import receiving
from aiops.testing.registered import ExampleUnavailable
from aiops.testing.sinks import SinkExample
from aiops.testing.sources import DEADLINE_S, SourceExample, archive_lines
from aiops_connectors.file import FileSource
from aiops_connectors.http.source import HttpSource
from aiops_connectors.mail.source import MailSource
from aiops_connectors.syslog.source import SyslogSource

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


# A mapping that takes the kit's archive lines as they are.
_NAMED = """apiVersion: aiops/v1
kind: Mapping
name: kit
summary: Names of alerts.
rules:
  - name: name
    ts: ts
"""


def _named(directory: Path) -> str:
    path = directory / "kit.yaml"
    path.write_text(_NAMED)
    return str(path)


@contextmanager
def syslog_source(directory: Path) -> Iterator[SourceExample]:
    """Yield a source of syslog messages, with a sender over TCP."""
    mapping = _named(directory)

    def bring(source: Source, names: list[str]) -> None:
        port = cast(SyslogSource, source).wait_started(DEADLINE_S)
        with socket.create_connection(("127.0.0.1", port or 0), DEADLINE_S) as connection:
            connection.sendall(archive_lines(names).encode())

    yield SourceExample(lambda: SyslogSource("syslog", {"port": 0, "mapping": mapping}), bring)


@contextmanager
def mail_source(directory: Path) -> Iterator[SourceExample]:
    """Yield a source of a Maildir, and a mail server that delivers into it."""
    maildir, mapping = directory / "mail", directory / "kit.yaml"
    mapping.write_text(_NAMED.replace("name: name", "name: subject").replace("    ts: ts\n", ""))
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)

    def bring(source: Source, names: list[str]) -> None:
        for name in names:
            there = maildir / "tmp" / uuid.uuid4().hex
            there.write_text(f"Subject: {name}\nFrom: a@b.example\n\nx\n")
            there.rename(maildir / "new" / f"{time.time_ns()}.{there.name}")

    options = {"maildir": str(maildir), "mapping": str(mapping), "poll_s": 0.05}
    yield SourceExample(lambda: MailSource("mail", options), bring)


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


@contextmanager
def email_sink(directory: Path) -> Iterator[SinkExample]:
    """Yield a sink of e-mail, and a mail server on this host that takes all and keeps nothing."""
    try:
        from aiosmtpd.controller import Controller
        from aiosmtpd.handlers import Sink as Discard
    except ImportError:
        raise ExampleUnavailable("no mail server: the extra mail is not installed") from None
    from aiops_connectors.email import EmailSink

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(Discard(), hostname="127.0.0.1", port=port)
    server.start()
    options = {"host": "127.0.0.1", "port": port, "tls": "none", "allow_private": True, "timeout_s": 60}
    addresses = {"sender": "aiops@example.org", "to": ["oncall@example.org"]}
    try:
        yield SinkExample(lambda: EmailSink("mail", {**options, **addresses}))
    finally:
        server.stop()


@contextmanager
def chat_sink(directory: Path) -> Iterator[SinkExample]:
    """Yield a sink of apprise, and a receiver on this host that takes its JSON."""
    if find_spec("apprise") is None:
        raise ExampleUnavailable("no apprise: the extra chat is not installed")
    from aiops_connectors.chat import ChatServiceSink

    with receiving() as receiver:
        os.environ["AIOPS_KIT_CHAT"] = f"json://127.0.0.1:{receiver.port}/hook"
        try:
            yield SinkExample(lambda: ChatServiceSink("chat", {"url_env": "AIOPS_KIT_CHAT", "timeout_s": 60}))
        finally:
            del os.environ["AIOPS_KIT_CHAT"]


def _broker() -> str:
    address = os.environ.get(BROKER)
    if not address:
        raise ExampleUnavailable(f"no broker: set {BROKER}=host:port")
    return address


def _topic() -> str:
    return f"kit-{uuid.uuid4().hex}"
