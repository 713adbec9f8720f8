"""One candidate beside the model that serves: a shadow, or a canary that decides for some services."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct, field

from aiops.engine.serving.comparison import ABSENT, MAX_NAME_CHARS, Compared, Tally
from aiops.engine.serving.versions import Version

Role = Literal["shadow", "canary"]
T = TypeVar("T")
# Incidents whose last comparison is kept: people confirm within days, and a busy site has some dozens a day.
MAX_COMPARED = 256
# Differences that are shown: the newest are what the candidate would change now.
MAX_EXAMPLES = 5
_MAX_FAULT_CHARS = 300


class Meter(Protocol):
    """Measures a call for the host: the engine has no clock, and nothing of the measure returns to it."""

    def __call__(self, slot: str, role: str, call: Callable[[], T]) -> T:
        """Return what `call` returns, or raise what it raises."""
        ...


def unmeasured(slot: str, role: str, call: Callable[[], T]) -> T:
    """Call without a measure.

    >>> unmeasured("causes", "shadow", lambda: 3)
    3
    """
    return call()


class TrialState(Struct):
    """A trial in snapshots; `state` is what its slot dumps of the candidate."""

    role: Role
    version: Version
    services: list[str]
    beside: Tally
    decided: Tally
    compared: list[Compared]
    faults: int
    fault: str
    state: Any


class Trial(Struct):
    """A candidate, and how its decisions compare.

    `decided` counts the incidents in which a canary decided, `beside` all others.
    """

    role: Role
    version: Version
    model: Any
    services: list[str] = field(default_factory=list)
    beside: Tally = field(default_factory=Tally)
    decided: Tally = field(default_factory=Tally)
    compared: dict[str, Compared] = field(default_factory=dict)
    faults: int = 0
    # The last fault, for people.
    fault: str = ""

    def covers(self, touched: Callable[[], Collection[str]]) -> bool:
        """Return True if the candidate decides for an incident that touches these services and entities."""
        if not self.services:
            return False
        found = touched()
        return any(name in found for name in self.services)

    def run(self, call: Callable[[Any], T], meter: Meter) -> T | None:
        """Return what the candidate answers; None if it raises, which is counted here and nowhere else."""
        try:
            return meter(self.version.slot, self.role, lambda: call(self.model))
        except Exception as error:
            self.faults += 1
            self.fault = f"{type(error).__name__}: {error}"[:_MAX_FAULT_CHARS]
            return None

    def compare(self, key: str, serving: Sequence[str], candidate: Sequence[str], is_decided: bool) -> None:
        """Count both decisions on an incident in place of the earlier ones on it.

        A confirmed incident stays as it was confirmed: what is ranked afterwards has seen the answer.
        """
        known = self.compared.get(key)
        if known is not None and known.is_confirmed:
            return
        if known is not None:
            self._tally(known).count(known, -1)
            # Last in the dict: the order is that of the last comparison.
            del self.compared[key]
        one = Compared(key, list(serving), list(candidate), is_decided)
        self._tally(one).count(one, 1)
        self.compared[key] = one
        if len(self.compared) > MAX_COMPARED:
            del self.compared[next(iter(self.compared))]

    def confirm(self, key: str, is_right: Callable[[str], bool]) -> None:
        """Count where the confirmed answer stood in both decisions; a correction replaces what was counted."""
        one = self.compared.get(key)
        if one is None:
            return
        tally = self._tally(one)
        tally.count(one, -1)
        one.is_confirmed = True
        one.serving_place, one.candidate_place = _place(one.serving, is_right), _place(one.candidate, is_right)
        tally.count(one, 1)

    def restart(self) -> None:
        """Count from the beginning: another model serves."""
        self.beside, self.decided, self.compared = Tally(), Tally(), {}

    def differences(self) -> Iterator[Compared]:
        """Yield the newest incidents whose first names differ, at most `MAX_EXAMPLES`."""
        found = 0
        for one in reversed(self.compared.values()):
            if one.differs:
                yield one
                found += 1
            if found == MAX_EXAMPLES:
                return

    def _tally(self, one: Compared) -> Tally:
        return self.decided if one.is_decided else self.beside


def names(found: Sequence[T], named: Callable[[T], str], most: int) -> list[str]:
    """Return the names of the first of a decision, each cut to a bounded length."""
    return [named(one)[:MAX_NAME_CHARS] for one in found[:most]]


def _place(found: Sequence[str], is_right: Callable[[str], bool]) -> int:
    return next((place for place, name in enumerate(found) if is_right(name)), ABSENT)
