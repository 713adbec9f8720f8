"""Reads the messages at an offset that librdkafka cannot read, by kafka-python.

librdkafka names the offset and the fault, not the end of the damaged batch. The other client knows it, is always
installed, and may even read the batch: the two differ in what they tolerate.
"""

from __future__ import annotations

import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from aiops_connectors.kafka.connection import kafka_python_settings
from aiops_connectors.kafka.consumer import QUERY_TIMEOUT_S, Partition, RawMessage, Unreadable
from aiops_connectors.kafka.faults import broker_error
from aiops_connectors.kafka.kafka_python_open import open_client
from aiops_connectors.kafka.kafka_python_records import BlockedError, guard
from aiops_connectors.kafka.options import KafkaOptions

# A damaged batch is fetched twice before it is given up; each fetch answers at once.
_DEADLINE_S = 4 * QUERY_TIMEOUT_S


def probe(options: KafkaOptions, partition: Partition, offset: int) -> list[RawMessage | Unreadable]:
    """Return the content of a partition from an offset on, at least one message.

    Raise `BrokerError` if nothing comes, `BlockedError` if the broker itself refuses it.
    """
    settings = kafka_python_settings(options) | {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed" if options.read_committed else "read_uncommitted",
        "bootstrap_timeout_ms": int(QUERY_TIMEOUT_S * 1000),
        "metrics_enabled": False,
        "allow_auto_create_topics": False,
    }
    consumer: Any = open_client(KafkaConsumer, settings)
    try:
        return _read(consumer, TopicPartition(*partition), offset, options.max_poll_records)
    except KafkaError as error:
        raise broker_error(type(error).__name__, str(error)) from error
    finally:
        consumer.close(autocommit=False, timeout_ms=int(QUERY_TIMEOUT_S * 1000))


def _read(consumer: Any, at: TopicPartition, offset: int, limit: int) -> list[RawMessage | Unreadable]:
    guard(consumer._fetcher)
    consumer.assign([at])
    consumer.seek(at, offset)
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        found = consumer.poll(200, max_records=limit).get(at)
        if found:
            return list(found)
    raise broker_error("no answer", f"nothing came from {at.topic}/{at.partition} at offset {offset}")


__all__ = ["BlockedError", "probe"]
