"""Starts of episodes, a part of the state of its own: older snapshots have all others."""

from __future__ import annotations

from typing import Any, ClassVar

from aiops.engine.dedup.deduplicator import Dedup

# The number of a stream, that of the record that began its episode, and the alerts that were seen before it.
Start = tuple[int, int, int]


class Starts:
    """The starts of the current episodes of all streams."""

    STATE: ClassVar[Any] = list[Start]

    def __init__(self, dedup: Dedup) -> None:
        self._dedup = dedup

    def set_back(self, now: float) -> None:
        """Do nothing: engine time plays no part."""

    def dump(self) -> list[Start]:
        """State for a snapshot."""
        return [(stream.number, stream.begun, stream.before) for stream in self._dedup.streams.values()]

    def load(self, state: list[Start]) -> None:
        """Take the state of a `dump`; the streams have been loaded."""
        for number, begun, before in state:
            stream = self._dedup.of(number)
            if stream is None:
                raise LookupError(f"no stream {number}")
            stream.begun, stream.before = begun, before
