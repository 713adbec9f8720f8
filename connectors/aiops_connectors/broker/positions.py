"""How far each partition has been journaled, and where reading it goes on.

The position that is stored with the state decides, since the state is what the messages made of it; the group's
committed offset is a hint that is used only where we hold nothing. A partition that the group gave to somebody else is
marked as handed over, as `-1 - offset`: when it comes back, reading goes on where the last of its readers says to be,
or where we were, whichever is further. No message is passed over by this, since an offset is only ever committed, by
anyone, once all before it are in a journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aiops.ports import Position
from aiops_connectors.broker.consumer import Lookup, Partition, Start


class Positions:
    """The offsets of one source. Bounded by the number of partitions that were ever ours."""

    def __init__(self, source: str, stored: Position | None, start: Start) -> None:
        self._source = source
        self._start = start
        self._at: dict[str, int] = dict(stored.at) if stored else {}
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

    def revoke(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The group takes these, perhaps to give them back at once; return the offsets to commit."""
        self.version += 1
        mine = self.own_offsets()
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

    def assign(self, partitions: Sequence[Partition], lookup: Lookup) -> dict[Partition, int]:
        """These are ours now: where to read each of them from."""
        self.version += 1
        for partition in self._given_up - set(partitions):
            self._hand_over(partition)
        self._given_up.clear()
        self.owned = set(partitions)
        starts = self.own_offsets()
        elsewhere = sorted(self.owned - set(starts))
        if elsewhere:
            starts |= self._starts(elsewhere, lookup)
            self.advance({place_of(partition): starts[partition] for partition in elsewhere if partition in starts})
            # What `latest` meant must outlive us, or what comes before the first journal write would be passed over.
            self.unsaved = True
        return starts

    def _starts(self, partitions: list[Partition], lookup: Lookup) -> dict[Partition, int]:
        starts = lookup.committed(partitions)
        for partition in partitions:
            mark = self._at.get(place_of(partition))
            if mark is not None:
                starts[partition] = max(starts.get(partition, 0), -1 - mark)
        new = [partition for partition in partitions if partition not in starts]
        return starts | (lookup.starts(new, self._start) if new else {})

    def _hand_over(self, partition: Partition) -> None:
        place = place_of(partition)
        offset = self._at.get(place)
        if offset is not None and offset >= 0:
            self._at[place] = -1 - offset
            self.unsaved = True


def place_of(partition: Partition) -> str:
    """How a partition is written in positions and dead letters: `topic/number`."""
    return f"{partition[0]}/{partition[1]}"
