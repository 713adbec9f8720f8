"""Drift of outcomes: how often the engine was right, where people confirmed or corrected it.

A judgement of a slot (causes, playbooks, grouping, noise) is right or wrong. Two things are tested. The order of right
and wrong ones: are there more wrong ones than before (`Exchangeability`, one-sided)? And promises: a set of suspects
that should hold the cause in nine of ten cases is a bet at known odds; payoff .9 − 1 where it held, .9 where not, has
a mean of at most 0 while the promise is kept (testing by betting, Shafer 2021; Waudby-Smith and Ramdas 2024).
"""

from __future__ import annotations

from typing import Any, Final

from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.jumper import ALARM, Jumper
from aiops.engine.drift.measure import Measure

SLOTS: Final = ("causes", "playbooks", "grouping", "noise")
PROMISES: Final = "promises"
_RECENT: Final = 20
# Incidents whose judgement is remembered: people judge one twice within minutes, not after a thousand others.
_MAX_JUDGED: Final = 1_000
# What a promised set states; see `aiops_models.causes.promised_sets`.
PROMISE: Final = 0.9
# A coverage of .8 loses by the large bet and wins by the small one, which 20 to 40 outcomes show; 1 − .1·4 > 0.
_BETS: Final = (0.0, 1.0, 4.0)
_MISSES: Final = (-1.0, 0.0)


class Outcomes:
    """The judgements of all slots, and the promises; some microseconds a judgement."""

    def __init__(self, raised: list[tuple[str, str]]) -> None:
        """`raised` gets the name and the sentence of each alarm."""
        self._raised = raised
        self.count = dict.fromkeys(SLOTS, 0)
        self.hits = dict.fromkeys(SLOTS, 0)
        self._measures = {
            slot: Measure(_RECENT, Exchangeability(2, _MISSES, (16 + number) << 32))
            for number, slot in enumerate(SLOTS)
        }
        # Slots with what was judged, which counts once.
        self._judged: dict[tuple[str, str], None] = {}
        self.promises = self.held = self.broken_alarms = 0
        self._jumper = Jumper(_BETS)

    def judged(self, slot: str, of: str, hit: bool) -> None:
        """Take a judgement of an incident: `hit` if the engine was right; a second one of it does not count."""
        if (slot, of) in self._judged:
            return
        self._judged[slot, of] = None
        if len(self._judged) > _MAX_JUDGED:
            del self._judged[next(iter(self._judged))]
        self.count[slot] += 1
        self.hits[slot] += hit
        measure = self._measures[slot]
        if measure.take(float(hit), 1.0, 0 if hit else 1):
            self._raised.append((slot, sentence(measure.recent, measure.before)))
            measure.restart()

    def promised(self, held: bool) -> None:
        """Take the outcome of a promised set of suspects."""
        self.promises += 1
        self.held += held
        if self._jumper.bet(PROMISE - held) < ALARM:
            return
        text = f"{self.held} of {self.promises} promised sets of suspects held the cause, less than {PROMISE:.0%}"
        self._raised.append((PROMISES, text.replace("%", " %")))
        self.broken_alarms += 1
        self._jumper = Jumper(_BETS)

    def report(self) -> dict[str, Any]:
        """Return the judgements by slot, and `promises` with the capital against them."""
        found: dict[str, Any] = {
            slot: {"outcomes": self.count[slot], "hits": self.hits[slot], **measure.report()}
            for slot, measure in self._measures.items()
        }
        found[PROMISES] = {
            "outcomes": self.promises,
            "hits": self.held,
            "capital": self._jumper.capital,
            "alarms": self.broken_alarms,
        }
        return found

    def dump(self) -> Any:
        """Return the state as plain data."""
        slots = {slot: [self.count[slot], self.hits[slot], one.dump()] for slot, one in self._measures.items()}
        return {
            "slots": slots,
            "promises": [self.promises, self.held, self.broken_alarms, self._jumper.dump()],
            "judged": [list(one) for one in self._judged],
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        for slot, measure in self._measures.items():
            # A slot that an older release did not know starts empty.
            if slot in state["slots"]:
                count, hits, kept = state["slots"][slot]
                self.count[slot], self.hits[slot] = int(count), int(hits)
                measure.load(kept)
        promises, held, alarms, stakes = state["promises"]
        self.promises, self.held, self.broken_alarms = int(promises), int(held), int(alarms)
        self._jumper.load(stakes)
        self._judged = {(str(slot), str(of)): None for slot, of in state["judged"][-_MAX_JUDGED:]}


def sentence(recent: float | None, before: float | None) -> str:
    """Describe a change of the share of right judgements.

    >>> sentence(0.35, 0.8)
    'right in 35 % of the last 20 judgements, in 80 % before'
    """
    early = "an unknown share" if before is None else f"{100.0 * before:.0f} %"
    return f"right in {100.0 * (recent or 0.0):.0f} % of the last {_RECENT} judgements, in {early} before"
