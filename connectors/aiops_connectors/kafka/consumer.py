"""What the Kafka source needs of a client, so that either client can stand behind it."""

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
# How long a broker without messages holds back its answer to a fetch. A question on the same connection waits for that
# answer, and so does a partition that is to go on; ten answers a second from a silent broker cost next to nothing.
FETCH_WAIT_MS = 100
# One fetch brings at most this share of what a client may hold, of one partition. Smaller, and it is the round trips
# that cost; larger, and a partition runs so far ahead of the others that it must be held back.
FETCH_SHARE = 32


# A partition that the broker refuses to bring is asked for again after so long: a person must act first, and the others
# are read meanwhile.
BLOCKED_S = 30.0


class BrokerError(AiopsError):
    """The broker is away, or refuses; the message says which. Another try may help."""


class RefusedError(BrokerError):
    """The broker answers and refuses: no retry helps until somebody changes its settings or ours."""


class ReopenError(BrokerError):
    """The topics are not those that were assigned: the session must begin anew. No fault of the broker."""


class Commit(NamedTuple):
    """What the group is told of a partition: the next offset to read, and a note that says who read up to there."""

    offset: int
    note: str = ""


class Mark(NamedTuple):
    """What the broker knows of a partition now.

    `topic_id`: 62 bits of the topic's id (KIP-516), 0 where the broker has none (before 2.8). `start` and `end`: the
    first offset that is kept, and the next to be written. `epoch`: the leader's epoch, -1 where unknown.
    """

    topic_id: int
    start: int
    end: int
    epoch: int = -1


class Topic(NamedTuple):
    """What the broker says of a topic: its id as in `Mark`, and why it cannot be read (empty: it can)."""

    id: int = 0
    problem: str = ""


class Unreadable(NamedTuple):
    """Messages that no retry can read, in place of them: offsets from `offset` up to `end`, which is not included."""

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
    """Asks the broker for offsets; may block for `QUERY_TIMEOUT_S`."""

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """What was committed to the group; partitions without one are left out."""
        ...

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        """The offsets that a start policy means now."""
        ...

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        """What tells a topic from an earlier one of the same name."""
        ...


class Listener(Protocol):
    """Is told what the group hands us and takes away; always called inside `poll` or `close`."""

    def assigned(self, partitions: Sequence[Partition], lookup: Lookup) -> Mapping[Partition, int]:
        """These, and only these, are ours now: return where to read each of them from."""
        ...

    def revoked(self, partitions: Sequence[Partition]) -> Mapping[Partition, Commit]:
        """These are about to be taken: return what to commit for whoever reads them next."""
        ...

    def lost(self, partitions: Sequence[Partition]) -> None:
        """These were taken without asking: somebody else may be reading them already."""
        ...

    def skipped(self, partition: Partition, wanted: int, found: int) -> None:
        """The broker does not have offset `wanted` (any more): reading goes on at `found`."""
        ...

    def blocked(self, partition: Partition, reason: str) -> None:
        """The broker refuses to bring this partition; it is asked again after `BLOCKED_S`."""
        ...


class Consumer(Lookup, Protocol):
    """A member of a consumer group. All methods are called from one thread; all raise `BrokerError` only."""

    def poll(self, timeout_s: float, limit: int) -> list[Batch]:
        """What has come, at most `limit` messages, each in order of its partition; empty after the time-out."""
        ...

    def pause(self, paused: bool) -> None:
        """Stop bringing messages, or go on; `poll` must still be called, for the group."""
        ...

    def hold(self, partitions: Set[Partition]) -> None:
        """Bring nothing more of these for now, and of all others: a pause of some, beside that of all."""
        ...

    def remaining(self) -> dict[Partition, int]:
        """How much each partition holds beyond what was brought, as far as is known without asking the broker.

        An upper bound: marks of transactions count. Partitions of which nothing was heard yet are left out.
        """
        ...

    def positions(self) -> dict[Partition, int]:
        """The offsets that the client goes on from: beyond what was brought, where messages are left out."""
        ...

    def seek(self, offsets: Mapping[Partition, int]) -> None:
        """Read these partitions from these offsets next."""
        ...

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Tell the group how far we are, without waiting."""
        ...

    def topics(self) -> dict[str, Topic]:
        """What the broker says of the topics that were asked for by name, and of those that are ours."""
        ...

    def ends(self) -> dict[Partition, int]:
        """The next offset to be written of every partition that is ours; raise `BrokerError` without an answer."""
        ...

    def close(self) -> None:
        """Leave; a static member stays in the group until its session runs out."""
        ...
