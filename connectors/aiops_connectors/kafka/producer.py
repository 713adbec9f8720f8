"""Writes to Kafka: incidents for other readers, and dead letters.

Either client implements one protocol.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from aiops_connectors.kafka.connection import Connection, kafka_python_settings, librdkafka_settings
from aiops_connectors.kafka.consumer import QUERY_TIMEOUT_S, BrokerError

_log = logging.getLogger(__name__)


class Outgoing(Struct):
    """One message to write."""

    topic: str
    value: bytes
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = []


class WriteError(BrokerError):
    """A message was not acknowledged. `retry` is true if another attempt can help."""

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry


class Producer(Protocol):
    """Writes messages and waits for all replicas in sync to have them."""

    def deliver(self, messages: Sequence[Outgoing], timeout_s: float) -> None:
        """Return once all are acknowledged; raise `WriteError` for the first that is not."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


def open_producer(options: Connection) -> Producer:
    """The producer of the chosen transport; raise `BrokerError` when no broker answers."""
    return LibrdkafkaProducer(options) if options.transport == "librdkafka" else KafkaPythonProducer(options)


class KafkaPythonProducer:
    """A producer by kafka-python: idempotent, acknowledged by all replicas in sync."""

    def __init__(self, options: Connection) -> None:
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        from aiops_connectors.kafka.kafka_python_open import open_client

        self._error: Any = KafkaError
        settings = kafka_python_settings(options) | {
            "acks": "all",
            "enable_idempotence": True,
            "bootstrap_timeout_ms": int(QUERY_TIMEOUT_S * 1000),
            "max_block_ms": int(QUERY_TIMEOUT_S * 1000),
            # Past this the message is given up: it must not arrive after we reported that it has not.
            "delivery_timeout_ms": int(QUERY_TIMEOUT_S * 1000),
            "request_timeout_ms": int(QUERY_TIMEOUT_S * 1000) - 500,
            "metrics_enabled": False,
        }
        self._producer: Any = open_client(KafkaProducer, settings)

    def deliver(self, messages: Sequence[Outgoing], timeout_s: float) -> None:
        """See `Producer.deliver`."""
        try:
            sent = [self._producer.send(one.topic, one.value, one.key, one.headers) for one in messages]
            for future in sent:
                future.get(timeout_s)
        except self._error as error:
            # A time-out or a lost connection passes; what a broker refuses, it refuses again.
            raise WriteError(f"{type(error).__name__}: {error}"[:500], retry=bool(error.retriable)) from error
        except (OSError, AssertionError, RuntimeError) as error:
            raise WriteError(f"{type(error).__name__}: {error}"[:500], retry=True) from error

    def close(self) -> None:
        """See `Producer.close`."""
        self._producer.close(timeout=QUERY_TIMEOUT_S)


class LibrdkafkaProducer:
    """A producer by librdkafka: idempotent, acknowledged by all replicas in sync."""

    def __init__(self, options: Connection) -> None:
        import confluent_kafka

        self._failure: Any = confluent_kafka.KafkaException
        # The client's messages about its connections since a message was last acknowledged.
        self._last_error = ""
        self._producer: Any = confluent_kafka.Producer(
            librdkafka_settings(options)
            | {"enable.idempotence": True, "acks": "all", "message.timeout.ms": int(QUERY_TIMEOUT_S * 1000)}
            | {"error_cb": self._keep_error},
            logger=_log,
        )

    def deliver(self, messages: Sequence[Outgoing], timeout_s: float) -> None:
        """See `Producer.deliver`."""
        failed: list[Any] = []

        def report(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error)
            else:
                self._last_error = ""

        try:
            for one in messages:
                self._producer.produce(one.topic, one.value, one.key, headers=one.headers, on_delivery=report)
                self._producer.poll(0)
            left = self._producer.flush(timeout_s)
        except self._failure as failure:
            failed.append(failure.args[0])
            left = 0
        except BufferError as error:
            raise WriteError(f"the client's queue is full: {error}", retry=True) from error
        if failed:
            raise WriteError(
                f"{failed[0].name()}: {failed[0].str()}{self._last_error}"[:500], retry=_passing(failed[0])
            )
        if left:
            raise WriteError(f"no acknowledgement in {timeout_s:.1f} s{self._last_error}"[:500], retry=True)

    def _keep_error(self, error: Any) -> None:
        if "ALL_BROKERS_DOWN" not in error.name():
            self._last_error = f" ({error.str()})"

    def close(self) -> None:
        """See `Producer.close`."""
        self._producer.flush(QUERY_TIMEOUT_S)


def _passing(error: Any) -> bool:
    # Errors with a negative code are the client's own: nobody answered. Others are the broker's.
    return bool(error.retriable()) or (error.code() < 0 and not error.fatal())
