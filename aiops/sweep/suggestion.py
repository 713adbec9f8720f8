"""The value that a history with truth suggests, and how sure that is.

The best value of a sweep is best partly by luck. It is therefore compared with every other on the same draws of
blocks, and the choice itself is tried: picked on the blocks of a draw and measured on those that the draw left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from aiops.sweep.bootstrap import Interval, draws, interval, weighted
from aiops.sweep.figures import DAY_S, Measured
from aiops.sweep.wording import alike_text, block_text, paste, setting_text, signed

Objective = Literal["f1", "pages"]
# Fewer blocks with faults in them have no 2.5 % percentile worth its name.
FEWEST_BLOCKS = 8


class Suggestion(Struct, omit_defaults=True):
    """A suggestion: what to do, the place of the value among the rows, its reasons, and what to paste.

    `change` suggests another value, `keep` the current one, `none` neither.
    """

    verdict: Literal["change", "keep", "none"]
    text: list[str]
    place: int | None = None
    paste: str = ""
    # Rows that this history does not distinguish from the best one.
    alike: list[int] = field(default_factory=list)
    # F1 of the best row minus that of the current one.
    gap: Interval | None = None
    # The same for a value picked on a part of the history and measured on the rest.
    gain: Interval | None = None
    # F1 of the suggested row.
    f1: Interval | None = None


def suggest(measured: Measured, objective: Objective) -> Suggestion:
    """Suggest a value from F1 against truth; for `pages`, the calmest of those as good as the best."""
    if len({one.clusters for one in measured.outcomes}) == 1:
        return Suggestion(
            "none", ["No suggestion: all settings group alike. Choose by the pages that each would send."]
        )
    filled = measured.pairs[measured.current].filled()
    if filled < FEWEST_BLOCKS:
        return _too_short(measured, filled)
    return _Choice(measured, objective).suggestion()


def _too_short(measured: Measured, filled: int) -> Suggestion:
    best = _best([pairs.f1() for pairs in measured.pairs], measured.current)
    blocks = block_text(measured.outcomes[0].blocks)
    text = (
        f"No suggestion: {blocks}, of which {filled} hold {_judged(measured)}; at least {FEWEST_BLOCKS} are needed. "
        f"The best F1 on this history is that of {setting_text(measured, best)}: {measured.pairs[best].f1():.3f}."
    )
    return Suggestion("none", [text])


def _judged(measured: Measured) -> str:
    return "labelled faults" if measured.truth == "labels" else "judged incidents"


def _best(scores: Sequence[float], current: int) -> int:
    """Return the place of the highest score: of equals the current one, else the middle one."""
    highest = max(scores)
    equal = [place for place, score in enumerate(scores) if score == highest]
    return current if current in equal else equal[len(equal) // 2]


class _Choice:
    """One suggestion in the making: the scores of all settings on all draws."""

    def __init__(self, measured: Measured, objective: Objective) -> None:
        self.measured = measured
        self.objective = objective
        self.current = measured.current
        self.weights = draws(measured.outcomes[0].blocks.count)
        self.scores = [[pairs.f1(weights) for weights in self.weights] for pairs in measured.pairs]
        self.best = _best([pairs.f1() for pairs in measured.pairs], self.current)
        gaps = [self._gap(self.best, place) for place in range(len(self.scores))]
        self.gap = gaps[self.current]
        self.alike = [place for place, gap in enumerate(gaps) if gap.low <= 0 or place == self.best]

    def _gap(self, one: int, other: int) -> Interval:
        return interval([high - low for high, low in zip(self.scores[one], self.scores[other], strict=True)])

    def suggestion(self) -> Suggestion:
        """Choose, and state why."""
        if self.objective == "pages":
            place, reason = self._calmest()
        else:
            place = self.current if self.current in self.alike else self.best
            reason = self._kept() if place == self.current else self._better()
        verdict: Literal["change", "keep"] = "keep" if place == self.current else "change"
        gain = self._gain()
        return Suggestion(
            verdict,
            [reason, *self._doubts(gain)],
            place,
            "" if verdict == "keep" else paste(self.measured.outcomes[place].setting.assignments),
            self.alike,
            self.gap,
            gain,
            interval(self.scores[place]),
        )

    def _kept(self) -> str:
        name = setting_text(self.measured, self.current)
        f1 = self.measured.pairs[self.current].f1()
        if self.best == self.current:
            return f"{name} (current) has the best F1, {f1:.3f}: keep it."
        best = self.measured.pairs[self.best].f1()
        return (
            f"{name} (current) is as good: keep it. Its F1 is {f1:.3f}, the best is {best:.3f} at "
            f"{setting_text(self.measured, self.best)}; the difference is {_range(self.gap)}, which includes 0."
        )

    def _better(self) -> str:
        f1, current = (self.measured.pairs[place].f1() for place in (self.best, self.current))
        return (
            f"{setting_text(self.measured, self.best)} is better: F1 {f1:.3f} against {current:.3f} at "
            f"{setting_text(self.measured, self.current)} (current); the difference is {_range(self.gap)}."
        )

    def _calmest(self) -> tuple[int, str]:
        """Return the calmest row among those as good as the best, if it is calmer beyond chance."""
        measured = self.measured
        place = min(
            self.alike, key=lambda one: (len(measured.outcomes[one].pages), one != self.current, one != self.best)
        )
        if place == self.current:
            return place, f"{setting_text(measured, place)} (current) has the fewest pages among the best: keep it."
        saved = self._saved(place)
        name, pages = setting_text(measured, place), f"{measured.rate(place):.1f} pages a day"
        text = f"{name} has {pages} against {measured.rate(self.current):.1f} at the current value"
        if saved.low <= 0 and self.current in self.alike:
            return (
                self.current,
                f"{text}; the difference is {_range(saved, '.1f')}, which includes 0: keep the current.",
            )
        return place, f"{text}, at an F1 that is as good as the best."

    def _saved(self, place: int) -> Interval:
        less, more = (self.measured.page_blocks(one) for one in (place, self.current))
        saved = [high - low for high, low in zip(more, less, strict=True)]
        days = self.measured.outcomes[0].span_s / DAY_S
        return interval([weighted(saved, weights) / days for weights in self.weights])

    def _gain(self) -> Interval:
        """Return the gain of the value that won a draw over the current one, on the blocks left out of it."""
        gains = []
        for number, weights in enumerate(self.weights):
            rest = [0.0 if weight else 1.0 for weight in weights]
            if not self.measured.pairs[self.current].sums(rest)[2]:
                continue
            won = _best([scores[number] for scores in self.scores], self.current)
            pairs = self.measured.pairs
            gains.append(pairs[won].f1(rest) - pairs[self.current].f1(rest))
        return interval(gains) if gains else Interval(0.0, 0.0)

    def _doubts(self, gain: Interval) -> list[str]:
        measured, count = self.measured, len(self.scores)
        f1 = interval(self.scores[self.best])
        lines = [
            f"Doubt: 95 % intervals from {len(self.weights):,} draws of {block_text(measured.outcomes[0].blocks)}. "
            f"The best F1 lies in {f1.low:.3f} to {f1.high:.3f}. {alike_text(measured, self.alike, self.best)}",
            _gain_text(gain),
        ]
        ends = {0, count - 1} if len(measured.keys) == 1 and measured.outcomes[0].setting.number is not None else set()
        if self.best in ends and count > 1 and self.best != self.current:
            lines.append("The best value is the last one of the sweep: values beyond it may be better.")
        if measured.truth == "feedback":
            lines.append(
                "People judge the incidents that they were shown: such truth finds wrong joins more surely than alerts "
                "that should have been joined."
            )
        return lines


def _gain_text(gain: Interval) -> str:
    if not gain.low and not gain.high:
        return "A value picked in this way on a part of this history gains nothing on the rest."
    return f"A value picked in this way on a part of this history gains {_range(gain)} on the rest."


def _range(found: Interval, form: str = ".3f") -> str:
    return f"{signed(found.low, form)} to {signed(found.high, form)}"
