"""A backlog of several partitions comes in the order of time; what is at its end holds nobody up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

import msgspec
import pytest

from aiops.ports import Position
from tests.kafka.conftest import Lab, MakeInbox, RecordingInbox, Until, position_of

pytestmark = pytest.mark.kafka
BEGAN = 1_767_225_600
# A fetch of an empty partition is answered after half a second; to wait for one would take longer than this.
AT_ONCE_S = 0.45


Timed = Callable[[Iterable[float]], list[bytes]]


@pytest.fixture
def timed() -> Timed:
    """Alerts in the archive's form: an id and a time for each."""

    def make(times: Iterable[float]) -> list[bytes]:
        plain = {"kind": "alert", "name": "DiskFull", "message": "x" * 300}
        return [msgspec.json.encode(plain | {"ts": BEGAN + at, "id": f"{at}"}) for at in times]

    return make


def times(inbox: RecordingInbox) -> list[float]:
    return [record.ts - BEGAN for record in inbox.records]


def test_a_backlog_is_read_in_the_order_of_time(lab: Lab, inbox: RecordingInbox, until: Until, timed: Timed) -> None:
    """Written partition by partition; one of them is empty. What is held has a limit, and places stay exact."""
    topic = lab.topic(partitions=5)
    for partition in range(4):
        lab.produce(topic, timed(range(partition, 6_000, 4)), partition=partition)
    options = lab.options(topics=[topic], max_poll_records=300, fetch_max_bytes=600_000)
    with lab.running(inbox, options) as source:
        until(lambda: len(inbox.records) == 6_000, "everything")
        until(lambda: source.health()["held"] == 0, "nothing to be held")
    assert times(inbox) == list(range(6_000))
    assert {len(batch.records) <= 300 for batch in inbox.batches} == {True}
    done = {f"{topic}/{partition}": 0 for partition in range(5)}
    for batch in inbox.batches:
        for record in batch.records:
            done[f"{topic}/{int(record.id) % 4}"] += 1
        places = {place: at for place, at in position_of(batch).at.items() if not place.startswith("#")}
        assert {**done, **places} == done


def test_partitions_that_are_ahead_are_held_back(lab: Lab, inbox: RecordingInbox, until: Until, timed: Timed) -> None:
    """One partition holds the past, another the present: the second waits, without filling the memory."""
    topic = lab.topic(partitions=2)
    lab.produce(topic, timed(range(10_000, 16_000)), partition=0)
    lab.produce(topic, timed(range(6_000)), partition=1)
    held: list[int] = []

    def is_read() -> bool:
        held.append(source.health()["held"])
        return len(inbox.records) == 12_000

    options = lab.options(topics=[topic], max_poll_records=200, fetch_max_bytes=200_000)
    with lab.running(inbox, options) as source:
        until(is_read, "everything")
    assert times(inbox) == [*range(6_000), *range(10_000, 16_000)]
    # A share each, and one poll beyond it.
    assert max(held) <= 200_000 // 800 + 2 * 200


def test_restarts_amid_a_backlog_lose_and_repeat_nothing(
    lab: Lab, make_inbox: MakeInbox, until: Until, timed: Timed
) -> None:
    topic = lab.topic(partitions=3)
    for partition in range(3):
        lab.produce(topic, timed(range(partition, 3_000, 3)), partition=partition)
    options = lab.options(topics=[topic], max_poll_records=100)
    seen: list[float] = []
    position: Position | None = None
    for life in range(3):
        inbox = make_inbox()
        wanted = 700 if life < 2 else 3_000 - len(seen)
        with lab.running(inbox, options, position):
            until(partial(inbox.has, wanted), "some of it")
        seen += times(inbox)
        position = inbox.position
    assert seen == list(range(3_000))


def test_nothing_waits_once_all_are_read_to_the_end(
    lab: Lab, inbox: RecordingInbox, until: Until, timed: Timed
) -> None:
    topic = lab.topic(partitions=4)
    lab.produce(topic, timed(range(100)), partition=0)
    with lab.running(inbox, lab.options(topics=[topic])) as source:
        until(lambda: len(inbox.records) == 100 and source.health()["connected"], "the backlog")
        took = []
        for place in range(6):
            began = time.monotonic()
            lab.produce(topic, timed([1_000 - place]), partition=place % 3)
            until(partial(inbox.has, 101 + place), "one alert")
            took.append(time.monotonic() - began)
    assert sorted(took)[3] < AT_ONCE_S, took


@pytest.mark.needs("txn")
def test_an_open_transaction_holds_no_other_partition_up(
    lab: Lab, inbox: RecordingInbox, until: Until, timed: Timed
) -> None:
    from kafka import KafkaProducer

    topic = lab.topic(partitions=2)
    producer = KafkaProducer(bootstrap_servers=lab.broker.bootstrap, transactional_id=topic)
    producer.init_transactions()
    producer.begin_transaction()
    for value in timed(range(20)):
        producer.send(topic, value, partition=0)
    producer.flush()

    def is_last(at: int) -> bool:
        return times(inbox)[-1] == at

    try:
        with lab.running(inbox, lab.options(topics=[topic])):
            began = time.monotonic()
            lab.produce(topic, timed([100]), partition=1)
            until(lambda: inbox.records, "the other partition")
            producer.commit_transaction()
            until(lambda: len(inbox.records) == 21, "what was committed")
            assert times(inbox) == [100, *range(20)]
            for at in (101, 102, 103):
                began = time.monotonic()
                lab.produce(topic, timed([at]), partition=1)
                until(partial(is_last, at), "one alert behind the marks of a transaction")
                assert time.monotonic() - began < 2
    finally:
        producer.close()


def test_order_can_be_switched_off(lab: Lab, inbox: RecordingInbox, until: Until, timed: Timed) -> None:
    topic = lab.topic(partitions=2)
    lab.produce(topic, timed(range(1, 2_000, 2)), partition=0)
    lab.produce(topic, timed(range(0, 2_000, 2)), partition=1)
    with lab.running(inbox, lab.options(topics=[topic], in_time_order=False, max_poll_records=500)):
        until(lambda: len(inbox.records) == 2_000, "everything")
    assert times(inbox) != sorted(times(inbox))
    assert sorted(times(inbox)) == list(range(2_000))
