"""Batches and records that no retry can read: said, kept as dead letters, and passed over; never a partition stuck."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiops_connectors.kafka import source as source_module
from kafka import KafkaProducer

from tests.kafka.conftest import Lab, MakeAlerts, RecordingInbox, Until
from tests.kafka.segments import Segment

pytestmark = [pytest.mark.kafka, pytest.mark.needs("durable")]


Send = Callable[..., None]


@pytest.fixture
def send(lab: Lab) -> Send:
    """Writes one batch, whole."""

    def write(
        topic: str, values: Sequence[bytes], compression: str | None = None, headers: Any = (), partition: int = 0
    ) -> None:
        producer = KafkaProducer(
            bootstrap_servers=lab.broker.bootstrap, linger_ms=5_000, batch_size=1 << 20, compression_type=compression
        )
        for value in values:
            producer.send(topic, value, headers=list(headers), partition=partition)
        producer.flush(30)
        producer.close(timeout=5)

    return write


def damaged(lab: Lab, topic: str, how: str, which: int) -> None:
    segment = Segment(lab.own.directory, topic)
    batches = segment.batches()
    assert [(one.first, one.last) for one in batches] == [(0, 4), (5, 9), (10, 14)]
    getattr(segment, how)(batches[which])


HOWS = ["flip_a_bit", "set_codec", "lie_about_the_end", "garble"]


@pytest.mark.parametrize("how", HOWS)
def test_a_batch_that_cannot_be_read_is_a_dead_letter_and_the_rest_is_read(
    lab: Lab,
    inbox: RecordingInbox,
    until: Until,
    alerts: MakeAlerts,
    send: Send,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    topic = lab.topic()
    for prefix in "abc":
        send(topic, alerts(5, prefix), compression="gzip" if how == "garble" else None)
    damaged(lab, topic, how, 1)
    with caplog.at_level(logging.INFO, "aiops"), lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: len(inbox.records) == 10, "the good ones")
        until(lambda: source.health()["unreadable"] == 5, "the count")
        health = source.health()
    assert inbox.ids == [f"{prefix}{n}" for prefix in "ac" for n in range(5)]
    [letter] = inbox.rejected
    assert letter.place == f"{topic}/0@5-9"
    assert letter.reason.startswith("5 messages cannot be read: ")
    assert letter.raw
    assert inbox.position.at[f"{topic}/0"] == 15
    assert health["ok"]
    assert "5 messages unreadable" in health["detail"]
    assert "does not answer" not in caplog.text


@pytest.mark.parametrize("how", HOWS)
def test_the_last_batch_that_cannot_be_read_does_not_stop_what_comes_later(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, send: Send, how: str
) -> None:
    topic = lab.topic()
    for prefix in "abc":
        send(topic, alerts(5, prefix), compression="gzip" if how == "garble" else None)
    damaged(lab, topic, how, 2)
    with lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: source.health()["unreadable"] == 5, "the count")
        send(topic, alerts(5, "d"))
        until(lambda: len(inbox.records) == 15, "what came later")
    assert inbox.ids == [f"{prefix}{n}" for prefix in "abd" for n in range(5)]
    assert [letter.place for letter in inbox.rejected] == [f"{topic}/0@10-14"]


def test_one_malformed_record_costs_only_itself(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, send: Send
) -> None:
    """The name of its header is no text, which one client cannot read and the other reads as none."""
    topic = lab.topic()
    first, second, third = alerts(3)
    producer = KafkaProducer(bootstrap_servers=lab.broker.bootstrap, linger_ms=5_000)
    for value, name in ((first, "one"), (second, "two"), (third, "six")):
        producer.send(topic, value, headers=[(name, b"x")], partition=0)
    producer.flush(30)
    producer.close(timeout=5)
    segment = Segment(lab.own.directory, topic)
    [batch] = segment.batches()
    segment.replace(batch, b"two", b"\xfft\xfe")
    with lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: source.health()["messages"] == 3, "all three")
    if lab.transport == "kafka-python":
        assert inbox.ids == ["a0", "a2"]
        assert [letter.place for letter in inbox.rejected] == [f"{topic}/0@1"]
    else:
        assert inbox.ids == ["a0", "a1", "a2"]
    assert inbox.position.at[f"{topic}/0"] == 3


def test_a_partition_that_the_broker_cannot_read_is_named_and_the_others_are_read(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "STALLED_S", 2.0)
    topic = lab.topic(partitions=2)
    for prefix in "abc":
        send(topic, alerts(5, prefix))
    segment = Segment(lab.own.directory, topic)
    segment.lose_the_length(segment.batches()[1])
    began = time.time()
    with lab.running(inbox, lab.options(topics=[topic], in_time_order=False)) as source:
        until(lambda: not source.health()["ok"] and source.health()["connected"], "health to say so")
        detail = source.health()["detail"]
        send(topic, alerts(5, "other"), partition=1)
        until(lambda: [one for one in inbox.ids if one.startswith("other")], "the other partition")
    print(time.time() - began, detail, inbox.ids, inbox.rejected)
    assert f"{topic}/0: " in detail
    assert set(inbox.ids) >= {f"other{n}" for n in range(5)}
