"""Topics that are deleted and made anew under the same name: the new one is read from its start, and it is said."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import pytest
from aiops_connectors.kafka.offsets import READER
from kafka import TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from aiops.ports import Position
from tests.kafka.conftest import Lab, MakeAlerts, MakeInbox, RecordingInbox, Until

pytestmark = [pytest.mark.kafka, pytest.mark.needs("admin")]


Remake = Callable[..., None]


@pytest.fixture
def remake(lab: Lab, until: Until) -> Remake:
    """Deletes a topic and makes it anew, as often as the broker needs to agree.

    A creation may be refused, or have taken place although its answer did not come in time. Before the next attempt
    the broker must therefore have forgotten the topic: no reader may see one that is deleted again.
    """

    def again(topic: str, partitions: int = 1) -> None:
        def is_gone() -> bool:
            with suppress(KafkaError):
                if topic not in lab.admin.list_topics():
                    return True
                lab.admin.delete_topics([topic])
            return False

        def is_made() -> bool:
            until(is_gone, "the end of the old topic")
            try:
                lab.admin.create_topics([NewTopic(topic, partitions, 1)])
            except KafkaError:
                # Or a client that asked for it had the broker make it, in another shape.
                return False
            return True

        until(is_made, "the new topic")

    return again


def without_ids(position: Position) -> Position:
    """What was stored against a broker that has no ids of topics (before 2.8)."""
    return Position(position.source, {place: at for place, at in position.at.items() if not place.startswith("#id/")})


@pytest.mark.parametrize("start", ["earliest", "latest"])
def test_a_topic_made_anew_while_we_were_away_is_read_from_its_start(
    lab: Lab,
    make_inbox: MakeInbox,
    until: Until,
    alerts: MakeAlerts,
    remake: Remake,
    caplog: pytest.LogCaptureFixture,
    start: str,
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic], start=start)
    before, after = make_inbox(), make_inbox()
    with lab.running(before, options | {"start": "earliest"}):
        lab.produce(topic, alerts(12, "old"))
        until(lambda: len(before.records) == 12, "the old ones")
    remake(topic)
    lab.produce(topic, alerts(20, "new"))
    with caplog.at_level(logging.WARNING, "aiops"), lab.running(after, options, before.position) as source:
        until(lambda: len(after.records) == 20, "all of the new topic")
        health = source.health()
    assert after.ids == [f"new{n}" for n in range(20)]
    assert health["recreated"] == 1
    assert "recreated" in health["detail"]
    assert "the topic was deleted and recreated" in caplog.text
    assert after.position.at[f"{topic}/0"] == 20
    assert after.position.at[f"#id/{topic}"] != before.position.at[f"#id/{topic}"]


def test_a_restart_on_the_same_topic_reads_on(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic])
    before, after = make_inbox(), make_inbox()
    with lab.running(before, options):
        lab.produce(topic, alerts(12, "a"))
        until(lambda: len(before.records) == 12, "the first")
    lab.produce(topic, alerts(3, "b"))
    with lab.running(after, options, before.position) as source:
        until(lambda: len(after.records) == 3, "the rest")
        assert source.health()["recreated"] == source.health()["skipped"] == 0
    assert after.ids == ["b0", "b1", "b2"]


def test_without_ids_a_shorter_log_tells(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts, remake: Remake
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic])
    before, after = make_inbox(), make_inbox()
    with lab.running(before, options):
        lab.produce(topic, alerts(12, "old"))
        until(lambda: len(before.records) == 12, "the old ones")
    remake(topic)
    lab.produce(topic, alerts(5, "new"))
    with lab.running(after, options, without_ids(before.position)) as source:
        until(lambda: len(after.records) == 5, "all of the new topic")
        assert source.health()["recreated"] == 1
    assert after.ids == [f"new{n}" for n in range(5)]


def test_without_ids_a_log_start_that_went_back_tells(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts, remake: Remake
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic])
    before, after = make_inbox(), make_inbox()
    lab.produce(topic, alerts(12, "old"))
    lab.admin.delete_records({TopicPartition(topic, 0): 10})
    with lab.running(before, options):
        until(lambda: len(before.records) == 2, "what is left")
    assert before.position.at[f"#start/{topic}/0"] == 10
    remake(topic)
    lab.produce(topic, alerts(20, "new"))
    with lab.running(after, options, without_ids(before.position)):
        until(lambda: len(after.records) == 20, "all of the new topic")
    assert after.ids == [f"new{n}" for n in range(20)]


def test_a_topic_made_anew_while_it_is_read(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, remake: Remake
) -> None:
    topic = lab.topic(partitions=2)
    with lab.running(inbox, lab.options(topics=[topic], metadata_max_age_s=0.5)) as source:
        for partition in (0, 1):
            lab.produce(topic, alerts(6, f"old{partition}-"), partition=partition)
        until(lambda: len(inbox.records) == 12, "the old ones")
        remake(topic, partitions=2)
        for partition in (0, 1):
            lab.produce(topic, alerts(20, f"new{partition}-"), partition=partition)
        wanted = {f"new{partition}-{n}" for partition in (0, 1) for n in range(20)}
        until(lambda: wanted <= set(inbox.ids), "all of the new topic")
        until(lambda: source.health()["recreated"] >= 2, "health to say so")
        until(lambda: source.health()["ok"], "health to be well again")
    assert {place: at for place, at in inbox.position.at.items() if not place.startswith(("#id/", READER))} == {
        f"{topic}/0": 20,
        f"{topic}/1": 20,
    }


def test_messages_that_retention_removed_are_skipped_aloud(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts, caplog: pytest.LogCaptureFixture
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic])
    before, after = make_inbox(), make_inbox()
    lab.produce(topic, alerts(4, "a"))
    with lab.running(before, options):
        until(lambda: len(before.records) == 4, "the first")
    lab.produce(topic, alerts(8, "b"))
    lab.admin.delete_records({TopicPartition(topic, 0): 9})
    with caplog.at_level(logging.WARNING, "aiops"), lab.running(after, options, before.position) as source:
        until(lambda: len(after.records) == 3, "what is left")
        health = source.health()
    assert (health["skipped"], health["recreated"]) == (5, 0)
    assert "5 messages were gone from the broker" in health["detail"]
    [line] = [record for record in caplog.records if "skipped messages" in record.message]
    assert (line.__dict__["fields"]["place"], line.__dict__["fields"]["messages"]) == (f"{topic}/0", 5)
