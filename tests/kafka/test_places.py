"""Where reading begins and goes on: after a restart, by policy, by pattern, and when the group moves partitions."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from aiops_connectors.kafka.offsets import READER
from aiops_connectors.kafka.source import KafkaSource

from aiops.ports import Position
from aiops.records.decode import format_time
from tests.kafka.conftest import Lab, MakeAlerts, MakeInbox, RecordingInbox, Until

pytestmark = pytest.mark.kafka


def test_restarts_lose_and_repeat_nothing(lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts) -> None:
    """Each life reads on from what the last one journaled, whatever the group was told."""
    topic = lab.topic(partitions=3)
    values = alerts(3_000)
    options = lab.options(topics=[topic], max_poll_records=100)
    chosen = random.Random(7)
    ids: list[str] = []
    position: Position | None = None
    for life in range(4):
        lab.produce(topic, values[life * 750 : (life + 1) * 750])
        inbox = make_inbox()
        wanted = chosen.randrange(100, 400) if life < 3 else len(values) - len(ids)
        with lab.running(inbox, options, position):
            until(partial(inbox.has, wanted), "some of the alerts")
        ids += inbox.ids
        position = inbox.position
    assert sorted(ids) == sorted(f"a{n}" for n in range(3_000))
    assert position is not None
    assert sum(at for place, at in position.at.items() if not place.startswith("#")) == 3_000


def test_the_stored_position_decides_not_the_groups_offset(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic])
    lab.produce(topic, alerts(10))
    first = make_inbox()
    with lab.running(first, options):
        until(lambda: len(first.records) == 10, "all ten")
    # A state that is restored from an older copy must get again what it has not seen.
    second = make_inbox()
    own = {READER: first.position.at[READER]}
    with lab.running(second, options, Position("test", {f"{topic}/0": 4} | own)):
        until(lambda: len(second.records) == 6, "the last six")
    assert second.ids == [f"a{n}" for n in range(4, 10)]
    # Without a state, the group's offset is better than the start policy.
    third = make_inbox()
    lab.produce(topic, alerts(1, "b"))
    with lab.running(third, options):
        until(lambda: third.records, "the new one")
    assert third.ids == ["b0"]
    # A stranger to those who read on while it was away has nothing to read again.
    fourth = make_inbox()
    lab.produce(topic, alerts(1, "c"))
    with lab.running(fourth, options, Position("test", {f"{topic}/0": 4, READER: 1})):
        until(lambda: "c0" in fourth.ids, "the newest")
    assert fourth.ids == ["c0"]


def test_start_at_the_latest(
    lab: Lab, inbox: RecordingInbox, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic()
    lab.produce(topic, alerts(5, "old"))
    options = lab.options(topics=[topic], start="latest")
    with lab.running(inbox, options):
        # What the policy meant is stored at once, before any message came.
        until(lambda: inbox.batches, "the position")
    assert inbox.position.at[f"{topic}/0"] == 5
    lab.produce(topic, alerts(5, "missed"))
    again = make_inbox()
    with lab.running(again, options | {"group_id": "another"}, inbox.position):
        until(lambda: len(again.records) == 5, "those in between")
    assert again.ids == [f"missed{n}" for n in range(5)]


@pytest.mark.needs("timestamps")
@pytest.mark.parametrize("shown", [float, format_time])
def test_start_at_a_time(lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, shown: Any) -> None:
    topic = lab.topic(partitions=2)
    began = int(time.time()) - 100
    for partition in (0, 1):
        for n, value in enumerate(alerts(4, f"p{partition}n")):
            lab.produce(topic, [value], partition=partition, timestamp_ms=(began + 5 * n) * 1000)
    with lab.running(inbox, lab.options(topics=[topic], start=shown(began + 10))):
        until(lambda: len(inbox.records) == 4, "two of each partition")
    assert sorted(inbox.ids) == ["p0n2", "p0n3", "p1n2", "p1n3"]


def test_a_pattern_means_whole_names_and_finds_new_topics(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    prefix = f"site{time.time_ns()}"
    topics = [lab.topic(prefix=f"{prefix}-a"), lab.topic(prefix=f"{prefix}-b"), lab.topic(prefix=f"not-{prefix}-a")]
    for topic in topics:
        lab.produce(topic, alerts(1, topic))
    with lab.running(inbox, lab.options(pattern=f"{prefix}-[ab]-[0-9a-f]+", metadata_max_age_s=0.5)):
        until(lambda: len(inbox.records) == 2, "both topics")
        later = lab.topic(prefix=f"{prefix}-b")
        lab.produce(later, alerts(1, later))
        until(lambda: len(inbox.records) == 3, "the topic that came later")
    assert sorted(inbox.ids) == sorted(f"{topic}0" for topic in [*topics[:2], later])


def test_a_pattern_that_backtracking_never_finishes_is_matched(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    prefix = f"slow{time.time_ns()}"
    other, wanted = lab.topic(prefix=f"{prefix}-{'a' * 60}-no"), lab.topic(prefix=f"{prefix}-aaa")
    for topic in (other, wanted):
        lab.produce(topic, alerts(1, topic))
    with lab.running(inbox, lab.options(pattern=f"{prefix}-((a+)+)+-[0-9a-f]+", metadata_max_age_s=0.5)):
        until(lambda: len(inbox.records) == 1, "the topic that matches")
    assert inbox.ids == [f"{wanted}0"]


def test_a_topic_that_comes_later_is_read_then(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    from kafka.admin import NewTopic
    from kafka.errors import TopicAlreadyExistsError

    name = f"later-{time.time_ns()}"
    with lab.running(inbox, lab.options(topics=[name], metadata_max_age_s=0.5)) as source:
        until(lambda: source.health()["connected"], "the connection")
        # The client asks again when an answer is late, and is then told that the topic is there.
        with suppress(TopicAlreadyExistsError):
            lab.admin.create_topics([NewTopic(name, 1, 1)])
        lab.produce(name, alerts(3))
        until(lambda: len(inbox.records) == 3, "its alerts")


@pytest.mark.needs("durable")  # Only a broker of ours takes so short a session.
def test_back_pressure_pauses_without_losing_its_place(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic(partitions=2)
    lab.produce(topic, alerts(2_000))
    inbox.full = True
    with lab.running(inbox, lab.options(topics=[topic], max_poll_records=50, session_timeout_s=6.0)) as source:
        until(lambda: inbox.refused >= 10, "several refusals")
        health = source.health()
        assert health["paused"]
        assert health["detail"].startswith("paused")
        # Longer than the session: only a member that keeps up with the group is in it by then.
        time.sleep(8.0)
        assert source.health()["rebalances"] == health["rebalances"]
        assert inbox.batches == []
        inbox.full = False
        until(lambda: len(inbox.records) == 2_000, "everything")
        assert not source.health()["paused"]
    assert sorted(inbox.ids) == sorted(f"a{n}" for n in range(2_000))
    assert max(len(batch.records) for batch in inbox.batches) <= 50


def test_stop_while_full_ends_soon(lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts) -> None:
    topic = lab.topic()
    lab.produce(topic, alerts(10))
    inbox.full = True
    with lab.running(inbox, lab.options(topics=[topic])):
        until(lambda: inbox.refused, "a refusal")
        began = time.monotonic()
    assert time.monotonic() - began < 60
    assert inbox.batches == []


def test_partitions_move_between_two_members_without_loss_or_repeats(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic(partitions=4)
    options = lab.options(topics=[topic], max_poll_records=20)
    one, two = make_inbox(), make_inbox()

    def total() -> int:
        return len(one.records) + len(two.records)

    with lab.running(one, options):
        lab.produce(topic, alerts(400, "a"))
        until(lambda: len(one.records) == 400, "the first has it all")
        with lab.running(two, options) as second:
            until(lambda: second.health()["partitions"] == 2, "a share")
            lab.produce(topic, alerts(400, "b"))
            until(lambda: total() == 800, "both together")
            until(lambda: any(at < 0 for at in one.position.at.values()), "the mark of the hand-over")
        lab.produce(topic, alerts(400, "c"))
        until(lambda: total() == 1_200, "the first has it all again")
    assert two.records
    assert sorted(one.ids + two.ids) == sorted(f"{p}{n}" for p in "abc" for n in range(400))
    assert all(at >= 0 for at in one.position.at.values())


def test_a_busy_engine_hands_over_what_it_has_not_taken(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    """What the first member holds and cannot pass on is read by the second, and by it alone."""
    topic = lab.topic(partitions=2)
    options = lab.options(topics=[topic], max_poll_records=1_000)
    one, two = make_inbox(), make_inbox()
    one.full = True
    lab.produce(topic, alerts(100))
    with lab.running(one, options):
        until(lambda: one.refused >= 3, "the first is full")
        with lab.running(two, options):
            until(lambda: two.records, "the second reads its share")
            one.full = False
            until(lambda: len(one.records) + len(two.records) == 100, "all of it")
    assert sorted(one.ids + two.ids) == sorted(f"a{n}" for n in range(100))


@pytest.mark.needs("static")
def test_a_static_member_restarts_without_moving_partitions(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts
) -> None:
    topic = lab.topic(partitions=2)
    options = lab.options(topics=[topic], session_timeout_s=30.0)
    one, two, again = make_inbox(), make_inbox(), make_inbox()
    with lab.running(two, options | {"group_instance_id": "two"}) as second:
        # Who joins first leads the group: a leader that restarts has the others join anew.
        until(lambda: second.health()["partitions"] == 2, "all of it")
        with lab.running(one, options | {"group_instance_id": "one"}) as first:
            until(lambda: [each.health()["partitions"] for each in (first, second)] == [1, 1], "one each")
            lab.produce(topic, alerts(100, "a"))
            until(lambda: len(one.records) + len(two.records) == 100, "the first hundred")
        before = second.health()["rebalances"]
        lab.produce(topic, alerts(100, "b"))
        with lab.running(again, options | {"group_instance_id": "one"}, one.position):
            until(lambda: len(one.records + two.records + again.records) == 200, "the second hundred")
        assert second.health()["rebalances"] == before
    assert again.records
    assert sorted(one.ids + two.ids + again.ids) == sorted(f"{p}{n}" for p in "ab" for n in range(100))


@pytest.mark.needs("static")
@pytest.mark.parametrize("by", ["topics", "pattern"])
@pytest.mark.parametrize("when", ["while it runs", "after a restart", "between two lives"])
def test_a_static_member_reads_a_topic_that_comes_later(
    lab: Lab, make_inbox: MakeInbox, until: Until, alerts: MakeAlerts, by: str, when: str
) -> None:
    """Nobody else is there to notice the topic, and a restarted static member is handed its old, empty share."""
    from kafka.admin import NewTopic
    from kafka.errors import TopicAlreadyExistsError

    name = f"later-{time.time_ns()}"
    options = lab.options(metadata_max_age_s=0.5, session_timeout_s=30.0, group_instance_id="one")
    options |= {"topics": [name]} if by == "topics" else {"pattern": name[:-2] + "[0-9]+"}

    def create() -> None:
        # The broker may have made it already, for a client that asked.
        with suppress(TopicAlreadyExistsError):
            lab.admin.create_topics([NewTopic(name, 2, 1)])

    # The other client joins only once there is something to read.
    def has_joined(source: KafkaSource) -> bool:
        return bool(source.health()["rebalances"]) or lab.transport == "librdkafka"

    inbox = make_inbox()
    if when != "while it runs":
        with lab.running(make_inbox(), options) as source:
            until(lambda: source.health()["connected"] and has_joined(source), "the first share")
    if when == "between two lives":
        create()
    with lab.running(inbox, options) as source:
        until(lambda: source.health()["connected"] and has_joined(source), "a share")
        if when != "between two lives":
            create()
        for partition in (0, 1):
            lab.produce(name, alerts(3, f"p{partition}n"), partition=partition)
        until(lambda: len(inbox.records) == 6, "its alerts")
    assert sorted(inbox.ids) == sorted(f"p{partition}n{n}" for partition in (0, 1) for n in range(3))
