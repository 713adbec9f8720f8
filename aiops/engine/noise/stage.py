"""The noise stage: marks of people, what decisions saw, and the clusters that a model holds.

It is a stage of its own in snapshots. All of it follows from the records: alerts, marks, and `swap_model` records.
What a model may hold back is bounded: never anything critical, nothing in a storm, at most a share of the latest
incidents-to-be, each tenth opens in spite of the model, and what was held opens as soon as it grows or lasts.
"""

from __future__ import annotations

import heapq
from collections import deque
from math import inf
from typing import Any, ClassVar, Final, TypedDict

from aiops.engine.noise.held import Held, new_held
from aiops.engine.noise.logistic import ALGORITHM, Logistic, Verdict
from aiops.engine.noise.marks import LABELS, MAX_MARKS, Mark, new_mark
from aiops.engine.noise.sight import Sight, name_of
from aiops.errors import UsageError
from aiops.model_state import NONE, digest_of
from aiops.records import Incident, Marked, Severity
from aiops.wording import duration, plural

SLOT: Final = "noise"
# Incidents whose sight is kept: those that are open, and the ended ones that are remembered.
MAX_SIGHTS: Final = 20_000
# Decisions among which the share of held ones is bounded; two days of fifty a day.
WINDOW: Final = 100
# Each tenth of what a model would hold opens: people judge it, and their marks show whether the model still holds.
CHECK_EVERY: Final = 10
# Kinds that a person opened since the model was promoted; they are not held again.
MAX_SPARED: Final = 1_000
# A held cluster lasts at least this long before it opens: alerts of one burst come a minute apart. And at most a day,
# however long the marked ones lasted: everybody on the rota has then had a shift beside it.
LEAST_S: Final = 120.0
MOST_S: Final = 86_400.0


class NoiseState(TypedDict):
    """The state of `Noise` in snapshots."""

    sights: dict[str, Sight]
    marks: list[Mark]
    held: list[Held]
    due: list[tuple[float, int]]
    recent: list[bool]
    spared: list[str]
    counts: dict[str, int]
    model: list[str]


