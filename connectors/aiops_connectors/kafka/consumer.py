"""The interface of the Kafka source to a client; either client implements it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Literal, NamedTuple, Protocol

from aiops.errors import AiopsError

# (topic, number)
Partition = tuple[str, int]
# Where a partition is read from when neither we nor the group have been there; a float is a time in Unix seconds.
Start = Literal["earliest", "latest"] | float
# How long a question to the broker (offsets, commits) may take before the broker counts as away.
QUERY_TIMEOUT_S = 3.0
# The time that a broker without messages holds back its answer to a fetch. A query on the same connection waits for
# that answer, and so does a partition that is to continue. Ten answers a second from a silent broker cost next to
# nothing.
FETCH_WAIT_MS = 100
# One fetch brings at most this share of what a client may hold, of one partition. Smaller, and it is the round trips
# that cost; larger, and a partition runs so far ahead of the others that it must be held back.
FETCH_SHARE = 32


# A partition that the broker refuses is tried again after this long: a person must act first, and the others are read
# meanwhile.
BLOCKED_S = 30.0


class BrokerError(AiopsError):
    """The broker is unreachable, or refuses; the message names which. A retry may help."""


class RefusedError(BrokerError):
    """The broker answers and refuses: no retry helps until somebody changes its settings or ours."""


class ReopenError(BrokerError):
    """The topics are not those that were assigned: the session must begin anew. No fault of the broker."""


class Commit(NamedTuple):
    """A commit to the group: the next offset of a partition, and a note that identifies the reader."""

    offset: int
    note: str = ""


class Mark(NamedTuple):
    """The broker's present knowledge of a partition.

    `topic_id`: 62 bits of the topic's id (KIP-516), 0 if the broker has none (before 2.8). `start` and `end`: the first
    offset that is kept, and the next to be written. `epoch`: the leader's epoch, -1 if unknown.
    """

    topic_id: int
    start: int
    end: int
    epoch: int = -1


class Topic(NamedTuple):
    """The broker's knowledge of a topic: its id as in `Mark`, and why it cannot be read (empty: it can)."""

    id: int = 0
    problem: str = ""


class Unreadable(NamedTuple):
    """Messages that no retry can read: offsets from `offset` up to `end`, which is not included."""

    offset: int
    end: int
    reason: str
    raw: bytes = b""


class RawMessage(Protocol):
    """One message as it came; `timestamp` is in Unix milliseconds, -1 where the broker keeps none."""

    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...
    @property
    def timestamp(self) -> int: ...


Batch = tuple[Partition, Sequence[RawMessage | Unreadable]]
# 62 of the 122 random bits of a topic's id fit the journal's signed integers and are never equal by chance.
ID_BITS = 62


class Lookup(Protocol):
    """Queries the broker for offsets; may block for `QUERY_TIMEOUT_S`."""

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """Return the offsets committed to the group; partitions without one are left out."""
        ...

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        """The offsets that a start policy means now."""
        ...

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        """Return the marks that distinguish a topic from an earlier one of the same name."""
        ...


class Listener(Protocol):
    """Receives the assignments of the group; always called inside `poll` or `close`."""

    def assigned(self, partitions: Sequence[Partition], lookup: Lookup) -> Mapping[Partition, int]:
        """Take over these partitions, and only these; return the offset to read each of them from."""
        ...

    def revoked(self, partitions: Sequence[Partition]) -> Mapping[Partition, Commit]:
        """Give up these partitions; return the offsets to commit for their next reader."""
        ...

    def lost(self, partitions: Sequence[Partition]) -> None:
        """Give up partitions that were lost: another reader may have them already."""
        ...

    def skipped(self, partition: Partition, wanted: int, found: int) -> None:
        """Record that the broker does not have offset `wanted` (any more): reading continues at `found`."""
        ...

    def blocked(self, partition: Partition, reason: str) -> None:
        """Record that the broker refuses this partition; it is tried again after `BLOCKED_S`."""
        ...


class Consumer(Lookup, Protocol):
    """A member of a consumer group. All methods are called from one thread; all raise `BrokerError` only."""

    def poll(self, timeout_s: float, limit: int) -> list[Batch]:
        """Return at most `limit` new messages, in order of each partition; empty after the time-out."""
        ...

    def pause(self, paused: bool) -> None:
        """Stop reading, or continue; `poll` must still be called, for the group."""
        ...

    def hold(self, partitions: Set[Partition]) -> None:
        """Bring nothing more of these for now, and of all others: a pause of some, beside that of all."""
        ...

    def remaining(self) -> dict[Partition, int]:
        """Return the remaining messages of each partition, as far as known without a query.

        An upper bound: marks of transactions count. Partitions without any answer yet are left out.
        """
        ...

    def positions(self) -> dict[Partition, int]:
        """Return the next offsets of the client: beyond the messages read, including left-out ones."""
        ...

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """Read these partitions from these offsets next."""
        ...

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit our offsets to the group, without waiting."""
        ...

    def topics(self) -> dict[str, Topic]:
        """Return the broker's knowledge of the named topics, and of ours."""
        ...

    def ends(self) -> dict[Partition, int]:
        """Return the next offset to be written of each of our partitions.

        Raise `BrokerError` without an answer.
        """
        ...

    def close(self) -> None:
        """Leave; a static member stays in the group until its session runs out."""
        ...
