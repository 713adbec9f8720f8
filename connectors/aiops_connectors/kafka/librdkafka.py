"""The consumer on confluent-kafka (librdkafka), an extra: four times the messages for the CPU time.

The client calls the rebalance listener inside `consume` and `close`, in our thread. It may query the broker there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any, NamedTuple, TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from aiops_connectors.kafka.connection import librdkafka_settings
from aiops_connectors.kafka.consumer import (
    BLOCKED_S,
    FETCH_SHARE,
    FETCH_WAIT_MS,
    ID_BITS,
    QUERY_TIMEOUT_S,
    Batch,
    BrokerError,
    Commit,
    Listener,
    Mark,
    Partition,
    RawMessage,
    ReopenError,
    Start,
    Topic,
    Unreadable,
)
from aiops_connectors.kafka.faults import broker_error
from aiops_connectors.kafka.options import KafkaOptions
from aiops_connectors.kafka.probe import BlockedError, probe

_log = logging.getLogger(__name__)
T = TypeVar("T")
# Connection faults that the client retries on its own; `ends` reports them to health.
_PASSING = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._RESOLVE)
# A topic that does not exist yet is no fault: it is read as soon as it does.
_MISSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)
# A batch that this client cannot read: damaged, or packed in a way that it does not know.
_UNREADABLE = (KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED, KafkaError._UNDERFLOW)
# Faults of one partition; the others can be read.
_BLOCKED = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.INVALID_MSG,
    KafkaError.KAFKA_STORAGE_ERROR,
    KafkaError.UNKNOWN,
)
_REFUSED = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError._SSL,
)


Batches = dict[Partition, list[RawMessage | Unreadable]]


class Taken(NamedTuple):
    """One message as it came, taken out of the client's own object."""

    offset: int
    value: bytes | None
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int


