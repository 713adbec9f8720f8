"""The rows of a sweep: figures of each setting, and what its grouping is measured against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from aiops.score.grouping import adjusted_rand
from aiops.sweep.blocks import PairCounts, onsets, pair_counts
from aiops.sweep.feedback import judged_pairs
from aiops.sweep.run import Grouping, Outcome, grouping_of, unpack

DAY_S = 86_400.0
Truth = Literal["labels", "feedback"]


class Row(Struct, omit_defaults=True):
    """The figures of one setting; scores only where there is truth, agreement only where there is none.

    `agreement` is the adjusted Rand index with the next setting, or with the current one if several keys are swept.
    """

    setting: dict[str, str]
    label: str
    pages: int
    pages_a_day: float
    # Of them, openings and reopenings; the others are updates and reminders.
    new_a_day: float
    incidents: int
    incidents_a_day: float
    alerts_per_incident: float
    pages_by_change: dict[str, int]
    pages_by_endpoint: dict[str, int]
    is_current: bool = False
    is_suggested: bool = False
    scores: Grouping | None = None
    agreement: float | None = None


class Measured(Struct):
    """All outcomes of a sweep, what they are scored against, and the pairs of each; empty without truth."""

    keys: list[str]
    outcomes: list[Outcome]
    truth: Truth | None = None
    pairs: list[PairCounts] = field(default_factory=list)
    # Agreements that were computed: each costs a pass over all alerts.
    known: dict[tuple[int, int], float] = field(default_factory=dict)

    @property
    def current(self) -> int:
        """Return the place of the configuration as it is."""
        return next(place for place, one in enumerate(self.outcomes) if one.setting.is_current)

    def rate(self, place: int) -> float:
        """Return the pages a day of one setting."""
        return len(self.outcomes[place].pages) * DAY_S / self.outcomes[place].span_s

    def agreed(self, one: int, other: int) -> float:
        """Return the adjusted Rand index between two settings."""
        key = min(one, other), max(one, other)
        if key not in self.known:
            self.known[key] = rand(*agreement(self, *key))
        return self.known[key]

    def page_blocks(self, place: int) -> list[float]:
        """Return the pages of one setting by block."""
        return self.outcomes[place].blocks.counted(page.at for page in self.outcomes[place].pages)


def measure(keys: Sequence[str], outcomes: Sequence[Outcome]) -> Measured:
    """Choose the truth: labels of the input, else the judgements of people about current incidents."""
    measured = Measured(list(keys), list(outcomes))
    pairs = [one.pairs for one in outcomes if one.pairs is not None]
    current = outcomes[measured.current]
    if len(pairs) == len(outcomes):
        measured.truth, measured.pairs = "labels", pairs
    elif any(len(one.right) + len(one.wrong) > 1 for one in current.judged):
        measured.truth = "feedback"
        measured.pairs = [judged_pairs(current.judged, unpack(one.clusters), current.blocks) for one in outcomes]
    return measured


def rows_of(measured: Measured) -> list[Row]:
    """Return one row a setting, in the order of the sweep."""
    agreed = agreements(measured) if measured.truth is None else [None] * len(measured.outcomes)
    return [_row(measured, place, agreement) for place, agreement in enumerate(agreed)]


def _row(measured: Measured, place: int, agreement: float | None) -> Row:
    one = measured.outcomes[place]
    scores = one.grouping
    if measured.truth == "feedback":
        scores = grouping_of(measured.pairs[place])
    changes = Counter(page.change for page in one.pages)
    return Row(
        setting=dict(zip(measured.keys, one.setting.values, strict=True)),
        label=one.setting.label,
        pages=len(one.pages),
        pages_a_day=measured.rate(place),
        new_a_day=(changes["opened"] + changes["reopened"]) * DAY_S / one.span_s,
        incidents=one.incidents,
        incidents_a_day=one.incidents * DAY_S / one.span_s,
        alerts_per_incident=one.grouped / one.incidents if one.incidents else 0.0,
        pages_by_change=dict(sorted(changes.items())),
        pages_by_endpoint={name: sum(page.endpoint == name for page in one.pages) for name in one.endpoints},
        is_current=one.setting.is_current,
        scores=scores,
        agreement=agreement,
    )


def agreements(measured: Measured) -> list[float | None]:
    """Return the agreement of each setting with the next one; of several keys, with the current one."""
    count = len(measured.outcomes)
    if len(measured.keys) > 1:
        return [measured.agreed(place, measured.current) for place in range(count)]
    return [*(measured.agreed(place, place + 1) for place in range(count - 1)), None]


def agreement(measured: Measured, one: int, other: int) -> tuple[PairCounts, int]:
    """Return the pairs that two settings join, and the number of alerts."""
    outcome = measured.outcomes[one]
    clusters = unpack(outcome.clusters)
    places = onsets(clusters, unpack(outcome.places))
    return (
        pair_counts(clusters, unpack(measured.outcomes[other].clusters), places, outcome.blocks.count),
        outcome.alerts,
    )


def rand(pairs: PairCounts, alerts: int, weights: Sequence[float] | None = None) -> float:
    """Return the adjusted Rand index of pair counts; 1 for equal groupings.

    >>> rand(PairCounts([4.0], [4.0], [4.0]), 6)
    1.0
    """
    both, found, actual = pairs.sums(weights)
    missed = actual - both
    return adjusted_rand(both, found - both, missed, alerts * (alerts - 1) / 2 - found - missed)
