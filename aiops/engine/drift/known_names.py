"""Names that were seen while learning: what counts as known until the next learning."""

from __future__ import annotations

from typing import Any, Final

# Beyond it a share of unknown names means nothing; 20,000 of 40 bytes are about 2 MB.
_MAX_NAMES: Final = 20_000


class KnownNames:
    """Learns all names until `until` (an hour since the epoch), and nothing after that.

    New names count as new for good, and not only once: what matters is what the models have not seen.

    >>> known = KnownNames()
    >>> known.until = 10
    >>> known.is_new("cpu", 3), known.is_new("cpu", 10), known.is_new("disk", 10), known.is_new("disk", 11)
    (False, False, True, True)
    """

    __slots__ = ("_names", "is_full", "until")

    def __init__(self) -> None:
        self.until = -1
        self._names: dict[str, None] = {}
        # There were more names than are kept: a share of new ones means nothing.
        self.is_full = False

    def __len__(self) -> int:
        return len(self._names)

    def is_new(self, name: str, hour: int) -> bool:
        """Return true for a name that was not learned."""
        if name in self._names:
            return False
        if hour >= self.until:
            return True
        if len(self._names) < _MAX_NAMES:
            self._names[name] = None
        else:
            self.is_full = True
        return False

    def learn_until(self, hour: int) -> None:
        """Learn anew."""
        self.until, self.is_full = hour, False
        self._names.clear()

    def dump(self) -> Any:
        """Return the state as plain data."""
        return [self.until, self.is_full, list(self._names)]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.until, self.is_full, names = int(state[0]), bool(state[1]), state[2]
        self._names = dict.fromkeys(names[:_MAX_NAMES])
