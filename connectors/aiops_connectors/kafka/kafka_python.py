"""The consumer on kafka-python 3: pure Python, the default.

The client drives the network, and calls the rebalance listener, on a thread of its own. It does so only while `poll` or
`close` waits for it: nothing here runs at the same time as the source. Blocking queries are not allowed in those calls.
New partitions are held back there, and get their offsets once `poll` is back in our thread.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from typing import Any, TypeVar

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, OffsetOutOfRangeError, TopicAuthorizationFailedError

from aiops.patterns import Expression
from aiops_connectors.kafka.connection import kafka_python_settings
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
    RefusedError,
    Start,
    Topic,
)
from aiops_connectors.kafka.faults import broker_error
from aiops_connectors.kafka.kafka_python_open import open_client
from aiops_connectors.kafka.kafka_python_records import BlockedError, guard
from aiops_connectors.kafka.options import KafkaOptions

_QUERY_MS = int(QUERY_TIMEOUT_S * 1000)
# Kafka ends a rebalance, without those who do not answer, after the longest time between polls: 300 s by default.
REBALANCE_LIMIT_S = 330.0
# The client queries unknown topics ten times a second: one that is still unknown does not exist.
MISSING_S = 2.0
# Refused topics are queried this rarely, since each query reassigns the partitions of all others.
DENIED_S = 300.0
T = TypeVar("T")


class KafkaPythonConsumer:
    """A member of a group by kafka-python; raises `BrokerError` when no broker answers."""

    def __init__(
        self, options: KafkaOptions, listener: Listener, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._listener = listener
        self._paused = False
        self._held: set[TopicPartition] = set()
        # Partitions that the broker refuses, and the time of the next attempt.
        self._barred: dict[TopicPartition, float] = {}
        self._topics = list(options.topics)
        # Since when the client knows nothing of a topic.
        self._missing: dict[str, float] = {}
        self._fresh: set[TopicPartition] | None = None
        self._moving_since: float | None = None
        self._monotonic = monotonic
        self._consumer: Any = open_client(KafkaConsumer, _settings(options))
        guard(self._consumer._fetcher)
        # The client (3.0.12) does not hand its setting on, and would make each topic that is misspelt.
        self._consumer._cluster.config["allow_auto_create_topics"] = False
        self._watch = _Topics(self._consumer) if options.group_instance_id is not None else None
        self._listening = _Rebalances(self)
        # Topics that we may not even look at, and when to try again.
        self._denied: set[str] = set()
        self._denied_until = 0.0
        if options.pattern is not None:
            # The client would match with a backtracking engine, from the start only; a pattern means the whole name.
            self._consumer.subscribe(pattern="(?!)", listener=self._listening)
            self._consumer._subscription.subscribed_pattern = _WholeName(options.pattern)
            self._consumer._cluster.request_update()
        else:
            self._consumer.subscribe(topics=options.topics, listener=self._listening)

    def poll(self, timeout_s: float, limit: int) -> list[Batch]:
        """See `Consumer.poll`."""
        self._free_parked()
        self._resume_due()
        # The client (3.0.12) stops looking at new metadata once one topic in them is refused.
        refused = (self._consumer._cluster.unauthorized_topics & set(self._topics)) - self._denied
        if refused:
            self._leave_out(refused)
        try:
            found = self._guard(lambda: self._consumer.poll(int(timeout_s * 1000), max_records=limit))
        except _OutOfRange as gap:
            self._skip(gap.offsets)
            found = {}
        except BlockedError as refusal:
            self._bar(refusal.partition, refusal.reason)
            found = {}
        except _Denied as refusal:
            self._leave_out(refusal.topics)
            found = {}
        if self._fresh is not None:
            self._settle()
        if self._moving_since is not None:
            self._join(self._monotonic() - self._moving_since)
        elif self._watch is not None and self._watch.changed():
            self._consumer._coordinator.request_rejoin()
        return [((at.topic, at.partition), messages) for at, messages in found.items()]

    def pause(self, paused: bool) -> None:
        """See `Consumer.pause`."""
        self._paused = paused
        self._switch()

    def hold(self, partitions: Set[Partition]) -> None:
        """See `Consumer.hold`."""
        before, self._held = self._held, {TopicPartition(*one) for one in partitions}
        if not self._paused and before != self._held:
            self._switch()

    def remaining(self) -> dict[Partition, int]:
        """See `Consumer.remaining`."""
        positions = self.positions()
        ends = {one: self._consumer.highwater(TopicPartition(*one)) for one in positions}
        return {one: max(0, end - positions[one]) for one, end in ends.items() if end is not None}

    def positions(self) -> dict[Partition, int]:
        """See `Consumer.positions`."""
        # The client's own `position` may query the broker.
        known = self._consumer._subscription.position
        found = {one: known(one) for one in self._consumer.assignment()}
        return {(one.topic, one.partition): at.offset for one, at in found.items() if at is not None}

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """See `Consumer.seek`."""
        ours = self._consumer.assignment()
        for partition, offset in offsets.items():
            if TopicPartition(*partition) in ours:
                self._consumer.seek(TopicPartition(*partition), offset)

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Consumer.commit`."""
        if offsets:
            self._guard(lambda: self._consumer.commit_async(_commits(offsets), callback=lambda *_: None))

    def topics(self) -> dict[str, Topic]:
        """See `Consumer.topics`."""
        cluster = self._consumer._cluster
        names = {*self._topics, *(one.topic for one in self._consumer.assignment())}
        return {name: Topic(_id(cluster.topic_id(name)), self._problem(name)) for name in sorted(names)}

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        """See `Lookup.marks`."""
        at = [TopicPartition(*partition) for partition in partitions]
        starts = _plain(self._guard(lambda: self._consumer.beginning_offsets(at, timeout_ms=_QUERY_MS)))
        ends = _plain(self._guard(lambda: self._consumer.end_offsets(at, timeout_ms=_QUERY_MS)))
        cluster = self._consumer._cluster
        found = {}
        for one in at:
            known = cluster._partitions.get(one.topic, {}).get(one.partition)
            place = (one.topic, one.partition)
            epoch = -1 if known is None else int(known.leader_epoch)
            found[place] = Mark(_id(cluster.topic_id(one.topic)), starts[place], ends[place], epoch)
        return found

    def ends(self) -> dict[Partition, int]:
        """See `Consumer.ends`."""
        ours = self._consumer.assignment()
        if not ours:
            return {}
        return _plain(self._guard(lambda: self._consumer.end_offsets(list(ours), timeout_ms=_QUERY_MS)))

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """See `Lookup.committed`."""
        wanted = {TopicPartition(*partition) for partition in partitions}
        # The client's public query takes one partition; this is its inner one for several.
        query = self._consumer._coordinator.fetch_committed_offsets
        found = self._guard(lambda: query(wanted, timeout_ms=_QUERY_MS))
        return {
            (at.topic, at.partition): Commit(one.offset, one.metadata or "")
            for at, one in found.items()
            if one.offset >= 0
        }

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        """See `Lookup.starts`."""
        at = [TopicPartition(*partition) for partition in partitions]
        if start == "earliest":
            return _plain(self._guard(lambda: self._consumer.beginning_offsets(at, timeout_ms=_QUERY_MS)))
        ends = _plain(self._guard(lambda: self._consumer.end_offsets(at, timeout_ms=_QUERY_MS)))
        if start == "latest":
            return ends
        times = {one: int(start * 1000) for one in at}
        found = self._guard(lambda: self._consumer.offsets_for_times(times, timeout_ms=_QUERY_MS))
        # A time after the last message means: what comes from now on.
        return ends | {(one.topic, one.partition): hit.offset for one, hit in found.items() if hit is not None}

    def close(self) -> None:
        """See `Consumer.close`."""
        self._guard(lambda: self._consumer.close(autocommit=False, timeout_ms=_QUERY_MS))

    async def on_revoked(self, partitions: Collection[TopicPartition]) -> None:
        """Commit what is journaled, for the next owner, while we may still."""
        self._forget(partitions)
        self._moving_since = self._monotonic()
        offsets = self._listener.revoked([(one.topic, one.partition) for one in sorted(partitions)])
        if offsets:
            try:
                await self._consumer.commit_async(_commits(offsets), callback=lambda *_: None)
            except KafkaError:
                # A hint that did not arrive: the next owner reads again what we have.
                return

    def on_lost(self, partitions: Collection[TopicPartition]) -> None:
        """Handle a group that continued without us."""
        self._forget(partitions)
        self._moving_since = self._monotonic()
        self._listener.lost([(one.topic, one.partition) for one in sorted(partitions)])

    def on_assigned(self, partitions: Collection[TopicPartition]) -> None:
        """Hold the partitions back until `poll` has queried their offsets."""
        for partition in partitions:
            # Any position will do: with one, the client does not look for its own.
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
        self._fresh = set(partitions)
        self._moving_since = None

    def _free_parked(self) -> None:
        """Let the client take up what it parked of a partition that was held back.

        It does so only where it has no batch in hand, and takes one that it has read to its end (3.0.12) for one: once
        nothing else comes, what is parked would stay so for ever.
        """
        fetcher = self._consumer._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None

    def _join(self, waited_s: float) -> None:
        """See to it that a rebalance which outlasts one poll is taken up again by the next.

        When it was new topics that began it, the client (3.0.12) forgets that it is joining: it would wait for ever,
        and be thrown out of the group. Should that come about in another way, a new client begins from our offsets.
        """
        if waited_s > REBALANCE_LIMIT_S:
            raise BrokerError(f"still between two assignments after {waited_s:.0f} s")
        self._consumer._coordinator.request_rejoin()

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        if self._fresh is not None:
            self._fresh.difference_update(partitions)

    def _settle(self) -> None:
        fresh = sorted(self._consumer.assignment())
        starts = self._listener.assigned([(one.topic, one.partition) for one in fresh], self)
        self._fresh = None
        self._held, self._barred = set(), {}
        self.seek(starts)
        self._switch()
        if self._watch is not None:
            self._watch.assigned(len(fresh))

    def _switch(self) -> None:
        """Have the client bring what is neither paused, held nor barred."""
        ours = set(self._consumer.assignment())
        quiet = ours if self._paused else ours & (self._held | self._barred.keys())
        self._consumer.pause(*quiet)
        self._consumer.resume(*(ours - quiet))

    def _bar(self, partition: TopicPartition, reason: str) -> None:
        """Read the other partitions: the client would query this one as fast as the broker refuses."""
        self._barred[partition] = self._monotonic() + BLOCKED_S
        self._listener.blocked((partition.topic, partition.partition), reason)
        self._switch()

    def _leave_out(self, topics: Set[str]) -> None:
        """Read the others: the client reads none of its topics while one is refused."""
        left = [topic for topic in self._topics if topic not in self._denied | topics]
        if not left:
            raise _Denied(topics)
        self._denied |= topics
        self._denied_until = self._monotonic() + DENIED_S
        self._consumer.subscribe(topics=left, listener=self._listening)

    def _resume_due(self) -> None:
        if self._denied and self._denied_until <= self._monotonic():
            self._denied = set()
            self._consumer.subscribe(topics=self._topics, listener=self._listening)
        if self._barred and min(self._barred.values()) <= self._monotonic():
            self._barred = {one: due for one, due in self._barred.items() if due > self._monotonic()}
            self._switch()

    def _problem(self, topic: str) -> str:
        cluster = self._consumer._cluster
        if topic in self._denied or topic in cluster.unauthorized_topics:
            return "not authorized to describe it; grant Describe and Read"
        if cluster.partitions_for_topic(topic):
            self._missing.pop(topic, None)
            return ""
        since = self._missing.setdefault(topic, self._monotonic())
        return "it does not exist; create it, or correct `topics`" if self._monotonic() - since >= MISSING_S else ""

    def _skip(self, offsets: Mapping[TopicPartition, int]) -> None:
        lost = {(at.topic, at.partition): offset for at, offset in offsets.items()}
        found = self.starts(lost, "earliest")
        for partition, wanted in lost.items():
            self._listener.skipped(partition, wanted, found[partition])
        self.seek(found)

    def _guard(self, query: Callable[[], T]) -> T:
        try:
            return query()
        except OffsetOutOfRangeError as error:
            raise _OutOfRange(error.args[0]) from None
        except TopicAuthorizationFailedError as error:
            topics = {topic for topic in error.args[0] if topic in self._topics} if error.args else set()
            if not topics:
                raise broker_error(type(error).__name__, str(error)) from error
            raise _Denied(topics) from error
        except KafkaError as error:
            raise broker_error(type(error).__name__, str(error)) from error
        except (OSError, RuntimeError, ValueError, AssertionError) as error:
            # The client lets some faults of the network and of the protocol through as they are.
            raise BrokerError(f"{type(error).__name__}: {error}"[:500]) from error


