"""The noise model: logistic regression as plain numbers, fitted outside the engine on marks.

It answers only inside what was marked here: every alert name was part of an incident that somebody marked as noise, no
number is above the highest of those, and no severity is worse. Elsewhere nothing is known, and unknown is no noise.
Cost: about 10 µs a cluster of one kind.
"""

from __future__ import annotations

import math
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from aiops.engine.noise.sight import NAMES, Sight, name_of
from aiops.errors import UsageError

ALGORITHM: Final = "logistic"
# Alert names, and names on workloads, whose marks are kept; the rest of a larger history is not judged.
MAX_KINDS: Final = 5_000
# Marks that the share of a name, and that of a name on a workload, is worth at the start: one mark settles nothing.
PRIOR_MARKS: Final = 2.0
MAX_STATE: Final = 4_000_000
_EDGE: Final = 0.01
# Numbers this far above the highest are as high: times of one length differ by their rounding.
SLACK: Final = 0.01

Kinds = dict[str, tuple[int, int]]
Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Marks = Annotated[int, Meta(ge=0, le=1_000_000)]


class Numbers(Struct, forbid_unknown_fields=True, kw_only=True):
    """The state of a model, in the order of `NAMES` and then the evidence of the kinds.

    `kinds` has (marked as noise, marked at all) by alert name and by kind, `share` the share of noise among all marks.
    `most` are the highest values among what was marked as noise, `severity` the worst severity there, `lasted_s` how
    long all but the longest tenth of that lasted. A score above `threshold` is noise.
    """

    mean: list[Number]
    scale: list[Annotated[float, Meta(gt=0, le=1e9)]]
    weights: list[Number]
    intercept: Number
    threshold: Number
    most: list[Number]
    severity: Annotated[int, Meta(ge=0, le=3)]
    lasted_s: Annotated[float, Meta(ge=0, le=1e9)]
    share: Annotated[float, Meta(gt=0, lt=1)]
    kinds: dict[str, tuple[Marks, Marks]]


class Verdict(Struct, frozen=True):
    """A score above the threshold, with the marks of the least noisy alert name: (as noise, at all)."""

    score: float
    name: str
    noise: int
    marks: int


class Logistic:
    """A model of the slot `noise`."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    @classmethod
    def from_state(cls, text: str) -> Logistic:
        """Build from the JSON text of a record; raise `UsageError` with the place and the expected value."""
        if len(text) > MAX_STATE:
            raise UsageError(f"swap_model: $.args.state: expected at most {MAX_STATE} characters, got {len(text)}")
        try:
            numbers = msgspec.json.decode(text, type=Numbers)
        except msgspec.MsgspecError as error:
            raise UsageError(f"swap_model: $.args.state: no state of {ALGORITHM!r}: {error}") from None
        sizes = {len(numbers.mean), len(numbers.scale), len(numbers.weights), len(numbers.most) + 1}
        if sizes != {len(NAMES) + 1}:
            raise UsageError(f"swap_model: $.args.state: expected {len(NAMES) + 1} numbers each, got {sorted(sizes)}")
        if len(numbers.kinds) > MAX_KINDS:
            raise UsageError(f"swap_model: $.args.state: expected at most {MAX_KINDS} kinds, got {len(numbers.kinds)}")
        return cls(numbers)

    def judge(self, sight: Sight) -> Verdict | None:
        """Return why a sight is noise; None for what is not, or of which nothing is known."""
        if not self.knows(sight):
            return None
        score, (name, noise, marks) = self.score(sight), self._least(sight)
        return Verdict(score, name, noise, marks) if score > self.numbers.threshold else None

    def knows(self, sight: Sight) -> bool:
        """Return true if a sight lies inside what people marked as noise here."""
        numbers = self.numbers
        if sight.is_cut or not sight.kinds or sight.severity > numbers.severity:
            return False
        if any(value > most + SLACK for value, most in zip(sight.values, numbers.most, strict=True)):
            return False
        return all(numbers.kinds.get(name_of(kind), (0, 0))[0] > 0 for kind in sight.kinds)

    def score(self, sight: Sight) -> float:
        """Return the log-odds of noise."""
        numbers = self.numbers
        terms = zip([*sight.values, self.evidence(sight)], numbers.mean, numbers.scale, numbers.weights, strict=True)
        return numbers.intercept + math.fsum((value - mean) / scale * weight for value, mean, scale, weight in terms)

    def evidence(self, sight: Sight) -> float:
        """Return the log-odds of the kind that is the least noise, against those of all marks."""
        return evidence(sight.kinds, self.numbers.kinds, self.numbers.share)

    def _least(self, sight: Sight) -> tuple[str, int, int]:
        kinds = self.numbers.kinds
        rows = [(name, *kinds.get(name, (0, 0))) for name in dict.fromkeys(map(name_of, sight.kinds))]
        return min(rows, key=lambda row: (row[1] / row[2] if row[2] else 0.0, row[0]))


def evidence(kinds: list[str], marks: dict[str, tuple[int, int]], share: float) -> float:
    """Return the log-odds of the kind that is the least noise, against those of all marks.

    The share of a name begins at that of all marks, and that of a name on a workload at that of the name.

    >>> evidence(["Slow @ db"], {}, 0.5)
    0.0
    >>> round(evidence(["Slow @ db"], {"Slow": (8, 8), "Slow @ db": (0, 4)}, 0.5), 2)
    -0.85
    """
    return min((_log_odds(_share(kind, marks, share)) for kind in kinds), default=0.0) - _log_odds(share)


def _share(kind: str, marks: dict[str, tuple[int, int]], share: float) -> float:
    for key in (name_of(kind), kind):
        noise, count = marks.get(key, (0, 0))
        share = (noise + PRIOR_MARKS * share) / (count + PRIOR_MARKS)
    return share


def _log_odds(share: float) -> float:
    share = min(max(share, _EDGE), 1.0 - _EDGE)
    return math.log(share / (1.0 - share))
