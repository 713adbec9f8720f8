"""Drift of outcomes: how often the engine was right, where people confirmed or corrected it.

A judgement of a slot (causes, playbooks, grouping, noise) is right or wrong. Their order is tested: are there more
wrong ones than before (`Exchangeability`, one-sided)? Two claims of the cause ranker are tested as such (`Claim`): sets
of suspects that should hold the cause in nine of ten cases, and the probabilities that it states.
"""

from __future__ import annotations

from typing import Any, Final

from aiops.engine.drift.claim import Claim
from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.measure import Measure

SLOTS: Final = ("causes", "playbooks", "grouping", "noise")
PROMISES: Final = "promises"
CALIBRATION: Final = "calibration"
_RECENT: Final = 20
# Incidents whose judgement is remembered: people judge one twice within minutes, not after a thousand others.
_MAX_JUDGED: Final = 1_000
# What a promised set states; see `aiops_models.causes.promised_sets`.
PROMISE: Final = 0.9
# A coverage of .8 loses by the large bet and wins by the small one, which 20 to 40 outcomes show; 1 − .1·4 > 0.
_PROMISE_BETS: Final = (0.0, 1.0, 4.0)
# A stated probability may be 0, where a lost bet costs the whole stake but a tenth.
_STATED_BETS: Final = (0.0, 0.4, 0.9)
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
        self._claims = {PROMISES: Claim(_PROMISE_BETS), CALIBRATION: Claim(_STATED_BETS)}

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
        self._claim(PROMISES, PROMISE, held, "promised sets of suspects")

    def stated(self, probability: float, hit: bool) -> None:
        """Take the outcome of a probability that was stated for the first suspect."""
        self._claim(CALIBRATION, probability, hit, "first suspects with a stated probability")

    def _claim(self, name: str, share: float, held: bool, what: str) -> None:
        if self._claims[name].take(share, held):
            self._raised.append((name, self._claims[name].sentence(what)))

    def report(self) -> dict[str, Any]:
        """Return the judgements by slot, and the claims with the capital against them."""
        found: dict[str, Any] = {
            slot: {"outcomes": self.count[slot], "hits": self.hits[slot], **measure.report()}
            for slot, measure in self._measures.items()
        }
        found.update((name, claim.report()) for name, claim in self._claims.items())
        return found

    def dump(self) -> Any:
        """Return the state as plain data."""
        slots = {slot: [self.count[slot], self.hits[slot], one.dump()] for slot, one in self._measures.items()}
        return {
            "slots": slots,
            "claims": {name: claim.dump() for name, claim in self._claims.items()},
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
        for name, claim in self._claims.items():
            claim.load(state["claims"][name])
        self._judged = {(str(slot), str(of)): None for slot, of in state["judged"][-_MAX_JUDGED:]}


def sentence(recent: float | None, before: float | None) -> str:
    """Describe a change of the share of right judgements.

    >>> sentence(0.35, 0.8)
    'right in 35 % of the last 20 judgements, in 80 % before'
    """
    early = "an unknown share" if before is None else f"{100.0 * before:.0f} %"
    return f"right in {100.0 * (recent or 0.0):.0f} % of the last {_RECENT} judgements, in {early} before"