class _OutOfRange(Exception):
    def __init__(self, offsets: Mapping[TopicPartition, int]) -> None:
        super().__init__(offsets)
        self.offsets = offsets


class _Denied(RefusedError):
    def __init__(self, topics: Set[str]) -> None:
        super().__init__(f"not authorized to describe {', '.join(sorted(topics))}; grant Describe and Read")
        self.topics = topics


class _WholeName:
    """A pattern of topics in the client's form, matched in linear time."""

    def __init__(self, pattern: str) -> None:
        self._expression = Expression(pattern)

    def match(self, topic: str) -> bool:
        """Match the whole name."""
        return self._expression.matches(topic)


class _Topics:
    """Detects for a static member that topics or partitions were added.

    The leader of the group must then rejoin. A leader that restarts as the same static member gets its old share, but
    does not learn (below version 9 of joining, which 3.0.12 does not support) that it still leads. Nobody would check,
    and nobody read new partitions. A member that does not lead gets its share back unchanged: rejoining costs the
    others nothing.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._known: dict[str, int] | None = None
        self._is_first = True
        self._missed = False

    def assigned(self, partitions: int) -> None:
        """So many are ours. What came while we were away shows at the first time only, as more than our share."""
        self._known = self._counts()
        missing = sum(self._known.values()) > partitions
        self._missed = self._is_first and missing and not self._consumer._coordinator._is_leader
        self._is_first = False

    def changed(self) -> bool:
        """Return True once for each change that requires to rejoin."""
        if self._known is None:
            return False
        missed, self._missed = self._missed, False
        before, self._known = self._known, self._counts()
        return missed or before != self._known

    def _counts(self) -> dict[str, int]:
        # The client's own query for the partitions of a topic may contact the broker.
        known = self._consumer._coordinator._cluster.partitions_for_topic
        return {topic: len(known(topic) or ()) for topic in sorted(self._consumer.subscription() or ())}


class _Rebalances(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Passes the client's calls on; the client waits for them without stopping its heartbeats."""

    def __init__(self, consumer: KafkaPythonConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._consumer.on_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._consumer.on_assigned(assigned)

    async def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self._consumer.on_lost(lost)


def _settings(options: KafkaOptions) -> dict[str, Any]:
    session_ms = int(options.session_timeout_s * 1000)
    return kafka_python_settings(options) | {
        "group_id": options.group_id,
        "group_instance_id": options.group_instance_id,
        "enable_auto_commit": False,
        # If there is no offset left to read from, we decide and report it, rather than the client silently.
        "auto_offset_reset": "none",
        "isolation_level": "read_committed" if options.read_committed else "read_uncommitted",
        "max_poll_records": options.max_poll_records,
        "fetch_max_bytes": options.fetch_max_bytes,
        "max_partition_fetch_bytes": options.fetch_max_bytes // FETCH_SHARE,
        "fetch_max_wait_ms": FETCH_WAIT_MS,
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": min(3_000, session_ms // 4),
        "metadata_max_age_ms": int(options.metadata_max_age_s * 1000),
        "bootstrap_timeout_ms": _QUERY_MS,
        # Both clients must agree on how partitions are spread, or they cannot be in one group.
        "partition_assignment_strategy": (RangePartitionAssignor,),
        # Waits as short as the source's own: it is the source that backs off.
        "reconnect_backoff_max_ms": 2_000,
        "metrics_enabled": False,
        "allow_auto_create_topics": False,
    }


def _commits(offsets: Mapping[Partition, Commit]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*at): OffsetAndMetadata(one.offset, one.note, -1) for at, one in offsets.items()}


def _id(topic_id: uuid.UUID | None) -> int:
    return topic_id.int & ((1 << ID_BITS) - 1) if topic_id is not None else 0


def _plain(offsets: Mapping[TopicPartition, int]) -> dict[Partition, int]:
    return {(at.topic, at.partition): offset for at, offset in offsets.items()}
