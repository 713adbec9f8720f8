"""What a message becomes: records of every kind, their ids, and dead letters with the place and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from aiops.ports import DeadLetter
from aiops.records import Alert, Change, Metric
from tests.kafka.conftest import Lab, MakeAlerts, RecordingInbox, Until

pytestmark = pytest.mark.kafka

ALERT = b'{"kind":"alert","ts":1767225600,"name":"DiskFull","entity":"db-1","severity":"critical"}'
MAPPING = """
apiVersion: aiops/v1
kind: Mapping
name: shop
summary: A shop's own alerts, for tests.
rules:
  - name: what
    entity: "@key"
    service: "@headers.team"
    ts: at
"""


def test_every_kind_becomes_a_record_with_an_id(lab: Lab, inbox: RecordingInbox, until: Until) -> None:
    topic = lab.topic()
    metric = b'{"kind":"metric","ts":"2026-01-01T00:00:00Z","entity":"db-1","name":"cpu","value":0.5}'
    change = b'{"kind":"change","ts":1767225600,"entity":"db-1","name":"deploy","id":"c1"}'
    both = b"[" + ALERT + b"," + metric + b"]"
    lab.produce(topic, [ALERT, metric, change, both])
    with lab.running(inbox, lab.options(topics=[topic])):
        until(lambda: len(inbox.records) == 5, "five records")
    assert [type(record) for record in inbox.records] == [Alert, Metric, Change, Alert, Metric]
    assert inbox.ids == [f"{topic}/0@0", f"{topic}/0@1", "c1", f"{topic}/0@3#0", f"{topic}/0@3#1"]
    assert inbox.records[1].ts == 1767225600.0
    assert inbox.position.at[f"{topic}/0"] == 4
    assert inbox.rejected == []


def test_cloud_events_structured_batched_and_binary(lab: Lab, inbox: RecordingInbox, until: Until) -> None:
    topic = lab.topic()
    envelope = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "DiskFull", "subject": "db-1"}
    structured = envelope | {"time": "2026-01-01T00:00:00Z", "data": {"severity": "high"}}
    lab.produce(topic, [msgspec.json.encode(structured), msgspec.json.encode([structured | {"id": "8"}])])
    attributes = {"ce_specversion": "1.0", "ce_id": "9", "ce_source": "/shop", "ce_type": "x"}
    headers = [(name, value.encode()) for name, value in attributes.items()]
    lab.produce(topic, [ALERT], headers=headers)
    with lab.running(inbox, lab.options(topics=[topic])):
        until(lambda: len(inbox.records) == 3, "three records")
    assert inbox.ids == ["/shop#7", "/shop#8", "/shop#9"]
    first, _, third = inbox.records
    assert (first.name, first.entity, first.source, first.severity) == ("DiskFull", "db-1", "/shop", "high")
    assert (third.name, third.entity) == ("DiskFull", "db-1")


def test_a_mapping_sees_value_key_and_headers(lab: Lab, inbox: RecordingInbox, until: Until, tmp_path: Path) -> None:
    topic = lab.topic()
    path = tmp_path / "shop.yaml"
    path.write_text(MAPPING)
    lab.produce(topic, [b'{"what":"Late","at":1767225600}'], key=b"db-7", headers=[("Team", b"payments")])
    lab.produce(topic, [b'{"at":1767225600}'])
    with lab.running(inbox, lab.options(topics=[topic], mapping=str(path))):
        until(lambda: len(inbox.records) + len(inbox.rejected) == 2, "both messages")
    [alert] = inbox.records
    assert (alert.name, alert.entity, alert.service, alert.id) == ("Late", "db-7", "payments", f"{topic}/0@0")
    assert inbox.rejected[0].place == f"{topic}/0@1"


def test_poison_is_rejected_with_place_and_reason_and_the_rest_goes_on(
    lab: Lab, inbox: RecordingInbox, until: Until
) -> None:
    topic, dead = lab.topic(), lab.topic(prefix="dead")
    poison = {
        b"not json at all": "JSON",
        b'{"kind":"alert","ts":"soon","name":"x"}': "$.ts",
        b'{"kind":"alert","ts":1767225600}': "name",
        b'{"kind":"tick","ts":1}': "$.kind",
        b'{"kind":"action","ts":1,"verb":"resolve"}': "$.kind",
        b"[" * 100_000: "JSON",
        b'{"kind":"alert","ts":1767225600,"name":"x","message":"' + b"y" * 250_000 + b'"}': "at most",
        b"\xff\xfe\x00": "JSON",
        b'{"specversion":"9","id":"1","source":"a","type":"b"}': "specversion",
    }
    lab.produce(topic, [ALERT, *poison])
    _produce_nothing(lab, topic)
    lab.produce(topic, [ALERT])
    options = lab.options(topics=[topic], max_message_bytes=200_000, dead_letter_topic=dead)
    with lab.running(inbox, options) as source:
        until(lambda: len(inbox.records) == 2, "the good ones")
        until(lambda: source.health()["messages"] == len(poison) + 3, "all counted")
        health = source.health()
    assert [letter.place for letter in inbox.rejected] == [f"{topic}/0@{n}" for n in range(1, len(poison) + 2)]
    for letter, (raw, reason) in zip(inbox.rejected, [*poison.items(), (b"", "no")], strict=True):
        assert reason in letter.reason, letter
        assert raw.startswith(letter.raw[:1_000])
        assert len(letter.raw) <= 64 << 10
    assert (health["records"], health["rejected"], health["dead_letters_unsent"]) == (2, len(poison) + 1, 0)
    _assert_copied(lab, dead, inbox.rejected)


def _produce_nothing(lab: Lab, topic: str) -> None:
    """Neither key nor value, which one of the clients refuses to send."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": lab.broker.bootstrap})
    producer.produce(topic, None, None)
    assert producer.flush(30) == 0


