"""The journaled offset of each partition, and the offset at which reading continues.

The offset that is stored with the state decides, since the state results from the messages. The group's committed
offset is used if we hold none, or if another reader committed it: its messages are in that reader's journal, and
reading them again would notify people twice. The commit's metadata identifies its author by a number that each state
directory draws once. A commit of our own, of an older release or of a tool moves nothing.

A partition that the group gave to another reader is marked as handed over, as `-1 - offset`. When it returns, reading
continues at the last reader's offset or at ours, whichever is further. No message is skipped by this, since an offset
is only ever committed once all before it are in a journal.

An offset is meaningless in another topic of the same name. The topic's id (KIP-516), the log start and the leader's
epoch are therefore stored beside the offsets. A recreated topic is read from its start, whatever `start` is, since all
of it is new. If a broker has no ids (before 2.8), a log that starts or ends earlier than before, or an epoch that
decreased, indicates the same; each of the three can only grow within one topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiops.ports import Position
from aiops_connectors.kafka.consumer import Commit, Lookup, Mark, Partition, Start

# The place, beside those of partitions, under which our number is stored: no topic may be called so.
READER = "#reader"
_NOTE = "aiops:"
# Keys of the marks that distinguish topics, before a topic's name or a partition's place.
_ID = "#id/"
_LOG_START = "#start/"
_EPOCH = "#epoch/"


class Remade(NamedTuple):
    """A partition of a recreated topic: our offset in the old one, and the mark of the new one."""

    partition: Partition
    before: int
    mark: Mark


class Positions:
    """The offsets of one source. Bounded by the number of partitions that were ever ours.

    `reader` is the number to commit under when none is stored yet.
    """

    def __init__(self, source: str, stored: Position | None, start: Start, reader: int = 0) -> None:
        self._source = source
        self._start = start
        self._at: dict[str, int] = {READER: reader} | (dict(stored.at) if stored else {})
        self._note = f"{_NOTE}{self._at[READER]:x}"
        # Partitions of topics that were found to be new ones of the same name; whoever reads this list empties it.
        self.remade: list[Remade] = []
        # Partitions that nobody else can have read since our query.
        self._looked_up: set[Partition] = set()
        self._given_up: set[Partition] = set()
        self.owned: set[Partition] = set()
        # Set when a hand-over, or a start, is not yet in the journal.
        self.unsaved = False
        # Grows with every change of what is ours.
        self.version = 0

    def position(self, ends: dict[str, int]) -> Position:
        """Return all offsets, advanced by `ends` (place to next offset).

        They are stored with the records read so far.
        """
        return Position(self._source, self._at | ends)

    def advance(self, ends: Mapping[str, int]) -> None:
        """The journal has all before these offsets."""
        self._at.update(ends)

    def own_offsets(self) -> dict[Partition, int]:
        """Return the journaled offsets of our partitions."""
        places = {partition: self._at.get(place_of(partition), -1) for partition in self.owned}
        return {partition: offset for partition, offset in places.items() if offset >= 0}

    def commits(self) -> dict[Partition, Commit]:
        """Return the commits of our partitions for the group."""
        return {partition: Commit(offset, self._note_of(partition)) for partition, offset in self.own_offsets().items()}

    def is_remade(self, topic: str, id: int) -> bool:
        """Return True if the topic of that name had another id when we last read it."""
        known = self._at.get(_ID + topic, 0)
        return bool(known and id and known != id)

    def revoke(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """The group takes these, perhaps to give them back at once; return what to commit."""
        self.version += 1
        mine = self.commits()
        taken = sorted(self.owned & set(partitions))
        self._given_up.update(taken)
        self.owned.difference_update(taken)
        return {partition: mine[partition] for partition in taken if partition in mine}

    def lose(self, partitions: Iterable[Partition]) -> None:
        """Give up lost partitions: another reader may have continued, so they count as handed over."""
        self.version += 1
        self.owned.difference_update(partitions)
        for partition in partitions:
            self._hand_over(partition)

    def forget_lookups(self) -> None:
        """We were away: others may have read on what was ours."""
        self._looked_up.clear()

    def assign(self, partitions: Sequence[Partition], lookup: Lookup) -> dict[Partition, int]:
        """Take over partitions; return the offset to read each of them from."""
        self.version += 1
        for partition in self._given_up - set(partitions):
            self._hand_over(partition)
        self._given_up.clear()
        self.owned = set(partitions)
        known = self.own_offsets()
        # A topic is treated as a whole: if it was recreated, all its partitions were.
        unsure = {partition[0] for partition in self.owned - self._looked_up}
        starts = {one: offset for one, offset in known.items() if one in self._looked_up and one[0] not in unsure}
        elsewhere = sorted(self.owned - set(starts))
        if elsewhere:
            starts |= self._starts(elsewhere, lookup)
            self.advance({place_of(partition): starts[partition] for partition in elsewhere if partition in starts})
            # What `latest` meant must outlive us, or what comes before the first journal write would be passed over.
            self.unsaved |= starts != known
        self._looked_up = set(partitions)
        return starts

    def _starts(self, partitions: list[Partition], lookup: Lookup) -> dict[Partition, int]:
        marks = lookup.marks(partitions)
        starts = self._anew(partitions, marks)
        committed = lookup.committed([partition for partition in partitions if partition not in starts])
        for partition, found in committed.items():
            at = self._at.get(place_of(partition))
            if self._counts(found, at, marks[partition]):
                starts[partition] = found.offset
        for partition in partitions:
            at = self._at.get(place_of(partition))
            if at is not None and not self._is_remade(partition, marks[partition]):
                starts[partition] = max(starts.get(partition, 0), _held(at))
        self._learn(marks)
        new = [partition for partition in partitions if partition not in starts]
        return starts | (lookup.starts(new, self._start) if new else {})

    def _anew(self, partitions: list[Partition], marks: dict[Partition, Mark]) -> dict[Partition, int]:
        """Return the starts of partitions of recreated topics, and forget what was known of these topics."""
        found = [partition for partition in partitions if self._is_remade(partition, marks[partition])]
        for partition in found:
            self.remade.append(Remade(partition, _held(self._at[place_of(partition)]), marks[partition]))
        for topic in {topic for topic, _ in found}:
            self._forget(topic)
        return {partition: marks[partition].start for partition in found}

    def _is_remade(self, partition: Partition, mark: Mark) -> bool:
        place = place_of(partition)
        at = self._at.get(place)
        if at is None:
            return False
        known = self._at.get(_ID + partition[0], 0)
        if known and mark.topic_id:
            return known != mark.topic_id
        gone_back = mark.end < _held(at) or mark.start < self._at.get(_LOG_START + place, 0)
        return gone_back or 0 <= mark.epoch < self._at.get(_EPOCH + place, 0)

    def _forget(self, topic: str) -> None:
        """Other partitions of it, once they come to us, are new as well: nothing of them was read."""
        for place in [*self._at]:
            if place.startswith((f"{_LOG_START}{topic}/", f"{_EPOCH}{topic}/")):
                del self._at[place]
            elif place.startswith(f"{topic}/"):
                self._at[place] = -1

    def _learn(self, marks: dict[Partition, Mark]) -> None:
        """Keep the marks of these topics; a mark of 0 carries no information."""
        for partition, mark in marks.items():
            place = place_of(partition)
            found = {_ID + partition[0]: mark.topic_id, _LOG_START + place: mark.start, _EPOCH + place: mark.epoch}
            self._at.update({name: value for name, value in found.items() if value > 0})

    def _counts(self, found: Commit, at: int | None, mark: Mark) -> bool:
        """Return True if a committed offset moves us: we hold none, or another reader committed it."""
        reader, _, topic_id = found.note.removeprefix(_NOTE).partition(":")
        if not found.note.startswith(_NOTE):
            return at is None or at < 0
        if mark.topic_id and topic_id and topic_id != f"{mark.topic_id:x}":
            # Committed in an earlier topic of this name.
            return False
        return at is None or at < 0 or _NOTE + reader != self._note

    def _note_of(self, partition: Partition) -> str:
        known = self._at.get(_ID + partition[0], 0)
        return f"{self._note}:{known:x}" if known else self._note

    def _hand_over(self, partition: Partition) -> None:
        place = place_of(partition)
        offset = self._at.get(place)
        if offset is not None and offset >= 0:
            self._at[place] = -1 - offset
            self.unsaved = True


def _held(at: int) -> int:
    """The offset of a place, handed over or not."""
    return at if at >= 0 else -1 - at


def place_of(partition: Partition) -> str:
    """Format a partition for offsets and dead letters: `topic/number`."""
    return f"{partition[0]}/{partition[1]}"
