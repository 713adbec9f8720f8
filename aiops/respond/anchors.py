"""The anchor of an audit trail: how many lines it had and the last hash, kept apart from it.

A chain of hashes shows what was changed inside it, and nothing of what was cut off at its end.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from aiops.wording import plural

# The hash before the first line.
START = "0" * 64


class Mark(Struct, frozen=True):
    """Where a trail ended when it was last anchored: its entries, the last hash, the latest time of an entry."""

    entries: int
    head: str
    at: float


# A store from before there were anchors has this: the trail is taken as it is, once.
UNKNOWN = Mark(-1, "", 0.0)


class Anchor(Protocol):
    """Keeps the mark of a trail apart from it. Both raise `AiopsError` where the other side cannot be had."""

    def read(self) -> Mark | None:
        """Return the mark; None where there never was one."""
        ...

    def write(self, mark: Mark) -> None:
        """Keep the mark durably."""
        ...


class Cut(Struct, frozen=True):
    """A trail that is not the one that was anchored: why, and the time until which what it held is not known."""

    problem: str
    until: float | None = None


def compare(entries: int, hashed: str, mark: Mark | None) -> Cut | None:
    """Compare a trail with its mark; `hashed` is the hash of the entry that the mark names."""
    if mark is None and entries <= 1:
        # A crash before the first anchor; the first line engages the kill switch.
        return None
    if mark is None:
        return Cut("the store holds no anchor of it: lines may be missing")
    if mark == UNKNOWN:
        return None
    if entries < mark.entries:
        return Cut(
            f"{mark.entries - entries} of {plural(mark.entries, 'line is', 'lines are')} missing at its end", mark.at
        )
    if hashed != mark.head:
        return Cut("its lines are not those that were written", mark.at)
    if entries > mark.entries + 1:
        return Cut(
            f"{plural(entries - mark.entries, 'line at its end was', 'lines at its end were')} "
            "not written by the daemon",
            mark.at,
        )
    return None