class Noise:
    """Marks, sights and held clusters; at most `share` of the latest decisions may be held."""

    STATE: ClassVar[Any] = NoiseState

    def __init__(self, share: float) -> None:
        self.share = share
        self.sights: dict[str, Sight] = {}
        self.marks: dict[str, Mark] = {}
        self.held: dict[int, Held] = {}
        self.counts: dict[str, int] = dict.fromkeys(("held", "grew", "lasted", "checked", "limited", "taken_back"), 0)
        self.model: Logistic | None = None
        # Algorithm and digest of the model, for people.
        self.in_place: tuple[str, str] | None = None
        self._loaded: list[str] = []
        self._due: list[tuple[float, int]] = []
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._spared: dict[str, None] = {}

    # Marks.

    def saw(self, incident: str, sight: Sight) -> None:
        """Keep what the decision to open an incident saw."""
        self.sights[incident] = sight
        if len(self.sights) > MAX_SIGHTS:
            del self.sights[next(iter(self.sights))]

    def forget(self, incident: str) -> None:
        """Drop what was seen of an incident that is remembered no more; its mark stays."""
        self.sights.pop(incident, None)

    def merged(self, incident: str) -> None:
        """Drop the mark of an incident that became a part of another one, which is judged as a whole."""
        self.forget(incident)
        self.marks.pop(incident, None)

    def mark(self, incident: str, label: str, who: tuple[float, str], lasted_s: float, implied: bool = False) -> None:
        """Keep the mark of a person (time and name) instead of an earlier one; an empty label removes it."""
        self.marks.pop(incident, None)
        if not label:
            return
        made = self.marks[incident] = new_mark(incident, label, *who, self.sights.get(incident))
        made.lasted_s, made.is_implied = lasted_s, implied
        if len(self.marks) > MAX_MARKS:
            del self.marks[next(iter(self.marks))]

    def label_of(self, incident: str) -> str:
        """Return the mark that a person gave to an incident; empty without one."""
        found = self.marks.get(incident)
        return found.label if found is not None and not found.is_implied else ""

    def describe(self, record: Incident) -> None:
        """Set the mark in the record of an incident."""
        found = self.marks.get(record.id)
        if found is not None:
            record.marked = Marked(found.label, found.at, found.actor, found.is_implied)

    def lessons(self) -> list[Mark]:
        """Return the marks that teach, in the order of their times: those whose decision was seen."""
        return sorted((mark for mark in self.marks.values() if mark.sight is not None), key=lambda one: one.at)

    def ended(self, incident: str, lasted_s: float) -> None:
        """Take the length of an incident that ended, if it is marked."""
        found = self.marks.get(incident)
        if found is not None:
            found.lasted_s = lasted_s

    # Decisions.

    def reason(self, number: int, sight: Sight) -> tuple[str | None, bool]:
        """Return why an incident-to-be is held, and True if it is newly held; a reason of None opens it."""
        held = self.held.get(number)
        if held is not None:
            return self._still(held, sight), False
        verdict = self._judge(sight)
        if verdict is None or self._is_spared(sight):
            self._recent.append(False)
            return None, False
        if not self._may_hold():
            self._recent.append(False)
            return None, False
        self._recent.append(True)
        return self._hold(number, sight, verdict), True

    def release(self, number: int) -> None:
        """Hold a cluster no more."""
        self.held.pop(number, None)

    def next_due(self) -> float:
        """Return when a held cluster may have lasted too long; infinity without one."""
        return self._due[0][0] if self._due else inf

    def overdue(self, now: float) -> list[tuple[float, int]]:
        """Release the clusters that have been held for as long as they may; return each with the time."""
        found = []
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            held = self.held.get(number)
            if held is not None and held.due == due:
                del self.held[number]
                found.append((due, number))
        return found

    def take_back(self, number: int, sight: Sight) -> None:
        """Release a cluster, and hold none of its kinds again under this model: a person wanted to see it."""
        self.counts["taken_back"] += number in self.held
        self.release(number)
        self._spared |= dict.fromkeys(sight.kinds)
        while len(self._spared) > MAX_SPARED:
            del self._spared[next(iter(self._spared))]

    def lasts_s(self) -> float:
        """Return for how long a cluster may be held."""
        return min(max(self.model.numbers.lasted_s, LEAST_S), MOST_S) if self.model is not None else LEAST_S

    def _judge(self, sight: Sight) -> Verdict | None:
        # Beyond what a model may decide.
        if self.model is None or sight.severity >= Severity.CRITICAL:
            return None
        return self.model.judge(sight)

    def _is_spared(self, sight: Sight) -> bool:
        return any(kind in self._spared for kind in sight.kinds)

    def _may_hold(self) -> bool:
        """Return whether the bounds leave room; each tenth opens to be judged."""
        if sum(self._recent) + 1 > self.share * WINDOW:
            self.counts["limited"] += 1
            return False
        if (self.counts["held"] + self.counts["checked"] + 1) % CHECK_EVERY == 0:
            self.counts["checked"] += 1
            return False
        return True

    def _hold(self, number: int, sight: Sight, verdict: Verdict) -> str:
        for_s = self.lasts_s()
        reason = (
            f"like what people marked as noise here: {verdict.noise} of {plural(verdict.marks, 'incident')} with "
            f"{name_of(verdict.name)}; an incident if it grows or lasts {duration(for_s)}"
        )
        self.held[number] = new_held(number, sight, reason, sight.at + for_s)
        heapq.heappush(self._due, (sight.at + for_s, number))
        self.counts["held"] += 1
        return reason

    def _still(self, held: Held, sight: Sight) -> str | None:
        """Return the reason of a held cluster, if nothing is new of it and the model still finds the same."""
        if not held.growth(sight) and self._judge(sight) is not None and not self._is_spared(sight):
            return held.reason
        self.counts["grew"] += 1
        self.release(held.cluster)
        return None

    # The model.

    def swap(self, algorithm: str, text: str) -> str:
        """Promote a model, or none; return a sentence. Raise `UsageError` for what is no model."""
        if algorithm not in (ALGORITHM, NONE):
            raise UsageError(f"swap_model: $.args.algorithm: expected {ALGORITHM} or {NONE}; got {algorithm[:100]!r}")
        before = self._loaded[0] if self._loaded else "no model"
        self._load([algorithm, text] if algorithm == ALGORITHM else [])
        self._spared.clear()
        self._recent.clear()
        return f"{self._loaded[0] if self._loaded else 'no model'} takes the place of {before} in {SLOT}"

    def _load(self, loaded: list[str]) -> None:
        self.model = Logistic.from_state(loaded[1]) if loaded else None
        self._loaded = loaded
        self.in_place = (loaded[0], digest_of(*loaded)) if loaded else None

    def exported(self) -> tuple[str, str] | None:
        """Return algorithm and state of the model; None without one."""
        return (self._loaded[0], self._loaded[1]) if self._loaded else None

    def figures(self) -> dict[str, Any]:
        """Return the counts for health: marks by label, held clusters now and in all, and why others opened."""
        labels = [mark.label for mark in self.marks.values()]
        return {
            "marks": {label: labels.count(label) for label in LABELS},
            "held_now": len(self.held),
            "model": self.in_place,
            **self.counts,
        }

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        for held in self.held.values():
            held.due = min(held.due, now + MOST_S)
            held.sight.at = min(held.sight.at, now)
        self._due = [(held.due, held.cluster) for held in self.held.values()]
        heapq.heapify(self._due)

    def dump(self) -> NoiseState:
        """State for a snapshot."""
        return {
            "sights": self.sights,
            "marks": list(self.marks.values()),
            "held": list(self.held.values()),
            "due": self._due,
            "recent": list(self._recent),
            "spared": list(self._spared),
            "counts": self.counts,
            "model": self._loaded,
        }

    def load(self, state: NoiseState) -> None:
        """Take the state of a `dump`."""
        self.sights = state["sights"]
        self.marks = {mark.incident: mark for mark in state["marks"]}
        self.held = {held.cluster: held for held in state["held"]}
        self._due = state["due"]
        self._recent = deque(state["recent"], WINDOW)
        self._spared = dict.fromkeys(state["spared"])
        self.counts |= state["counts"]
        self._load(list(state["model"]))
