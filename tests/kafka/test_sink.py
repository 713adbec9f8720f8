"""Incidents on a topic: what a reader gets, and what is said of failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.kafka.sink import KafkaSink
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from aiops.archive import Rejections, read
from aiops.errors import UsageError
from aiops.ports import Message
from aiops.records import Incident
from aiops.testing.kafka_broker import free_ports
from tests.kafka.conftest import Lab

pytestmark = pytest.mark.kafka
STRAY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def message(version: int = 1, change: str = "opened", title: str = "DiskFull on db-1") -> Message:
    incident = Incident(id="i-1", opened_at=1_767_225_600.0, status="open", severity="high", title=title)
    return Message(f"i-1:{version}", "topic", incident, change, version, 1_767_225_600.25)


def written(lab: Lab, topic: str, count: int) -> list[Any]:
    consumer = KafkaConsumer(bootstrap_servers=lab.broker.bootstrap)
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    found: list[Any] = []
    for _ in range(100):
        found += [one for batch in consumer.poll(200).values() for one in batch]
        if len(found) >= count:
            break
    consumer.close()
    return found


def test_changes_of_an_incident_arrive_in_order_and_can_be_replayed(lab: Lab, tmp_path: Path) -> None:
    topic = lab.topic(partitions=3, prefix="incidents")
    sink = KafkaSink("bus", {k: v for k, v in lab.options(topic=topic).items() if k in _KNOWN})
    for version, change in ((1, "opened"), (2, "updated"), (3, "resolved")):
        assert sink.send(message(version, change)).ok
    sink.close()
    found = written(lab, topic, 3)
    headers = [{name: value.decode() for name, value in one.headers} for one in found]
    assert [one["ce_type"] for one in headers] == [f"aiops.incident.{c}" for c in ("opened", "updated", "resolved")]
    assert [one["ce_id"] for one in headers] == ["i-1:1", "i-1:2", "i-1:3"]
    assert headers[0]["ce_time"] == "2026-01-01T00:00:00.250Z"
    assert {one.key for one in found} == {b"i-1"}
    path = tmp_path / "incidents.jsonl"
    path.write_bytes(b"".join(one.value + b"\n" for one in found))
    assert [record.id for record in read([path], Rejections(), strict=True)] == ["i-1"] * 3


@pytest.mark.needs("admin")
def test_a_refusal_is_not_worth_another_try(lab: Lab) -> None:
    topic = lab.topic(prefix="small")
    lab.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "100"})])
    sink = KafkaSink("bus", {k: v for k, v in lab.options(topic=topic).items() if k in _KNOWN})
    answer = sink.send(message(title="x" * 1_000))
    sink.close()
    assert (answer.ok, answer.retry) == (False, False)
    assert answer.reason


@STRAY
def test_nobody_there_is_worth_another_try(lab: Lab, stray_sockets: None) -> None:
    options = {"bootstrap_servers": [f"127.0.0.1:{free_ports(1)[0]}"], "transport": lab.transport, "topic": "t"}
    sink = KafkaSink("bus", options)
    answer = sink.send(message())
    sink.close()
    assert (answer.ok, answer.retry) == (False, True)


def test_a_topic_name_that_cannot_be_is_said_at_once(lab: Lab) -> None:
    with pytest.raises(UsageError, match=r"sinks\.bus\.topic"):
        KafkaSink("bus", {"bootstrap_servers": ["localhost:9092"], "topic": "a b"})


_KNOWN = ("bootstrap_servers", "transport", "topic")
