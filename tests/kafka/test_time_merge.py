"""A backlog leaves in the order of time, each partition in its own order; nobody waits for those at their ends."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import merge
from typing import NamedTuple

from aiops_connectors.kafka.consumer import Batch, Partition
from aiops_connectors.kafka.decoding import Item
from aiops_connectors.kafka.time_merge import ITEM_BYTES, PATIENCE_S, SHARE_BYTES, TimeMerge
from hypothesis import given
from hypothesis import strategies as st

A, B, C = ("t", 0), ("t", 1), ("t", 2)


def item(partition: Partition, offset: int, at: float, size: int = 10) -> Item:
    return Item(partition, offset + 1, float(at), float(at), size)


def items(partition: Partition, times: Sequence[float], first: int = 0) -> list[Item]:
    return [item(partition, offset, at) for offset, at in enumerate(times, first)]


def ats(taken: Iterable[Item]) -> list[float]:
    return [each.at for each in taken]


def never_falling(backlog: Sequence[Item]) -> list[tuple[float, Item]]:
    high, out = float("-inf"), []
    for each in backlog:
        high = max(high, each.at)
        out.append((high, each))
    return out


@given(
    logs=st.lists(st.lists(st.integers(0, 50), max_size=25), min_size=1, max_size=4),
    bring=st.randoms(use_true_random=False),
    limit=st.integers(1, 30),
)
def test_a_known_backlog_leaves_merged(logs: list[list[int]], bring: random.Random, limit: int) -> None:
    """However the client brings it: as if all partitions had been one, each in its own order."""
    backlog = {("t", number): items(("t", number), times) for number, times in enumerate(logs)}
    queues = TimeMerge(1 << 30)
    queues.assign(dict.fromkeys(backlog, 0))
    brought = dict.fromkeys(backlog, 0)
    left: list[Item] = []
    while len(left) < sum(map(len, backlog.values())):
        behind = [one for one in backlog if brought[one] < len(backlog[one])]
        if behind:
            one = bring.choice(behind)
            until = brought[one] + bring.randrange(1, 8)
            queues.add([(one, backlog[one][brought[one] : until])])
            brought[one] = min(until, len(backlog[one]))
        remaining = {one: len(backlog[one]) - brought[one] for one in backlog}
        left += queues.take(limit, remaining, 0.0)
    wanted = merge(*(never_falling(each) for each in backlog.values()), key=lambda pair: pair[0])
    assert [high for high, _ in wanted] == sorted(high for each in backlog.values() for high, _ in never_falling(each))
    by_partition: defaultdict[Partition, list[Item]] = defaultdict(list)
    for each in left:
        by_partition[each.partition].append(each)
    assert {one: log for one, log in backlog.items() if log} == dict(by_partition)
    highs = {(each.partition, each.end): high for log in backlog.values() for high, each in never_falling(log)}
    order = [highs[each.partition, each.end] for each in left]
    assert order == sorted(order)
    assert queues.held == 0


def test_equal_times_go_as_they_were_sent() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 0})
    first, second = item(B, 0, 5), item(A, 0, 5)
    first.sent, second.sent = 100.0, 101.0
    queues.add([(A, [second]), (B, [first])])
    assert queues.take(10, {A: 0, B: 0}, 0.0) == [first, second]


def test_at_the_end_nobody_waits() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 0, C: 0})
    queues.add([(A, items(A, [7]))])
    assert ats(queues.take(10, {A: 0, B: 0, C: 0}, 0.0)) == [7]


def test_what_is_behind_is_waited_for_with_patience() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 0})
    queues.add([(A, items(A, [7]))])
    behind = {A: 0, B: 100}
    assert queues.take(10, behind, 10.0) == []
    assert queues.take(10, behind, 10.0 + PATIENCE_S / 2) == []
    assert queues.blocked_s(10.0 + PATIENCE_S / 2) == PATIENCE_S / 2
    assert ats(queues.take(10, behind, 10.0 + PATIENCE_S)) == [7]
    # From then on it holds nobody up, until it brings something.
    queues.add([(A, items(A, [8, 9], first=1))])
    assert ats(queues.take(10, behind, 16.0)) == [8, 9]
    queues.add([(B, items(B, [3])), (A, items(A, [10], first=3))])
    assert ats(queues.take(10, behind, 17.0)) == [3]
    assert queues.take(10, behind, 17.0) == []


def test_of_whom_nothing_is_known_is_waited_for_until_the_broker_was_asked() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 5})
    queues.add([(A, items(A, [7]))])
    assert queues.take(10, {A: 0}, 0.0) == []
    queues.update_ends({A: 1, B: 5})
    assert ats(queues.take(10, {A: 0}, 0.0)) == [7]


def test_an_open_transaction_holds_nobody_up_once_the_broker_was_asked() -> None:
    """Its messages count, but cannot be read; the end that the broker tells lies before them."""
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 5})
    queues.add([(A, items(A, [7]))])
    behind = {A: 0, B: 100}
    assert queues.take(10, behind, 0.0) == []
    queues.update_ends({A: 1, B: 5})
    queues.reached({A: 1, B: 5})
    assert ats(queues.take(10, behind, 0.0)) == [7]


def test_those_far_ahead_are_held_back_and_go_on_at_half() -> None:
    queues = TimeMerge(2 * SHARE_BYTES)
    queues.assign({A: 0, B: 0})
    count = SHARE_BYTES // (10 + ITEM_BYTES) + 1
    queues.add([(A, items(A, range(100, 100 + count)))])
    assert queues.full() == {A}
    queues.add([(B, items(B, [100 + count // 3]))])
    assert len(queues.take(count, {A: 9, B: 9}, 0.0)) > count // 3
    assert queues.full() == {A}
    queues.add([(B, items(B, [100 + count // 3 * 2], first=1))])
    queues.take(count, {A: 9, B: 9}, 0.0)
    assert queues.full() == set()


def test_what_may_leave_counts_as_held_until_it_does() -> None:
    queues = TimeMerge(2 * SHARE_BYTES)
    queues.assign({A: 0, B: 0})
    count = SHARE_BYTES // (10 + ITEM_BYTES) + 3
    queues.add([(A, items(A, range(count)))])
    assert len(queues.take(1, {A: 0, B: 0}, 0.0)) == 1
    assert queues.ready
    assert (queues.held, queues.full()) == (count - 1, {A})


def test_partitions_that_went_away_are_forgotten() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 0})
    queues.add([(A, items(A, [1, 4, 6])), (B, items(B, [2, 5]))])
    assert ats(queues.take(1, {}, 0.0)) == [1]
    queues.drop([A])
    assert ats(queues.take(10, {B: 0}, 0.0)) == [2, 5]
    read: list[Batch] = [(A, [Message(3)]), (B, [Message(1), Message(2)])]
    assert queues.unread(read) == [(B, read[1][1][1:])]


def test_without_order_everything_leaves_as_it_came() -> None:
    queues = TimeMerge(1 << 20, merge=False)
    queues.assign({A: 0, B: 0})
    queues.add([(A, items(A, [7, 8])), (B, items(B, [1]))])
    assert ats(queues.take(10, {A: 50, B: 50}, 0.0)) == [7, 8, 1]


def test_one_absurd_time_holds_back_its_own_partition_only() -> None:
    queues = TimeMerge(1 << 20)
    queues.assign({A: 0, B: 0})
    queues.add([(A, items(A, [10_000, 2])), (B, items(B, [1, 3]))])
    assert ats(queues.take(10, {A: 0, B: 50}, 0.0)) == [1, 3]
    assert ats(queues.take(10, {A: 0, B: 0}, 0.0)) == [10_000, 2]


class Message(NamedTuple):
    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
