"""In how many past incidents each (entity, type) fired: chronicity, learned without labels.

Memory: at most `MAX_PAIRS` counters; past it the rarest, longest unseen are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Pairs remembered: some 200 entities with 100 types each, under 3 MB. What is forgotten counts as never seen, which
# only makes it more surprising.
MAX_PAIRS = 20_000
# Learned incidents that are remembered: a later confirmation then does not count one twice. Confirmations come within
# days; this is weeks of incidents.
MAX_IDS = 4096


class History:
    """Counts of past incidents."""

    def __init__(self) -> None:
        """Start with none."""
        self.incidents = 0
        self._pairs: dict[tuple[str, str], int] = {}
        self._ids: dict[str, None] = {}

    def seen(self, entity: str, type_: str) -> int:
        """Past incidents in which `type_` fired on `entity`."""
        return self._pairs.get((entity, type_), 0)

    def add(self, incident: str, pairs: Iterable[tuple[str, str]]) -> bool:
        """Count a closed incident once; False when it was counted before."""
        if incident in self._ids:
            return False
        self._ids[incident] = None
        if len(self._ids) > MAX_IDS:
            del self._ids[next(iter(self._ids))]
        self.incidents += 1
        for pair in pairs:
            # Taking it out first puts the pair last: the order of the dict is the order of last sight.
            self._pairs[pair] = self._pairs.pop(pair, 0) + 1
        if len(self._pairs) > MAX_PAIRS:
            self._forget()
        return True

    def _forget(self) -> None:
        """Drop a tenth: the rarest first, of equals the longest unseen (sorting keeps the order of equals)."""
        rarest = sorted(self._pairs, key=self._pairs.__getitem__)
        for pair in rarest[: MAX_PAIRS // 10]:
            del self._pairs[pair]

    def dump(self) -> Any:
        """The state as lists, in order of last sight."""
        pairs = [[entity, type_, count] for (entity, type_), count in self._pairs.items()]
        return {"incidents": self.incidents, "pairs": pairs, "ids": list(self._ids)}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.incidents = int(state["incidents"])
        self._pairs = {(entity, type_): int(count) for entity, type_, count in state["pairs"]}
        self._ids = dict.fromkeys(state["ids"])
