"""Types that threads decode, made ready before any thread starts.

msgspec gathers what it knows of a type when it is decoded first, and runs Python meanwhile. Another thread that decodes
the same type then finds half of it, which ends the process with a segmentation fault (msgspec 0.22.0).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.json import Decoder


def prepare_types() -> int:
    """Have msgspec gather what it needs of each `Struct`; return their number. A tenth of a second."""
    found = list(dict.fromkeys(_below(Struct)))
    for one in found:
        try:
            Decoder(one)
        except (TypeError, NameError):
            # It is only written, never decoded: what it holds has no decoder.
            continue
    return len(found)


def _below(parent: type[Struct]) -> Iterator[type[Struct]]:
    for one in parent.__subclasses__():
        yield one
        yield from _below(one)
