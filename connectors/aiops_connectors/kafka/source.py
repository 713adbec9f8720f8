"""Alerts, metrics and changes from Kafka topics.

One thread polls, decodes and hands over. Each batch carries the offsets up to which it was read: the journal holds both
or neither. After a restart reading continues there. While the engine is full it reads nothing and only polls for the
group's sake. It holds one batch, messages that wait for the order of time (see `TimeMerge`), and the client's
prefetched data in memory; never more.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.backoff import Backoff
from aiops.ports import DeadLetter, Inbox, Position, Received
from aiops_connectors.kafka.choices import Choices
from aiops_connectors.kafka.consumer import (
    BrokerError,
    Commit,
    Consumer,
    Listener,
    Lookup,
    Partition,
    RefusedError,
    ReopenError,
)
from aiops_connectors.kafka.dead_letters import DeadLetterTopic
from aiops_connectors.kafka.decoding import Item, Reader, records_of
from aiops_connectors.kafka.offsets import Positions, place_of
from aiops_connectors.kafka.options import KafkaOptions, source_options, start_of
from aiops_connectors.kafka.schema_registry import SchemaRegistry
from aiops_connectors.kafka.status import Status
from aiops_connectors.kafka.time_merge import QUERY_AFTER_S, TimeMerge
from aiops_connectors.mapping.mapping import Mapping as PayloadRules
from aiops_connectors.mapping.mapping import load_mapping

# How long one offer to the engine waits for room; between offers the group is polled.
OFFER_S = 0.5
# Lag and the connection are looked at this often: each costs a round trip to the broker.
CHECK_EVERY_S = 5.0
# A client that has had no answer for this long is opened anew: its own reconnecting may be what is stuck.
GIVE_UP_S = 60.0
# Two state directories must not draw the same number; the journal keeps it as a signed 64-bit integer.
READER_BITS = 62
RETRY_FIRST_S = 0.5
RETRY_CAP_S = 15.0
# What the broker refuses is changed by people: a look now and then sees that they did.
REFUSED_S = 60.0
# A partition that has messages and brings none for so long is reported: an open transaction, or damage on the broker.
STALLED_S = 60.0

OpenConsumer = Callable[[KafkaOptions, Listener], Consumer]


class KafkaSource:
    """Read topics as a member of a consumer group.

    `clock` gives Unix seconds, `monotonic` seconds that never go back, `sleep` waits (by default, until `stop`),
    `jitter` numbers from 0 to 1, `draw` a random number of so many bits. `look_every_s` is how often lag and connection
    are looked at.
    """

    Options = KafkaOptions
    example = "aiops_connectors.examples:kafka_source"

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        jitter: Callable[[], float] = random.random,
        check_every_s: float = CHECK_EVERY_S,
        open_consumer: OpenConsumer | None = None,
        draw: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self.name = name
        self.options = source_options(name, options)
        mapping = self._mapping = _mapping(self.options, f"sources.{name}")
        self._open = open_consumer or _transport(self.options)
        registry = self.options.schema_registry
        schemas = SchemaRegistry(registry, f"sources.{name}.schema_registry") if registry is not None else None
        self._reader = Reader(name, mapping, self.options.max_message_bytes, clock, schemas)
        self._dead = DeadLetterTopic(self.options, self.options.dead_letter_topic)
        self._stopped = threading.Event()
        self._draw = draw
        self._sleep = sleep or (lambda seconds: _ignore(self._stopped.wait(seconds)))
        self._monotonic = monotonic
        self._check_every_s = check_every_s
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_CAP_S, jitter)
        self.status = Status(clock, name)
        self._positions = Positions(name, None, "earliest")
        self._queues = TimeMerge(self.options.fetch_max_bytes, merge=self.options.in_time_order)
        self._pending: list[Item] = []
        self._checked_at = self._answered_at = self._committed_at = float("-inf")
        # The ends of partitions at the last look, and where each has stood since when.
        self._ends: dict[Partition, int] = {}
        self._moved: dict[Partition, tuple[int, float]] = {}
        self._is_remade = self._is_held = False

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """See `Source.run`."""
        self._positions = Positions(self.name, position, start_of(self.options), self._draw(READER_BITS))
        while not self._stopped.is_set():
            try:
                self._session(inbox)
            except ReopenError:
                self.status.count(reconnects=1)
            except BrokerError as error:
                refused = isinstance(error, RefusedError)
                self.status.failed(str(error), refused=refused)
                self._sleep(REFUSED_S if refused else self._backoff.next_s())
                self.status.count(reconnects=1)
        self._dead.close()

    def reload(self) -> Callable[[], None]:
        """See `aiops.ports.Reloads`."""
        return self._mapping.reload() if self._mapping is not None else lambda: None

    def stop(self) -> None:
        """See `Source.stop`."""
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail` what `Status` counts, with the lag by partition."""
        return {**self.status.shown(), "unknown": self._reader.unknown.counted()}

    def assigned(self, partitions: Sequence[Partition], lookup: Lookup) -> Mapping[Partition, int]:
        """See `Listener.assigned`."""
        starts = self._positions.assign(partitions, lookup)
        for partition, before, mark in self._positions.remade:
            place = place_of(partition)
            end = self._ends.get(partition)
            self.status.recreated(place, before, mark.start, None if end is None else max(0, end - before))
        self._positions.remade.clear()
        self._queues.assign(starts)
        self._moved = {}
        self.status.owns_only({place_of(partition) for partition in partitions})
        # Where their ends are decides who waits for whom.
        self._checked_at = float("-inf")
        self.status.count(rebalances=1)
        self.status.owns(len(partitions))
        return starts

    def revoked(self, partitions: Sequence[Partition]) -> Mapping[Partition, Commit]:
        """See `Listener.revoked`. What is not journaled is dropped here: the next owner reads it again."""
        self._drop(partitions)
        return self._positions.revoke(partitions)

    def lost(self, partitions: Sequence[Partition]) -> None:
        """See `Listener.lost`."""
        self._drop(partitions)
        self._positions.lose(partitions)

    def skipped(self, partition: Partition, wanted: int, found: int) -> None:
        """See `Listener.skipped`."""
        if found >= wanted:
            self.status.skipped(place_of(partition), wanted, found)
        else:
            self.status.shortened(place_of(partition), wanted, found)
        self._positions.advance({place_of(partition): found})
        self._queues.skip(partition, found)

    def blocked(self, partition: Partition, reason: str) -> None:
        """See `Listener.blocked`."""
        # What was read before it does not count as reading on.
        self._moved.pop(partition, None)
        self.status.blocked(place_of(partition), reason)

    def _session(self, inbox: Inbox) -> None:
        self._positions.forget_lookups()
        self._is_remade = self._is_held = False
        consumer = self._open(self.options, self)
        self._answered_at = self._monotonic()
        try:
            while not self._stopped.is_set():
                self._round(consumer, inbox)
        finally:
            self._pending = []
            self._close(consumer)

    def _round(self, consumer: Consumer, inbox: Inbox) -> None:
        wait_s = 0.0 if self._queues.ready else self.options.poll_timeout_s
        polled = consumer.poll(wait_s, self.options.max_poll_records)
        self._queues.add(self._reader.read(self._queues.unread(polled)))
        self.status.reads([place_of(partition) for partition, _ in polled])
        self._tend(consumer)
        if self._is_remade:
            self._begin_anew(consumer, inbox)
        self._pending = self._queues.take(self.options.max_poll_records, consumer.remaining(), self._monotonic())
        if self._pending or self._positions.unsaved:
            self._hand_over(consumer, inbox)
        elif self._queues.blocked_s(self._monotonic()) > QUERY_AFTER_S:
            self._query_ends(consumer)
        consumer.hold(self._queues.full())
        self.status.held(self._queues.held)

    def _begin_anew(self, consumer: Consumer, inbox: Inbox) -> None:
        """Handle a topic that was recreated while it was read.

        Hand over the rest of the old one, then find the start of the new one.
        """
        self._is_remade = False
        self._pending = self._queues.flush()
        if self._pending:
            self._hand_over(consumer, inbox)
        raise ReopenError("a topic was recreated")

    def _hand_over(self, consumer: Consumer, inbox: Inbox) -> None:
        """Offer what was read until the journal has it; while there is no room, only keep up with the group."""
        received, ends = self._received()
        version = self._positions.version
        held = False
        while not inbox.put(received, OFFER_S):
            if self._stopped.is_set():
                return
            if not held:
                held = self._is_held = True
                consumer.pause(True)
                self.status.paused(True)
            self._keep_up(consumer)
            if self._positions.version != version:
                # The group took or gave partitions, and what is pending went with them.
                received, ends = self._received()
                version = self._positions.version
        self._taken(received, ends)
        if held:
            self._is_held = False
            consumer.pause(False)
            self.status.paused(False)

    def _received(self) -> tuple[Received, dict[str, int]]:
        """Return the pending items as one batch, and the next offset at each of their places."""
        rejected = [letter for item in self._pending if item.rejected for letter in item.rejected]
        last = {item.partition: item.end for item in self._pending}
        ends = {place_of(partition): end for partition, end in last.items()}
        return Received(records_of(self._pending), self._positions.position(ends), rejected), ends

    def _keep_up(self, consumer: Consumer) -> None:
        early = consumer.poll(0.0, 1)
        # A client may still bring what it had fetched before the pause: it is read again afterwards.
        consumer.seek({partition: messages[0].offset for partition, messages in early})
        self._tend(consumer)

    def _taken(self, received: Received, ends: dict[str, int]) -> None:
        self._positions.advance(ends)
        self._positions.unsaved = False
        messages = len(self._pending)
        odd = [item for item in self._pending if item.record is None]
        self._pending = []
        self._backoff.reset()
        self.status.count(
            messages=messages,
            records=len(received.records),
            rejected=len(received.rejected),
            tombstones=sum(1 for item in odd if item.tombstone),
            unreadable=sum(item.unreadable for item in odd),
        )
        if received.rejected:
            self._copy_dead(received.rejected)

    def _copy_dead(self, rejected: Sequence[DeadLetter]) -> None:
        unsent = self._dead.copy(rejected)
        if unsent:
            self.status.count(dead_letters_unsent=unsent)

    def _tend(self, consumer: Consumer) -> None:
        """Measure the lag and commit our offsets to the group, from time to time."""
        now = self._monotonic()
        if now - self._checked_at >= self._check_every_s:
            self._check(consumer, now)
            self._checked_at = self._monotonic()
        if now - self._committed_at >= self.options.commit_interval_s:
            self._committed_at = now
            consumer.commit(self._positions.commits())

    def _check(self, consumer: Consumer, now: float) -> None:
        try:
            ends = consumer.ends()
            topics = consumer.topics()
        except RefusedError:
            raise
        except BrokerError as error:
            self.status.failed(str(error))
            if now - self._answered_at > GIVE_UP_S:
                raise
            return
        self._answered_at = now
        self._queues.update_ends(ends)
        self.status.connected()
        self.status.problems({name: topic.problem for name, topic in topics.items() if topic.problem})
        self._is_remade = any(self._positions.is_remade(name, topic.id) for name, topic in topics.items())
        self._ends |= ends
        self._check_stalls(consumer, now)
        own = self._positions.own_offsets()
        self.status.lag({place_of(one): max(0, end - own.get(one, end)) for one, end in ends.items()})

    def _check_stalls(self, consumer: Consumer, now: float) -> None:
        """Report the partitions that have messages, are waited for and bring none."""
        if self._is_held:
            self._moved = {}
            return
        waiting = consumer.remaining()
        full = self._queues.full()
        blocked = self.status.blocked_places()
        for partition, offset in consumer.positions().items():
            at, since = self._moved.get(partition, (offset, now))
            place = place_of(partition)
            is_read = offset != at or waiting.get(partition) == 0
            if is_read or partition in full or partition not in self._moved:
                self._moved[partition] = (offset, now)
            elif now - since > STALLED_S and place not in blocked and waiting.get(partition):
                reason = f"nothing has come from offset {offset} on for {now - since:.0f} s, although there is more"
                self.status.blocked(place, f"{reason}: an open transaction, or damage on the broker")
            if is_read and place in blocked:
                self.status.reads([place])

    def _query_ends(self, consumer: Consumer) -> None:
        """Check whether a partition that other messages wait for has anything left to read."""
        try:
            self._queues.update_ends(consumer.ends())
        except BrokerError:
            # The next check, soon, updates health; waiting partitions are released after a while.
            return
        self._queues.reached(consumer.positions())

    def _drop(self, partitions: Sequence[Partition]) -> None:
        taken = set(partitions)
        self._pending = [item for item in self._pending if item.partition not in taken]
        self._queues.drop(taken)

    def _close(self, consumer: Consumer) -> None:
        try:
            consumer.close()
        except BrokerError as error:
            self.status.failed(str(error))


def _mapping(options: KafkaOptions, place: str) -> Choices | PayloadRules | None:
    if options.mappings:
        return Choices(options.mappings, f"{place}.mappings", options.zone)
    return load_mapping(options.mapping, zone=options.zone) if options.mapping is not None else None


def _transport(options: KafkaOptions) -> OpenConsumer:
    if options.transport == "librdkafka":
        from aiops_connectors.kafka.librdkafka import LibrdkafkaConsumer

        return LibrdkafkaConsumer
    from aiops_connectors.kafka.kafka_python import KafkaPythonConsumer

    return KafkaPythonConsumer


def _ignore(_: object) -> None:
    return None
