"""Incidents to a Kafka topic, for other systems to read.

A message is a CloudEvent in binary mode. The attributes are headers (`ce_id` is the same for every attempt: readers can
drop repeats), the value is the incident as an archive record, and `aiops replay` can read the topic. The key is the
incident's id: all changes of one incident are in one partition, in order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from aiops.errors import UsageError
from aiops.ports import Answer, Message
from aiops.records.decode import encode, format_time
from aiops_connectors.kafka.connection import TOPIC, Connection, connection_options
from aiops_connectors.kafka.consumer import BrokerError
from aiops_connectors.kafka.producer import Outgoing, Producer, WriteError, open_producer
from aiops_connectors.sinks.http_post import trace_headers
from aiops_connectors.sinks.incident_body import shortened
from aiops_connectors.texts.news import news

# Brokers refuse messages above a megabyte by default (`message.max.bytes`); headers and framing take the rest.
MAX_VALUE_BYTES = 900_000


class KafkaSinkOptions(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Kafka sink."""

    topic: Annotated[str, Meta(description="Must exist, or be created by the broker when written to.")]
    timeout_s: Annotated[
        float,
        Meta(gt=0, le=60, description="How long one attempt waits for the acknowledgement of all replicas in sync."),
    ] = 10.0
    event_source: Annotated[str, Meta(description="The CloudEvents attribute `source`.")] = "aiops"


class KafkaSink:
    """Write one CloudEvent for each change of an incident to a topic."""

    Options = KafkaSinkOptions
    example = "aiops_connectors.examples:kafka_sink"

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.name = name
        self.options = connection_options(options, KafkaSinkOptions, f"sinks.{name}")
        if not TOPIC.fullmatch(self.options.topic):
            raise UsageError(f"sinks.{name}.topic: expected letters, digits, `.`, `_`, `-`; got {self.options.topic!r}")
        self._idle: SimpleQueue[Producer] = SimpleQueue()
        self._closed = threading.Event()

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        outgoing = self._outgoing(message)
        try:
            with self._producer() as producer:
                producer.deliver([outgoing], self.options.timeout_s)
        except WriteError as error:
            return Answer(ok=False, retry=error.retry, reason=str(error))
        except BrokerError as error:
            return Answer(ok=False, retry=True, reason=str(error))
        return Answer(ok=True)

    def close(self) -> None:
        """Let go of the connections that nobody uses; the others are closed by who uses them."""
        self._closed.set()
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    @contextmanager
    def _producer(self) -> Iterator[Producer]:
        """Lend a producer that nobody else uses: a client's flush does not distinguish callers.

        Nobody waits for another caller's broker: there are as many producers as threads that send at once, a few.
        """
        try:
            producer = self._idle.get_nowait()
        except Empty:
            producer = open_producer(self.options)
        try:
            yield producer
        finally:
            self._idle.put(producer)
            if self._closed.is_set():
                self.close()

    def _outgoing(self, message: Message) -> Outgoing:
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": message.key,
            "ce_source": self.options.event_source,
            "ce_type": f"aiops.incident.{message.change}",
            "ce_time": format_time(message.at),
            "ce_subject": message.incident.id,
            "ce_version": str(message.version),
            "content-type": "application/json",
            **trace_headers(message),
        }
        if message.news:
            attributes["ce_news"] = "; ".join(news(message))
        if message.repeats:
            attributes["ce_repeats"] = str(message.repeats)
        whole = encode(message.incident)
        if len(whole) > MAX_VALUE_BYTES:
            shorter, cuts = shortened(message.incident, MAX_VALUE_BYTES)
            whole = msgspec.json.encode(shorter)
            attributes["ce_cut"] = ", ".join(cuts)
        headers = [(name, value.encode()) for name, value in attributes.items()]
        return Outgoing(self.options.topic, whole, message.incident.id.encode("utf-8", "replace"), headers)
