"""Alerts, metrics and changes from Kafka topics.

One thread polls, decodes and hands over. What it hands over carries the offsets up to which it has read, so that the
journal holds both or neither; after a restart it reads on from there. While the engine is full it reads nothing and
only polls for the group's sake. It holds one batch, what waits to be put in the order of time (see `Lanes`), and what
the client has fetched ahead, in memory; never more.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.ports import DeadLetter, Inbox, Position, Received
from aiops_connectors.backoff import Backoff
from aiops_connectors.broker.consumer import BrokerError, Commit, Consumer, Listener, Lookup, Partition
from aiops_connectors.broker.dead_letters import DeadLetterTopic
from aiops_connectors.broker.lanes import ASK_AFTER_S, Lanes
from aiops_connectors.broker.options import KafkaOptions, source_options, start_of
from aiops_connectors.broker.positions import Positions, place_of
from aiops_connectors.broker.reading import Item, Reader, records_of
from aiops_connectors.broker.status import Status
from aiops_connectors.mapping import load_mapping

# How long one offer to the engine waits for room; between offers the group is polled.
OFFER_S = 0.5
# Lag and the connection are looked at this often: each costs a round trip to the broker.
LOOK_EVERY_S = 5.0
# A client that has had no answer for this long is opened anew: its own reconnecting may be what is stuck.
GIVE_UP_S = 60.0
# Two state directories must not draw the same number; the journal keeps it as a signed 64-bit integer.
READER_BITS = 62
RETRY_FIRST_S = 0.5
RETRY_CAP_S = 15.0

OpenConsumer = Callable[[KafkaOptions, Listener], Consumer]


class KafkaSource:
    """Reads topics as a member of a consumer group; see `KafkaOptions` for the options.

    `clock` gives Unix seconds, `monotonic` seconds that never go back, `sleep` waits (by default, until `stop`),
    `jitter` numbers from 0 to 1, `draw` a random number of so many bits. `look_every_s` is how often lag and connection
    are looked at.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        jitter: Callable[[], float] = random.random,
        look_every_s: float = LOOK_EVERY_S,
        open_consumer: OpenConsumer | None = None,
        draw: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self.name = name
        self.options = source_options(name, options)
        mapping = load_mapping(self.options.mapping) if self.options.mapping is not None else None
        self._open = open_consumer or _transport(self.options)
        self._reader = Reader(name, mapping, self.options.max_message_bytes, clock)
        self._dead = DeadLetterTopic(self.options, self.options.dead_letter_topic)
        self._stopped = threading.Event()
        self._draw = draw
        self._sleep = sleep or (lambda seconds: _ignore(self._stopped.wait(seconds)))
        self._monotonic = monotonic
        self._look_every_s = look_every_s
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_CAP_S, jitter)
        self.status = Status(clock, name)
        self._positions = Positions(name, None, "earliest")
        self._lanes = Lanes(self.options.fetch_max_bytes, merge=self.options.in_time_order)
        self._pending: list[Item] = []
        self._looked_at = self._answered_at = self._committed_at = float("-inf")

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """See `Source.run`."""
        self._positions = Positions(self.name, position, start_of(self.options), self._draw(READER_BITS))
        while not self._stopped.is_set():
            try:
                self._session(inbox)
            except BrokerError as error:
                self.status.failed(str(error))
                self._sleep(self._backoff.next_s())
                self.status.count(reconnects=1)
        self._dead.close()

    def stop(self) -> None:
        """See `Source.stop`."""
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail` what `Status` counts, with the lag by partition."""
        return {**self.status.shown(), "unknown": self._reader.unknown.counted()}

    def assigned(self, partitions: Sequence[Partition], lookup: Lookup) -> Mapping[Partition, int]:
        """See `Listener.assigned`."""
        starts = self._positions.assign(partitions, lookup)
        self._lanes.assign(starts)
        # Where their ends are decides who waits for whom.
        self._looked_at = float("-inf")
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
        self.status.count(skipped=max(0, found - wanted))
        self._positions.advance({place_of(partition): found})
        self._lanes.skip(partition, found)

    def _session(self, inbox: Inbox) -> None:
        self._positions.ask_again()
        consumer = self._open(self.options, self)
        self._answered_at = self._monotonic()
        try:
            while not self._stopped.is_set():
                self._round(consumer, inbox)
        finally:
            self._pending = []
            self._close(consumer)

    def _round(self, consumer: Consumer, inbox: Inbox) -> None:
        wait_s = 0.0 if self._lanes.ready else self.options.poll_timeout_s
        polled = consumer.poll(wait_s, self.options.max_poll_records)
        self._lanes.add(self._reader.read(self._lanes.unread(polled)))
        self._tend(consumer)
        self._pending = self._lanes.take(self.options.max_poll_records, consumer.remaining(), self._monotonic())
        if self._pending or self._positions.unsaved:
            self._hand_over(consumer, inbox)
        elif self._lanes.blocked_s(self._monotonic()) > ASK_AFTER_S:
            self._ask(consumer)
        consumer.hold(self._lanes.full())
        self.status.held(self._lanes.held)

    def _hand_over(self, consumer: Consumer, inbox: Inbox) -> None:
        """Offer what was read until the journal has it; while there is no room, only keep up with the group."""
        received, ends = self._received()
        version = self._positions.version
        held = False
        while not inbox.put(received, OFFER_S):
            if self._stopped.is_set():
                return
            if not held:
                held = True
                consumer.pause(True)
                self.status.paused(True)
            self._keep_up(consumer)
            if self._positions.version != version:
                # The group took or gave partitions, and what is pending went with them.
                received, ends = self._received()
                version = self._positions.version
        self._taken(received, ends)
        if held:
            consumer.pause(False)
            self.status.paused(False)

    def _received(self) -> tuple[Received, dict[str, int]]:
        """What is pending as one batch, and the offset that is next at each of its places."""
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
        self._pending = []
        self._backoff.reset()
        self.status.count(messages=messages, records=len(received.records), rejected=len(received.rejected))
        if received.rejected:
            self._copy_dead(received.rejected)

    def _copy_dead(self, rejected: Sequence[DeadLetter]) -> None:
        unsent = self._dead.copy(rejected)
        if unsent:
            self.status.count(dead_letters_unsent=unsent)

    def _tend(self, consumer: Consumer) -> None:
        """Now and then, look at the lag and tell the group how far we are."""
        now = self._monotonic()
        if now - self._looked_at >= self._look_every_s:
            self._look(consumer, now)
            self._looked_at = self._monotonic()
        if now - self._committed_at >= self.options.commit_interval_s:
            self._committed_at = now
            consumer.commit(self._positions.commits())

    def _look(self, consumer: Consumer, now: float) -> None:
        try:
            ends = consumer.ends()
        except BrokerError as error:
            self.status.failed(str(error))
            if now - self._answered_at > GIVE_UP_S:
                raise
            return
        self._answered_at = now
        self._lanes.heard(ends)
        self.status.connected()
        own = self._positions.own_offsets()
        self.status.lag({place_of(one): max(0, end - own.get(one, end)) for one, end in ends.items()})

    def _ask(self, consumer: Consumer) -> None:
        """Something waits for a partition that brings nothing: is there anything to come?"""
        try:
            self._lanes.heard(consumer.ends())
        except BrokerError:
            # The next look, soon, tells health; those who wait are let go after a while.
            return
        self._lanes.reached(consumer.positions())

    def _drop(self, partitions: Sequence[Partition]) -> None:
        taken = set(partitions)
        self._pending = [item for item in self._pending if item.partition not in taken]
        self._lanes.drop(taken)

    def _close(self, consumer: Consumer) -> None:
        try:
            consumer.close()
        except BrokerError as error:
            self.status.failed(str(error))


def _transport(options: KafkaOptions) -> OpenConsumer:
    if options.transport == "librdkafka":
        from aiops_connectors.broker.librdkafka import LibrdkafkaConsumer

        return LibrdkafkaConsumer
    from aiops_connectors.broker.kafka_python import KafkaPythonConsumer

    return KafkaPythonConsumer


def _ignore(_: object) -> None:
    return None
