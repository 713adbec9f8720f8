"""Absences: the times in which this host could not have received anything of a sender.

Silence is evidence only while somebody listens. Each clock record (tick) shows that the daemon ran, and names the
sources that were away: down, or with a backlog that is still to be read. A pause between two ticks is a time in which
the daemon did not run, or its host's clock jumped. What could not be received does not count against a sender.
"""

from __future__ import annotations

from typing import TypedDict

from aiops.records import Tick

# Ticks come every second (`daemon/ticks.py`). A longer pause is none of theirs, and a jump of the clock bends
# nothing for longer than that.
MAX_STEP_S = 60.0
# In `Tick.away`, and for pauses: every source.
ALL = "*"
# A site has a dozen sources, and each of them some stretches of absence that a running expectation looks back to.
# Beyond, the two oldest stretches become one: more is forgiven.
MAX_SOURCES, MAX_STRETCHES = 64, 256

Stretch = tuple[float, float]


class AbsencesState(TypedDict):
    """The state of `Absences` in snapshots."""

    tick: float
    away: list[str]
    cut_off: dict[str, list[Stretch]]


class Absences:
    """The stretches of time in which nothing could be received, in order and disjoint.

    A look-up goes back from the latest stretch, over those since a stream came last; there is mostly none.
    """

    def __init__(self) -> None:
        self._tick = -1.0
        self._away: list[str] = []
        self._cut_off: dict[str, list[Stretch]] = {}

    @property
    def away(self) -> list[str]:
        """Return the sources that are away at present."""
        return self._away

    def clock(self, tick: Tick) -> None:
        """Take in a clock record."""
        before, self._tick = self._tick, tick.ts
        if tick.ts < before:
            self._cut(tick.ts)
        elif before >= 0.0:
            silent = [ALL] if tick.ts - before > MAX_STEP_S or ALL in self._away else self._away
            for name in silent:
                self._add(name, before, tick.ts)
        self._away = list(tick.away[:MAX_SOURCES])

    def _add(self, name: str, start: float, end: float) -> None:
        stretches = self._cut_off.get(name)
        if stretches is None:
            if len(self._cut_off) >= MAX_SOURCES:
                # More names than a site has: that is counted for all.
                name = ALL
            stretches = self._cut_off.setdefault(name, [])
        if stretches and stretches[-1][1] >= start:
            start = stretches.pop()[0]
        stretches.append((start, max(start, end)))
        if len(stretches) > MAX_STRETCHES:
            stretches[:2] = [(stretches[0][0], stretches[1][1])]

    def _cut(self, now: float) -> None:
        """Forget what lies ahead of a clock that was set back."""
        for name, stretches in self._cut_off.items():
            self._cut_off[name] = [(start, min(end, now)) for start, end in stretches if start < now]

    def missed_s(self, source: str, since: float, now: float) -> float:
        """Return the seconds between two times in which a source was cut off."""
        return self._sum(ALL, since, now) + (self._sum(source, since, now) if source != ALL else 0.0)

    def _sum(self, name: str, since: float, now: float) -> float:
        total = 0.0
        for start, end in reversed(self._cut_off.get(name, ())):
            if end <= since:
                break
            total += max(0.0, min(end, now) - max(start, since))
        return total

    def set_back(self, now: float) -> None:
        """Forget what lies ahead of `now`: engine time was set back."""
        self._cut(now)

    def dump(self) -> AbsencesState:
        """State for a snapshot."""
        return {"tick": self._tick, "away": self._away, "cut_off": self._cut_off}

    def load(self, state: AbsencesState) -> None:
        """Take the state of a `dump`."""
        self._tick, self._away, self._cut_off = state["tick"], state["away"], state["cut_off"]