def _assert_copied(lab: Lab, dead: str, letters: Sequence[DeadLetter]) -> None:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=lab.broker.bootstrap)
    consumer.assign([TopicPartition(dead, 0)])
    consumer.seek_to_beginning()
    copied = []
    for _ in range(100):
        copied += [message for batch in consumer.poll(200).values() for message in batch]
        if len(copied) >= len(letters):
            break
    consumer.close()
    assert [message.key.decode() for message in copied] == [letter.place for letter in letters]
    assert [dict(message.headers)["aiops_reason"].decode() for message in copied] == [one.reason for one in letters]


@pytest.mark.needs("admin")
def test_a_dead_letter_topic_that_cannot_be_written_holds_nothing_up(
    lab: Lab, inbox: RecordingInbox, until: Until
) -> None:
    topic = lab.topic()
    lab.produce(topic, [b"poison", ALERT])
    # A value over the limit of the topic is refused by the broker.
    small = lab.topic(prefix="small")
    from kafka.admin import ConfigResource, ConfigResourceType

    lab.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, small, {"max.message.bytes": "1"})])
    with lab.running(inbox, lab.options(topics=[topic], dead_letter_topic=small)) as source:
        until(lambda: len(inbox.records) == 1, "the good one")
        until(lambda: source.health()["dead_letters_unsent"] == 1, "the copy that failed is counted")
    assert len(inbox.rejected) == 1


def test_tombstones_are_passed_over_and_counted_apart(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    """A key without a value is how a compacted topic deletes; a value that is missing altogether is a dead letter."""
    topic, dead = lab.topic(), lab.topic(prefix="dead")
    lab.produce(topic, alerts(3), key=b"any")
    lab.produce(topic, [None] * 5, key=b"any")
    _produce_nothing(lab, topic)
    lab.produce(topic, alerts(1, "last"), key=b"any")
    with lab.running(inbox, lab.options(topics=[topic], dead_letter_topic=dead)) as source:
        until(lambda: len(inbox.records) == 4, "the alerts")
        until(lambda: source.health()["messages"] == 10, "all counted")
        health = source.health()
    assert inbox.ids == ["a0", "a1", "a2", "last0"]
    assert (health["tombstones"], health["rejected"], health["unreadable"]) == (5, 1, 0)
    assert "tombstones" in health["counts"]
    assert [letter.place for letter in inbox.rejected] == [f"{topic}/0@8"]
    assert inbox.position.at[f"{topic}/0"] == 10
    _assert_copied(lab, dead, inbox.rejected)


def test_a_topic_that_ends_in_tombstones_is_read_to_its_end(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic()
    lab.produce(topic, alerts(1), key=b"any")
    lab.produce(topic, [None] * 2, key=b"any")
    with lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: source.health()["tombstones"] == 2, "the tombstones")
        until(lambda: source.health()["lag"] == {f"{topic}/0": 0}, "no lag")
    assert inbox.position.at[f"{topic}/0"] == 3
