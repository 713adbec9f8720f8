"""Brokers that are away, come back, have thrown messages away, or hold transactions that were aborted."""

from __future__ import annotations

import threading

import pytest
from aiops_connectors.kafka.source import KafkaSource

from aiops.ports import Position
from aiops.testing.kafka_broker import free_ports
from tests.kafka.conftest import Lab, MakeAlerts, MakeInbox, RecordingInbox, Until

pytestmark = pytest.mark.kafka
STRAY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@STRAY
@pytest.mark.needs("durable")
def test_a_broker_that_is_killed_and_comes_back(
    lab: Lab, stray_sockets: None, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    """Both clients at once: one broker dies for both."""
    if lab.transport != "librdkafka":
        pytest.skip("goes with the other client")
    topic = lab.topic(partitions=2)
    lab.produce(topic, alerts(500, "before"))
    one, two = make_inbox(), make_inbox()
    with (
        lab.running(one, lab.options(topics=[topic], transport="kafka-python")) as first,
        lab.running(two, lab.options(topics=[topic])) as second,
    ):
        until(lambda: len(one.records) == len(two.records) == 500, "those before")
        lab.own.kill()
        until(lambda: not (first.health()["connected"] or second.health()["connected"]), "health to say so")
        for source in (first, second):
            assert not source.health()["ok"]
            assert source.health()["detail"].startswith("not connected: ")
        lab.own.start()
        lab.produce(topic, alerts(500, "after"))
        until(lambda: len(one.records) == len(two.records) == 1_000, "those after")
        until(lambda: first.health()["connected"] and second.health()["connected"], "health to say so again")
    wanted = sorted(f"{when}{n}" for when in ("before", "after") for n in range(500))
    assert sorted(one.ids) == sorted(two.ids) == wanted


@STRAY
def test_no_broker_at_the_start(
    lab: Lab, stray_sockets: None, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    """Tries again with growing waits, says why, leaves nothing behind, and reads once somebody answers."""
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    seen: list[tuple[float, str, int]] = []

    def sleep(seconds: float) -> None:
        seen.append((seconds, source.health()["detail"], threading.active_count()))
        if len(seen) == 2:
            source.options = there

    source = KafkaSource("test", lab.options(topics=[topic]), sleep=sleep, jitter=lambda: 1.0)
    there = source.options
    source.options = KafkaSource("test", lab.options(topics=[topic], bootstrap_servers=[nobody])).options
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    until(lambda: len(inbox.records) == 3, "the alerts")
    source.stop()
    thread.join(120)
    assert not thread.is_alive()
    assert [wait for wait, _, _ in seen[:2]] == [0.5, 1.0]
    assert all(detail.startswith("not connected: ") for _, detail, _ in seen[:2])
    assert seen[1][2] <= seen[0][2]


@pytest.mark.needs("admin")
def test_messages_that_are_gone_are_counted(lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts) -> None:
    from kafka import TopicPartition

    topic = lab.topic()
    lab.produce(topic, alerts(10))
    lab.admin.delete_records({TopicPartition(topic, 0): 6})
    with lab.running(inbox, lab.options(topics=[topic]), Position("test", {f"{topic}/0": 2})) as source:
        until(lambda: len(inbox.records) == 4, "what is left")
        health = source.health()
    assert inbox.ids == ["a6", "a7", "a8", "a9"]
    assert health["skipped"] == 4
    assert inbox.position.at[f"{topic}/0"] == 10


@pytest.mark.needs("admin")
def test_a_position_past_the_end_reads_what_there_is(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    """The topic was made anew: its offsets begin again, and nothing of it has been read."""
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    with lab.running(inbox, lab.options(topics=[topic]), Position("test", {f"{topic}/0": 1_000})):
        until(lambda: len(inbox.records) == 3, "the new messages")
    assert inbox.position.at[f"{topic}/0"] == 3


@pytest.mark.needs("txn")
def test_aborted_transactions_are_not_read(lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts) -> None:
    from kafka import KafkaProducer

    topic = lab.topic()
    producer = KafkaProducer(bootstrap_servers=lab.broker.bootstrap, transactional_id=topic)
    producer.init_transactions()
    for prefix, end in (("bad", producer.abort_transaction), ("good", producer.commit_transaction)):
        producer.begin_transaction()
        for value in alerts(5, prefix):
            producer.send(topic, value)
        producer.flush()
        end()
    producer.close()
    with lab.running(inbox, lab.options(topics=[topic])):
        until(lambda: len(inbox.records) == 5, "the committed ones")
    assert inbox.ids == [f"good{n}" for n in range(5)]
