"""How far each partition has been journaled, and where reading it goes on.

The position that is stored with the state decides, since the state is what the messages made of it; the group's
committed offset is used where we hold nothing, and where another reader committed it: what it read while we were away
is in its journal, and reading it again would tell people twice. Who committed stands in the commit's metadata, as a
number that each state directory draws once; a commit of our own, of an older release or of a tool moves nothing.

A partition that the group gave to somebody else is
marked as handed over, as `-1 - offset`: when it comes back, reading goes on where the last of its readers says to be,
or where we were, whichever is further. No message is passed over by this, since an offset is only ever committed, by
anyone, once all before it are in a journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aiops.ports import Position
from aiops_connectors.broker.consumer import Commit, Lookup, Partition, Start

# The place, beside those of partitions, under which our number is stored: no topic may be called so.
READER = "#reader"
_NOTE = "aiops:"


class Positions:
    """The offsets of one source. Bounded by the number of partitions that were ever ours.

    `reader` is the number to commit under when none is stored yet.
    """

    def __init__(self, source: str, stored: Position | None, start: Start, reader: int = 0) -> None:
        self._source = source
        self._start = start
        self._at: dict[str, int] = {READER: reader} | (dict(stored.at) if stored else {})
        self._note = f"{_NOTE}{self._at[READER]:x}"
        # Partitions that nobody else can have read since we asked.
        self._asked: set[Partition] = set()
        self._given_up: set[Partition] = set()
        self.owned: set[Partition] = set()
        # Set when a hand-over, or a start, is not yet in the journal.
        self.unsaved = False
        # Grows with every change of what is ours.
        self.version = 0

    def position(self, ends: dict[str, int]) -> Position:
        """All that is known, advanced by `ends` (place to next offset): what to store with the records read so far."""
        return Position(self._source, self._at | ends)

    def advance(self, ends: Mapping[str, int]) -> None:
        """The journal has all before these offsets."""
        self._at.update(ends)

    def own_offsets(self) -> dict[Partition, int]:
        """How far the partitions that are ours have been journaled."""
        places = {partition: self._at.get(place_of(partition), -1) for partition in self.owned}
        return {partition: offset for partition, offset in places.items() if offset >= 0}

    def commits(self) -> dict[Partition, Commit]:
        """What to tell the group of the partitions that are ours."""
        return {partition: Commit(offset, self._note) for partition, offset in self.own_offsets().items()}

    def revoke(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        """The group takes these, perhaps to give them back at once; return what to commit."""
        self.version += 1
        mine = self.commits()
        taken = sorted(self.owned & set(partitions))
        self._given_up.update(taken)
        self.owned.difference_update(taken)
        return {partition: mine[partition] for partition in taken if partition in mine}

    def lose(self, partitions: Iterable[Partition]) -> None:
        """These were taken without asking: somebody may have read on, so that they count as handed over."""
        self.version += 1
        self.owned.difference_update(partitions)
        for partition in partitions:
            self._hand_over(partition)

    def ask_again(self) -> None:
        """We were away: others may have read on what was ours."""
        self._asked.clear()

    def assign(self, partitions: Sequence[Partition], lookup: Lookup) -> dict[Partition, int]:
        """These are ours now: where to read each of them from."""
        self.version += 1
        for partition in self._given_up - set(partitions):
            self._hand_over(partition)
        self._given_up.clear()
        self.owned = set(partitions)
        known = self.own_offsets()
        starts = {partition: offset for partition, offset in known.items() if partition in self._asked}
        elsewhere = sorted(self.owned - set(starts))
        if elsewhere:
            starts |= self._starts(elsewhere, lookup)
            self.advance({place_of(partition): starts[partition] for partition in elsewhere if partition in starts})
            # What `latest` meant must outlive us, or what comes before the first journal write would be passed over.
            self.unsaved |= starts != known
        self._asked = set(partitions)
        return starts

    def _starts(self, partitions: list[Partition], lookup: Lookup) -> dict[Partition, int]:
        starts = {}
        committed = lookup.committed(partitions)
        for partition in partitions:
            at = self._at.get(place_of(partition))
            found = committed.get(partition)
            if found is not None and (at is None or at < 0 or self._is_anothers(found)):
                starts[partition] = found.offset
            if at is not None:
                starts[partition] = max(starts.get(partition, 0), at if at >= 0 else -1 - at)
        new = [partition for partition in partitions if partition not in starts]
        return starts | (lookup.starts(new, self._start) if new else {})

    def _is_anothers(self, found: Commit) -> bool:
        return found.note.startswith(_NOTE) and found.note != self._note

    def _hand_over(self, partition: Partition) -> None:
        place = place_of(partition)
        offset = self._at.get(place)
        if offset is not None and offset >= 0:
            self._at[place] = -1 - offset
            self.unsaved = True


def place_of(partition: Partition) -> str:
    """How a partition is written in positions and dead letters: `topic/number`."""
    return f"{partition[0]}/{partition[1]}"