class LibrdkafkaConsumer:
    """A member of a group by librdkafka; raises `BrokerError` when no broker answers."""

    def __init__(
        self, options: KafkaOptions, listener: Listener, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._options = options
        self._listener = listener
        self._monotonic = monotonic
        # Partitions that the broker refuses, and the time of the next attempt.
        self._barred: dict[Partition, float] = {}
        self._paused = False
        self._held: set[Partition] = set()
        self._owned: list[Partition] = []
        # The offset after what was brought, and the partitions that the client has read to their ends.
        self._next: dict[Partition, int] = {}
        self._ended: set[Partition] = set()
        self._rebalances = 0
        self._refusal: BrokerError | None = None
        # The client's last messages about its connections: a missing answer has no reason of its own.
        self._last_error: str | None = None
        self._consumer = self._guard(lambda: Consumer(_settings(options) | {"error_cb": self._error}, logger=_log))
        # The consumer's own metadata have no ids of topics.
        self._admin = AdminClient(librdkafka_settings(options) | {"log_level": 0})
        topics = options.topics if options.pattern is None else [f"^({options.pattern})$"]
        try:
            # Fail here, as the other client does, when nobody answers.
            self._guard(lambda: self._consumer.list_topics(timeout=QUERY_TIMEOUT_S))
            self._consumer.subscribe(
                topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
        except BrokerError as error:
            self._consumer.close()
            raise self._refusal or type(error)(self._last_error or str(error)) from error

    def poll(self, timeout_s: float, limit: int) -> list[Batch]:
        """See `Consumer.poll`."""
        self._resume_due()
        # The client waits until the whole number is there: wait for one, then take what has come with it.
        found = self._guard(lambda: self._consumer.consume(1, timeout_s))
        if found and limit > 1:
            before = self._rebalances
            more = self._guard(lambda: self._consumer.consume(limit - 1, 0))
            # What came before partitions moved is read again, by us or by another.
            found = found + more if self._rebalances == before else more
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            raise refusal
        batches, ends, astray = self._sorted(found)
        for partition in astray:
            self._probe(partition, batches)
        batches = {partition: messages for partition, messages in batches.items() if messages}
        for partition, messages in batches.items():
            self._go_on({partition: _end(messages[-1])})
        self._ended.update(one for one, end in ends.items() if end >= self._next.get(one, end + 1))
        if astray:
            self._restart()
        return list(batches.items())

    def _sorted(self, found: list[Any]) -> tuple[Batches, dict[Partition, int], list[Partition]]:
        """Return the messages by partition, the ends that were reached, and the unreadable partitions.

        Messages behind a damaged batch are left out: the client (2.16) searches for them in the wrong place.
        """
        batches: Batches = {}
        ends: dict[Partition, int] = {}
        astray: list[Partition] = []
        for message in found:
            partition = (str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if partition in astray:
                continue
            if error is None:
                batches.setdefault(partition, []).append(_taken(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                ends[partition] = int(message.offset() or 0)
            elif error.code() in _UNREADABLE:
                astray.append(partition)
            else:
                self._fault(message)
        return batches, ends, astray

    def pause(self, paused: bool) -> None:
        """See `Consumer.pause`."""
        self._paused = paused
        if paused:
            self._switch(self._consumer.pause, set(self._owned))
        else:
            self._switch(self._consumer.resume, set(self._owned) - self._held - self._barred.keys())

    def hold(self, partitions: Set[Partition]) -> None:
        """See `Consumer.hold`."""
        before, self._held = self._held, set(partitions)
        if not self._paused:
            self._switch(self._consumer.pause, self._held - before)
            self._switch(self._consumer.resume, before - self._held - self._barred.keys())

    def remaining(self) -> dict[Partition, int]:
        """See `Consumer.remaining`."""
        found = dict.fromkeys(self._ended, 0)
        for one in self._next.keys() - self._ended:
            marks = self._guard(partial(self._consumer.get_watermark_offsets, TopicPartition(*one), cached=True))
            # Below zero before the first answer.
            if marks and marks[1] >= 0:
                found[one] = max(0, marks[1] - self._next[one])
        return found

    def positions(self) -> dict[Partition, int]:
        """See `Consumer.positions`."""
        return dict(self._next)

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """See `Consumer.seek`."""
        for partition, offset in offsets.items():
            if partition in self._owned:
                self._guard(partial(self._consumer.seek, TopicPartition(*partition, offset)))
                self._go_on({partition: offset})

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Consumer.commit`."""
        if offsets:
            self._guard(lambda: self._consumer.commit(offsets=_commits(offsets), asynchronous=True))

    def ends(self) -> dict[Partition, int]:
        """See `Consumer.ends`."""
        return self._offsets_at(self._owned, OFFSET_END) if self._owned else {}

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """See `Lookup.committed`."""
        wanted = [TopicPartition(*one) for one in partitions]
        found = self._guard(lambda: self._consumer.committed(wanted, timeout=QUERY_TIMEOUT_S))
        return {(one.topic, one.partition): Commit(one.offset, one.metadata or "") for one in found if one.offset >= 0}

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        """See `Lookup.starts`."""
        if start == "earliest":
            return self._offsets_at(partitions, OFFSET_BEGINNING)
        ends = self._offsets_at(partitions, OFFSET_END)
        if start == "latest":
            return ends
        # A time after the last message means: what comes from now on.
        found = self._offsets_at(ends, int(start * 1000))
        return ends | {one: offset for one, offset in found.items() if offset >= 0}

    def topics(self) -> dict[str, Topic]:
        """See `Consumer.topics`."""
        names = sorted({*self._options.topics, *(topic for topic, _ in self._owned)})
        return self._described(names)

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        """See `Lookup.marks`."""
        wanted = sorted(partitions)
        topics = self._described(sorted({topic for topic, _ in wanted}))
        starts = self._offsets_at(wanted, OFFSET_BEGINNING)
        ends = self._first_offsets(wanted, OFFSET_END)
        return {
            one: Mark(topics[one[0]].id, starts[one], int(end.offset), end.leader_epoch if end.leader_epoch else -1)
            for one, end in ends.items()
        }

    def close(self) -> None:
        """See `Consumer.close`."""
        self._guard(self._consumer.close)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._owned = sorted((one.topic, one.partition) for one in partitions)
        starts = self._listener.assigned(self._owned, self)
        self._held, self._barred, self._next = set(), {}, dict(starts)
        self._ended.clear()
        consumer.assign(_offsets(starts))
        if self._paused:
            consumer.pause(partitions)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._owned = []
        self._next = {}
        self._ended.clear()
        offsets = self._listener.revoked(sorted((one.topic, one.partition) for one in partitions))
        if offsets:
            try:
                consumer.commit(offsets=_commits(offsets), asynchronous=False)
            except KafkaException as error:
                # A hint that did not arrive: the next owner reads again what we have.
                _log.info("commit before a hand-over failed: %s", error)

    def _on_lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._owned = []
        self._next = {}
        self._ended.clear()
        self._listener.lost(sorted((one.topic, one.partition) for one in partitions))

    def _error(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._last_error = f"{error.name()}: {error.str()}"[:500]
        if error.code() in _REFUSED or error.fatal():
            self._refusal = broker_error(error.name(), error.str())

    def _fault(self, message: Any) -> None:
        error = message.error()
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            partition = (message.topic(), message.partition())
            if partition not in self._owned or message.offset() != self._next.get(partition):
                # The client lost its place, not we.
                raise ReopenError(f"{error.name()}: {error.str()}"[:500])
            found = self.starts([partition], "earliest")
            self._listener.skipped(partition, message.offset(), found[partition])
            self.seek(found)
        elif error.code() in _BLOCKED and message.topic() is not None:
            self._bar((message.topic(), int(message.partition() or 0)), f"{error.name()}: {error.str()}"[:500])
        elif error.code() not in _PASSING + _MISSING:
            raise broker_error(error.name(), error.str())

    def _probe(self, partition: Partition, batches: Batches) -> None:
        """Put what the other client finds in the place of what this one cannot read."""
        before = batches.get(partition)
        at = _end(before[-1]) if before else self._next[partition]
        try:
            batches.setdefault(partition, []).extend(probe(self._options, partition, at))
        except BlockedError as refusal:
            self._bar(partition, refusal.reason)

    def _restart(self) -> None:
        """Read everything from our offsets again.

        Behind a damaged batch the client (2.16) has lost its place, and cannot seek.
        """
        self._guard(lambda: self._consumer.assign(_offsets(self._next)))
        quiet = set(self._owned) if self._paused else self._held | self._barred.keys()
        self._switch(self._consumer.pause, quiet)

    def _bar(self, partition: Partition, reason: str) -> None:
        """Read the other partitions: the client would query this one as fast as the broker refuses."""
        # A refusal of the whole topic names no partition.
        barred = [one for one in self._owned if one == partition or (partition[1] < 0 and one[0] == partition[0])]
        self._barred |= dict.fromkeys(barred, self._monotonic() + BLOCKED_S)
        self._switch(self._consumer.pause, set(barred))
        for one in barred or [partition]:
            self._listener.blocked(one, reason)

    def _resume_due(self) -> None:
        if self._barred and min(self._barred.values()) <= self._monotonic():
            due = {one for one, when in self._barred.items() if when <= self._monotonic()}
            self._barred = {one: when for one, when in self._barred.items() if one not in due}
            if not self._paused:
                self._switch(self._consumer.resume, due - self._held)

    def _described(self, names: Sequence[str]) -> dict[str, Topic]:
        if not names:
            return {}
        answers = self._guard(
            lambda: self._admin.describe_topics(TopicCollection(list(names)), request_timeout=QUERY_TIMEOUT_S)
        )
        return {name: self._topic(future) for name, future in answers.items()}

    def _topic(self, future: Any) -> Topic:
        try:
            # The answer, or its time-out, comes from the client itself.
            found = future.result()
        except KafkaException as failure:
            error = failure.args[0]
            if error.code() in _MISSING:
                return Topic(problem="it does not exist; create it, or correct `topics`")
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                return Topic(problem="not authorized to describe it; grant Describe and Read")
            raise broker_error(error.name(), error.str()) from failure
        return Topic(int(found.topic_id.get_least_significant_bits()) & ((1 << ID_BITS) - 1))

    def _go_on(self, offsets: Mapping[Partition, int]) -> None:
        self._next |= offsets
        self._ended.difference_update(offsets)

    def _switch(self, how: Callable[[list[TopicPartition]], object], partitions: Set[Partition]) -> None:
        ours = [TopicPartition(*one) for one in self._owned if one in partitions]
        if ours:
            self._guard(lambda: how(ours))

    def _offsets_at(self, partitions: Iterable[Partition], time_ms: int) -> dict[Partition, int]:
        return {partition: int(one.offset) for partition, one in self._first_offsets(partitions, time_ms).items()}

    def _first_offsets(self, partitions: Iterable[Partition], time_ms: int) -> dict[Partition, TopicPartition]:
        """Return the first offsets from a time on.

        All partitions at once, since each query waits for a fetch to end.
        """
        wanted = [TopicPartition(*one, time_ms) for one in partitions]
        found = self._guard(lambda: self._consumer.offsets_for_times(wanted, timeout=QUERY_TIMEOUT_S))
        for one in found:
            if one.error is not None:
                raise broker_error(one.error.name(), one.error.str())
        return {(one.topic, one.partition): one for one in found}

    def _guard(self, query: Callable[[], T]) -> T:
        try:
            return query()
        except KafkaException as failure:
            error = failure.args[0]
            raise broker_error(error.name(), error.str()) from failure
        except (OSError, RuntimeError, ValueError) as failure:
            raise BrokerError(f"{type(failure).__name__}: {failure}"[:500]) from failure


def _settings(options: KafkaOptions) -> dict[str, Any]:
    session_ms = int(options.session_timeout_s * 1000)
    settings = {
        "group.id": options.group_id,
        "group.instance.id": options.group_instance_id,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Reports the end of a partition: behind aborted transactions no message does.
        "enable.partition.eof": True,
        # If there is no offset left to read from, we decide and report it, rather than the client silently.
        "auto.offset.reset": "error",
        "isolation.level": "read_committed" if options.read_committed else "read_uncommitted",
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": min(3_000, session_ms // 4),
        "max.poll.interval.ms": max(300_000, session_ms),
        "topic.metadata.refresh.interval.ms": int(options.metadata_max_age_s * 1000),
        # Both clients must agree on how partitions are spread, or they cannot be in one group.
        "partition.assignment.strategy": "range",
        "queued.max.messages.kbytes": max(1, options.fetch_max_bytes // 1024),
        "fetch.max.bytes": max(options.fetch_max_bytes, 1 << 20),
        "max.partition.fetch.bytes": options.fetch_max_bytes // FETCH_SHARE,
        "message.max.bytes": 1 << 20,
        # Once it has fetched enough ahead, the client rests for so long: by default a second, in which we run dry.
        "fetch.queue.backoff.ms": 10,
        "fetch.wait.max.ms": FETCH_WAIT_MS,
        "reconnect.backoff.max.ms": 2_000,
        "allow.auto.create.topics": False,
        # Off by default: a flipped bit would become another alert.
        "check.crcs": True,
    }
    return librdkafka_settings(options) | {name: value for name, value in settings.items() if value is not None}


def _end(message: RawMessage | Unreadable) -> int:
    return message.end if isinstance(message, Unreadable) else message.offset + 1


def _taken(message: Any) -> Taken:
    kind, timestamp = message.timestamp()
    sent = timestamp if kind else -1
    try:
        return Taken(message.offset(), message.value(), message.key(), message.headers() or (), sent)
    except (UnicodeDecodeError, SystemError):
        # Names that are not text are meaningless to a mapping; the value may still be valid. The client (2.16) returns
        # the headers with the error still set. It would surface with the next call, as another one.
        return Taken(message.offset(), message.value(), message.key(), (), sent)


def _offsets(offsets: Mapping[Partition, int]) -> list[TopicPartition]:
    return [TopicPartition(*at, offset) for at, offset in offsets.items()]


def _commits(offsets: Mapping[Partition, Commit]) -> list[TopicPartition]:
    return [TopicPartition(*at, one.offset, one.note) for at, one in offsets.items()]
