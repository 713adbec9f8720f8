"""What stands in the place of messages that cannot be read, without a broker."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kafka.consumer import Unreadable
from aiops_connectors.kafka.decoding import Reader, records_of
from aiops_connectors.kafka.kafka_python_records import GuardedRecords
from aiops_connectors.kafka.status import Status
from kafka import TopicPartition
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

Suspects = dict[tuple[Any, int], None]
AT = TopicPartition("t", 0)
ALERT = b'{"kind":"alert","ts":1767225600,"name":"DiskFull"}'


class Message:
    def __init__(self, offset: int, value: bytes | None, key: bytes | None = None) -> None:
        self.offset, self.value, self.key = offset, value, key
        self.headers, self.timestamp = (), 1_767_225_600_000


def batch(first: int, count: int) -> bytearray:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20)
    for n in range(count):
        builder.append(timestamp=1_767_225_600_000, key=None, value=b"v%d" % (first + n), headers=[])
    builder.close()
    data = bytearray(builder.buffer())
    data[:8] = first.to_bytes(8, "big")
    return data


def flipped(data: bytearray) -> bytearray:
    data[-2] ^= 0x10
    return data


def read(data: bytearray, suspects: Suspects, fetch: int = 0, high: int = -1) -> tuple[list[Any], int]:
    """What one fetch of these bytes gives: offsets and gaps, and where the next begins."""
    guarded = GuardedRecords(fetch, AT, MemoryRecords(bytes(data)))
    guarded.suspects, guarded.high = suspects, high
    found = [(one.offset, one.end) if isinstance(one, Unreadable) else one.offset for one in guarded.take(1_000)]
    return found, guarded.next_fetch_offset


def test_a_damaged_batch_is_fetched_once_more_and_then_passed_over() -> None:
    data = batch(0, 2) + flipped(batch(2, 3)) + batch(5, 2)
    suspects: Suspects = {}
    assert read(data, suspects) == ([0, 1], 2)
    assert read(data, suspects, fetch=2) == ([(2, 5), 5, 6], 7)
    # It was damaged on the way only.
    suspects = {}
    assert read(data, suspects) == ([0, 1], 2)
    assert read(batch(2, 3) + batch(5, 2), suspects, fetch=2) == ([2, 3, 4, 5, 6], 7)


def test_a_header_that_lies_about_its_end_skips_nothing_that_is_good() -> None:
    lying = batch(2, 3)
    lying[23:27] = (1_000).to_bytes(4, "big")
    suspects: Suspects = {}
    assert read(lying + batch(5, 2), suspects, fetch=2) == ([], 2)
    assert read(lying + batch(5, 2), suspects, fetch=2) == ([(2, 5), 5, 6], 7)
    suspects = {}
    assert read(lying, suspects, fetch=2, high=5) == ([], 2)
    assert read(lying, suspects, fetch=2, high=5) == ([(2, 5)], 5)


def test_a_gap_is_one_dead_letter_and_a_tombstone_none() -> None:
    reader = Reader("kafka", None, 1 << 20, lambda: 1.0)
    messages: list[Any] = [
        Message(3, ALERT),
        Unreadable(4, 9, "codec 7", b"raw"),
        Message(9, None, b"key"),
        Message(10, None),
    ]
    [(_, items)] = reader.read([(("t", 0), messages)])
    assert [item.end for item in items] == [4, 9, 10, 11]
    assert [item.tombstone for item in items] == [False, False, True, False]
    assert [item.unreadable for item in items] == [0, 5, 0, 0]
    assert len(records_of(items)) == 1
    letters = [letter for item in items for letter in item.rejected or ()]
    assert [(letter.place, letter.raw) for letter in letters] == [("t/0@4-8", b"raw"), ("t/0@10", b"")]
    assert letters[0].reason == "5 messages cannot be read: codec 7"


@pytest.fixture
def status() -> Status:
    status = Status(lambda: 0.0, "alerts")
    status.connected()
    return status


def test_a_blocked_partition_is_not_well_until_it_is_read(status: Status, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        status.blocked("t/0", "not authorized")
    assert (status.shown()["ok"], "t/0: not authorized" in status.shown()["detail"]) == (False, True)
    assert len(caplog.records) == 1
    status.reads(["t/1"])
    assert not status.shown()["ok"]
    status.reads(["t/0"])
    assert status.shown()["ok"]


def test_a_topic_that_cannot_be_read_is_said_until_it_can(status: Status, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        status.problems({"t": "it does not exist"})
    assert (status.shown()["ok"], len(caplog.records)) == (False, 1)
    status.problems({})
    assert status.shown()["ok"]


def test_a_refusal_is_no_outage_and_said_once(status: Status, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        status.failed("GroupAuthorizationFailedError: g", refused=True)
    shown = status.shown()
    assert (shown["ok"], shown["refused"], shown["connected"]) == (False, True, False)
    assert shown["detail"] == "refused by the broker: GroupAuthorizationFailedError: g"
    assert [record.message.partition(":")[0] for record in caplog.records] == ["the broker refuses"]
    status.connected()
    assert status.shown()["ok"]


def test_what_is_lost_is_said(status: Status, caplog: pytest.LogCaptureFixture) -> None:
    status.skipped("t/0", 4, 9)
    status.recreated("t/1", 7, 2, 3)
    status.recreated("t/2", 7, 0, None)
    shown = status.shown()
    assert (shown["skipped"], shown["recreated"]) == (5 + 5, 2)
    assert "10 messages were gone" in shown["detail"]
    assert [
        record.__dict__["fields"].get("messages", record.__dict__["fields"].get("skipped")) for record in caplog.records
    ] == [
        5,
        5,
        "unknown",
    ]
