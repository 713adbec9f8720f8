"""The consumer on confluent-kafka (librdkafka): four times the messages a second of processor time, as an extra.

The client calls the rebalance listener inside `consume` and `close`, in our thread, so that it may ask the broker
there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any, NamedTuple, TypeVar

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from aiops_connectors.broker.connection import librdkafka_settings
from aiops_connectors.broker.consumer import (
    ASK_TIMEOUT_S,
    FETCH_SHARE,
    FETCH_WAIT_MS,
    Batch,
    BrokerError,
    Commit,
    Listener,
    Partition,
    Start,
)
from aiops_connectors.broker.options import KafkaOptions

_log = logging.getLogger(__name__)
T = TypeVar("T")
# Faults of the connection that the client keeps working on by itself; `ends` tells health about them.
_PASSING = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._RESOLVE)
# A topic that does not exist yet is no fault: it is read as soon as it does.
_MISSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC)
_REFUSED = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError._SSL,
)


class Taken(NamedTuple):
    """One message as it came, taken out of the client's own object."""

    offset: int
    value: bytes | None
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int


class LibrdkafkaConsumer:
    """A member of a group by librdkafka; raises `BrokerError` when no broker answers."""

    def __init__(self, options: KafkaOptions, listener: Listener) -> None:
        self._listener = listener
        self._paused = False
        self._held: set[Partition] = set()
        self._owned: list[Partition] = []
        # The offset after what was brought, and the partitions that the client has read to their ends.
        self._next: dict[Partition, int] = {}
        self._ended: set[Partition] = set()
        self._rebalances = 0
        self._refusal: str | None = None
        # What the client said of its connections last: an answer that did not come says nothing itself.
        self._said: str | None = None
        self._consumer = self._guard(lambda: Consumer(_settings(options) | {"error_cb": self._error}, logger=_log))
        topics = options.topics if options.pattern is None else [f"^({options.pattern})$"]
        try:
            # Fail here, as the other client does, when nobody answers.
            self._guard(lambda: self._consumer.list_topics(timeout=ASK_TIMEOUT_S))
            self._consumer.subscribe(
                topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
        except BrokerError as error:
            self._consumer.close()
            raise BrokerError(self._refusal or self._said or str(error)) from error

    def poll(self, timeout_s: float, limit: int) -> list[Batch]:
        """See `Consumer.poll`."""
        # The client waits until the whole number is there: wait for one, then take what has come with it.
        found = self._guard(lambda: self._consumer.consume(1, timeout_s))
        if found and limit > 1:
            before = self._rebalances
            more = self._guard(lambda: self._consumer.consume(limit - 1, 0))
            # What came before partitions moved is read again, by us or by another.
            found = found + more if self._rebalances == before else more
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            raise BrokerError(refusal)
        batches: dict[Partition, list[Taken]] = {}
        ends: dict[Partition, int] = {}
        for message in found:
            partition = (str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if error is None:
                batches.setdefault(partition, []).append(_taken(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                ends[partition] = int(message.offset() or 0)
            else:
                self._fault(message)
        for partition, messages in batches.items():
            self._go_on({partition: messages[-1].offset + 1})
        self._ended.update(one for one, end in ends.items() if end >= self._next.get(one, end + 1))
        return list(batches.items())

    def pause(self, paused: bool) -> None:
        """See `Consumer.pause`."""
        self._paused = paused
        if paused:
            self._switch(self._consumer.pause, set(self._owned))
        else:
            self._switch(self._consumer.resume, set(self._owned) - self._held)

    def hold(self, partitions: Set[Partition]) -> None:
        """See `Consumer.hold`."""
        before, self._held = self._held, set(partitions)
        if not self._paused:
            self._switch(self._consumer.pause, self._held - before)
            self._switch(self._consumer.resume, before - self._held)

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
        found = self._guard(lambda: self._consumer.committed(wanted, timeout=ASK_TIMEOUT_S))
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

    def close(self) -> None:
        """See `Consumer.close`."""
        self._guard(self._consumer.close)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalances += 1
        self._owned = sorted((one.topic, one.partition) for one in partitions)
        starts = self._listener.assigned(self._owned, self)
        self._held, self._next = set(), dict(starts)
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
            self._said = f"{error.name()}: {error.str()}"[:500]
        if error.code() in _REFUSED or error.fatal():
            self._refusal = f"{error.name()}: {error.str()}"[:500]

    def _fault(self, message: Any) -> None:
        error = message.error()
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            partition = (message.topic(), message.partition())
            found = self.starts([partition], "earliest")
            self._listener.skipped(partition, message.offset(), found[partition])
            self.seek(found)
        elif error.code() not in _PASSING + _MISSING:
            raise BrokerError(f"{error.name()}: {error.str()}"[:500])

    def _go_on(self, offsets: Mapping[Partition, int]) -> None:
        self._next |= offsets
        self._ended.difference_update(offsets)

    def _switch(self, how: Callable[[list[TopicPartition]], object], partitions: Set[Partition]) -> None:
        ours = [TopicPartition(*one) for one in self._owned if one in partitions]
        if ours:
            self._guard(lambda: how(ours))

    def _offsets_at(self, partitions: Iterable[Partition], time_ms: int) -> dict[Partition, int]:
        """The first offsets from a time on; of all partitions at once, since each question waits for a fetch to end."""
        wanted = [TopicPartition(*one, time_ms) for one in partitions]
        found = self._guard(lambda: self._consumer.offsets_for_times(wanted, timeout=ASK_TIMEOUT_S))
        for one in found:
            if one.error is not None:
                raise BrokerError(f"{one.error.name()}: {one.error.str()}"[:500])
        return {(one.topic, one.partition): int(one.offset) for one in found}

    def _guard(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except KafkaException as failure:
            error = failure.args[0]
            raise BrokerError(f"{error.name()}: {error.str()}"[:500]) from failure
        except (OSError, RuntimeError, ValueError) as failure:
            raise BrokerError(f"{type(failure).__name__}: {failure}"[:500]) from failure


def _settings(options: KafkaOptions) -> dict[str, Any]:
    session_ms = int(options.session_timeout_s * 1000)
    settings = {
        "group.id": options.group_id,
        "group.instance.id": options.group_instance_id,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Tells when a partition was read to its end: behind aborted transactions no message does.
        "enable.partition.eof": True,
        # Where nothing is left to read from, we decide and say so, rather than the client in silence.
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
    }
    return librdkafka_settings(options) | {name: value for name, value in settings.items() if value is not None}


def _taken(message: Any) -> Taken:
    kind, timestamp = message.timestamp()
    try:
        headers = message.headers() or ()
    except UnicodeDecodeError:
        # Names that are no text can mean nothing to a mapping; the value may still be good.
        headers = ()
    return Taken(message.offset(), message.value(), message.key(), headers, timestamp if kind else -1)


def _offsets(offsets: Mapping[Partition, int]) -> list[TopicPartition]:
    return [TopicPartition(*at, offset) for at, offset in offsets.items()]


def _commits(offsets: Mapping[Partition, Commit]) -> list[TopicPartition]:
    return [TopicPartition(*at, one.offset, one.note) for at, one in offsets.items()]
