"""Merges the backlog of partitions in the order of their records' times.

A client brings a backlog partition by partition, a megabyte of one and then a megabyte of the next, although related
alerts lie beside each other in time. Here each partition has a queue, and the queues are merged by time: nothing leaves
that is later than what a partition with more to come may still bring. A partition whose end has been reached holds
nobody back: nothing waits once all are read to their ends.

The time is that of the record, since alerts are correlated by their own times; but never later than the message was
sent: one far-future timestamp does not put its partition behind all others. Events of the same time leave in the order
in which they were sent. Within a partition the order stays that of the broker, since a partition has a single offset.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from aiops_connectors.kafka.consumer import Batch, Partition
from aiops_connectors.kafka.decoding import Item

# The size of a message beyond its bytes: many small ones need a limit too.
ITEM_BYTES = 100
# However many partitions share the limit, each may hold a few messages, or each of them would cost a round trip.
SHARE_BYTES = 64 << 10
# A partition that is behind and brings nothing for so long is not waited for until it does: its leader is away.
PATIENCE_S = 5.0
# After this short a wait, a query to the broker shows if there is anything to wait for.
QUERY_AFTER_S = 0.3
_UNKNOWN = 1 << 62
_NEVER = float("inf")
_BEFORE_ALL = float("-inf")


class PartitionQueue:
    """One partition: what was read and has not left, with columns beside it of which none ever falls.

    `times[i]` is when `items[i]` happened, `sent[i]` when it was sent, `totals[i]` all bytes up to it.
    """

    __slots__ = ("end", "gone_bytes", "items", "leaving_bytes", "next", "sent", "silent", "times", "totals")

    def __init__(self, start: int) -> None:
        self.items: list[Item] = []
        self.times: list[float] = []
        self.sent: list[float] = []
        self.totals: list[int] = []
        # All bytes that have left the columns, and those of them that are still waiting to be handed over.
        self.gone_bytes = self.leaving_bytes = 0
        # The next offset, and the end of the partition at the last query.
        self.next = start
        self.end: int | None = None
        self.silent = False

    @property
    def bytes(self) -> int:
        """Return an estimate of the memory that is held."""
        return self.leaving_bytes + (self.totals[-1] - self.gone_bytes if self.totals else 0)

    def add(self, items: Sequence[Item]) -> None:
        last = self.totals[-1] if self.totals else self.gone_bytes
        _extend(self.times, [item.at for item in items])
        _extend(self.sent, [item.sent for item in items])
        self.totals += list(accumulate([item.bytes + ITEM_BYTES for item in items], initial=last))[1:]
        self.items += items
        self.next = items[-1].end
        self.silent = False

    def cut(self, count: int) -> None:
        """The first `count` are leaving."""
        self.leaving_bytes += self.totals[count - 1] - self.gone_bytes
        self.gone_bytes = self.totals[count - 1]
        del self.items[:count], self.times[:count], self.sent[:count], self.totals[:count]


def _extend(column: list[float], more: list[float]) -> None:
    """Add to a column without letting it fall."""
    if column and more[0] < column[-1]:
        more[0] = column[-1]
    column += accumulate(more, max)


class TimeMerge:
    """The queues of our partitions; about `max_bytes` in all.

    Beyond that, `full` names the partitions to hold back. With `merge` off, everything leaves as it came.
    """

    def __init__(self, max_bytes: int, *, merge: bool = True) -> None:
        self._max_bytes = max_bytes
        self._merge = merge
        self._queues: dict[Partition, PartitionQueue] = {}
        # What may leave, in order; its bytes count until all of it has left.
        self._ready: list[Item] = []
        self._full: set[Partition] = set()
        self._waiting_since: float | None = None

    @property
    def ready(self) -> bool:
        """Return True if something may leave without another query to the broker."""
        return bool(self._ready)

    @property
    def held(self) -> int:
        """Messages that were read and have not left."""
        return len(self._ready) + sum(len(queue.items) for queue in self._queues.values())

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Take over these partitions, and only these, read from these offsets."""
        self._queues = {partition: PartitionQueue(start) for partition, start in sorted(starts.items())}
        self._ready, self._full, self._waiting_since = [], set(), None

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Forget what was read of these."""
        gone = set(partitions)
        self._queues = {partition: queue for partition, queue in self._queues.items() if partition not in gone}
        self._ready = [item for item in self._ready if item.partition not in gone]
        self._full -= gone

    def skip(self, partition: Partition, found: int) -> None:
        """Continue reading at this offset."""
        if partition in self._queues:
            self._queues[partition].next = found

    def update_ends(self, ends: Mapping[Partition, int]) -> None:
        """Store the ends from a query to the broker."""
        for partition, queue in self._queues.items():
            queue.end = ends.get(partition, queue.end)

    def unread(self, batches: Iterable[Batch]) -> list[Batch]:
        """The batches without what is not ours, or was read already, whatever a client may bring."""
        kept: list[Batch] = []
        for partition, messages in batches:
            queue = self._queues.get(partition)
            if queue is None:
                continue
            if messages and messages[0].offset < queue.next:
                messages = [message for message in messages if message.offset >= queue.next]
            if messages:
                kept.append((partition, messages))
        return kept

    def add(self, read: Iterable[tuple[Partition, Sequence[Item]]]) -> None:
        """Take what was read, in order of each partition."""
        for partition, items in read:
            if items:
                self._queues[partition].add(items)

    def take(self, limit: int, remaining: Mapping[Partition, int], now: float) -> list[Item]:
        """Return at most `limit` items that may leave.

        `remaining` is that of `Consumer.remaining`, `now` in monotonic seconds.
        """
        if not self._ready:
            self._release(remaining, now)
        taken, self._ready = self._ready[:limit], self._ready[limit:]
        if not self._ready:
            for queue in self._queues.values():
                queue.leaving_bytes = 0
        return taken

    def flush(self) -> list[Item]:
        """All that was read and has not left, whatever may come before it."""
        items = self._ready + self._merged(_NEVER)
        self._ready = []
        return items

    def blocked_s(self, now: float) -> float:
        """For how long something has been waiting for a partition that brings nothing."""
        return 0.0 if self._waiting_since is None else now - self._waiting_since

    def full(self) -> set[Partition]:
        """Return the partitions that hold their share: far ahead of the others.

        They may continue at half of it.
        """
        share = max(SHARE_BYTES, self._max_bytes // max(1, len(self._queues)))
        self._full = {
            partition
            for partition, queue in self._queues.items()
            if queue.bytes >= (share // 2 if partition in self._full else share)
        }
        return self._full

    def reached(self, positions: Mapping[Partition, int]) -> None:
        """Stop waiting for partitions that the client has read to their known end.

        An open transaction ends the wait, too.
        """
        for partition, queue in self._queues.items():
            if queue.end is not None and max(queue.next, positions.get(partition, 0)) >= queue.end:
                queue.silent = True

    def _release(self, remaining: Mapping[Partition, int], now: float) -> None:
        until = self._until(remaining)
        if until == _BEFORE_ALL and self.blocked_s(now) >= PATIENCE_S:
            for queue in self._queues.values():
                queue.silent = queue.silent or not queue.items
            until = self._until(remaining)
        self._ready = self._merged(until)
        if self._ready or not any(queue.items for queue in self._queues.values()):
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now

    def _until(self, remaining: Mapping[Partition, int]) -> float:
        """The time up to which nothing more can come from partitions that are behind."""
        until = _NEVER
        if not self._merge or len(self._queues) < 2:
            return until
        for partition, queue in self._queues.items():
            if not queue.silent and _left(partition, queue, remaining) > 0:
                until = min(until, queue.times[-1] if queue.times else _BEFORE_ALL)
        return until

    def _merged(self, until: float) -> list[Item]:
        items: list[Item] = []
        times: list[float] = []
        sent: list[float] = []
        queues = 0
        for queue in self._queues.values():
            count = bisect_right(queue.times, until)
            if count:
                queues += 1
                items += queue.items[:count]
                times += queue.times[:count]
                sent += queue.sent[:count]
                queue.cut(count)
        if not self._merge or queues < 2:
            return items
        # The lanes are runs in order: sorting, which keeps equals in their order, is one merge of them.
        order = sorted(range(len(items)), key=sent.__getitem__)
        order.sort(key=times.__getitem__)
        return [items[place] for place in order]


def _left(partition: Partition, queue: PartitionQueue, remaining: Mapping[Partition, int]) -> int:
    known = remaining.get(partition)
    if known is not None:
        return known
    return _UNKNOWN if queue.end is None else queue.end - queue.next
