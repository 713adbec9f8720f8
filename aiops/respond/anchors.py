"""The anchor of an audit trail: its number of lines and its last hash, kept apart from it.

A chain of hashes reveals a change inside it, but not lines that were cut off at its end.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from aiops.wording import plural

# The hash before the first line.
START = "0" * 64


class Mark(Struct, frozen=True):
    """The end of a trail when it was last anchored: entries, last hash, latest time of an entry.

    `engaged` are the kill switches that were engaged then: a missing line may have engaged one of them.
    """

    entries: int
    head: str
    at: float
    engaged: tuple[str, ...] = ()


# A store from before there were anchors has this value: the trail is accepted as it is, once.
UNKNOWN = Mark(-1, "", 0.0)


class TrailAnchor(Protocol):
    """Keeps the mark of a trail apart from it. Both raise `AiopsError` where the other side cannot be had."""

    def read(self) -> Mark | None:
        """Return the mark; None if none was ever written."""
        ...

    def write(self, mark: Mark) -> None:
        """Write the mark durably."""
        ...


class Cut(Struct, frozen=True):
    """A trail that does not match its anchor: the problem, and the end of the unknown time."""

    problem: str
    until: float | None = None
    engaged: tuple[str, ...] = ()


def compare(entries: int, hashed: str, mark: Mark | None) -> Cut | None:
    """Compare a trail with its mark; `hashed` is the hash of the entry that the mark names."""
    if mark is None and entries <= 1:
        # A crash before the first anchor. The first line engages the kill switch.
        return None
    if mark is None:
        return Cut("the store holds no anchor of it: lines may be missing")
    if mark == UNKNOWN:
        return None
    if entries < mark.entries:
        problem = f"{mark.entries - entries} of {plural(mark.entries, 'line is', 'lines are')} missing at its end"
    elif hashed != mark.head:
        problem = "its lines are not those that were written"
    elif entries > mark.entries + 1:
        added = plural(entries - mark.entries, "line at its end was", "lines at its end were")
        problem = f"{added} not written by the daemon"
    else:
        return None
    return Cut(problem, mark.at, mark.engaged)
