"""Without truth: where the choice of a value matters, and what each one costs in pages.

No figure of the incidents alone shows which grouping is right. What can be measured is how much the grouping depends
on the value: within a stable range, a slightly wrong value does little harm.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.sweep.bootstrap import Interval, draws, interval, weighted
from aiops.sweep.figures import DAY_S, Measured, agreement, rand
from aiops.sweep.suggestion import Suggestion
from aiops.sweep.wording import block_text, places_text, setting_text, signed
from aiops.wording import plural

# Groupings that agree so far differ in single alerts; Steinley (2004) calls an index above .9 excellent recovery.
STABLE = 0.95
SHARPER = (
    "Labels sharpen this: `truth` in the archive, or judgements of real incidents (`aiops incidents confirm` with "
    "`--belongs` and `--wrong`), which a sweep of the journal uses."
)


class Plateau(Struct):
    """Neighbouring settings whose groupings agree, each with the first and with the one before."""

    places: list[int]
    # Adjusted Rand index between its ends.
    agreement: float
    doubt: Interval


def describe(measured: Measured) -> Suggestion:
    """State what a history without truth shows; no value is suggested."""
    if not measured.outcomes[0].alerts:
        return Suggestion("none", ["No suggestion: the input holds no alerts."])
    lines = ["No suggestion: without labels or judgements of people, no figure shows which grouping is right."]
    weights = draws(measured.outcomes[0].blocks.count)
    if len(measured.keys) == 1 and measured.outcomes[0].setting.number is not None:
        lines += _plateau_lines(measured, weights)
    else:
        lines.append(_alike_line(measured))
    lines.append(_pages_line(measured, weights))
    lines.append(f"Doubt: 95 % intervals from {len(weights):,} draws of {block_text(measured.outcomes[0].blocks)}.")
    return Suggestion("none", [*lines, SHARPER])


def widest(measured: Measured, weights: list[list[int]]) -> Plateau | None:
    """Return the plateau with the widest span of values; None where no two neighbours agree."""
    numbers = [one.setting.number or 0.0 for one in measured.outcomes]
    best: list[int] = []
    for first in range(len(numbers) - 1):
        places = [first]
        for place in range(first + 1, len(numbers)):
            if min(measured.agreed(place - 1, place), measured.agreed(first, place)) < STABLE:
                break
            places.append(place)
        if len(places) > 1 and (not best or _width(numbers, places) > _width(numbers, best)):
            best = places
    if not best:
        return None
    pairs, alerts = agreement(measured, best[0], best[-1])
    doubt = interval([rand(pairs, alerts, one) for one in weights])
    return Plateau(best, rand(pairs, alerts), doubt)


def _width(numbers: list[float], places: list[int]) -> float:
    return numbers[places[-1]] - numbers[places[0]]


def _plateau_lines(measured: Measured, weights: list[list[int]]) -> list[str]:
    found = widest(measured, weights)
    current = measured.current
    name = setting_text(measured, current)
    if found is None:
        return [f"No two neighbouring values group alike (adjusted Rand index {STABLE} or more): the choice matters."]
    values, doubt = places_text(measured, found.places), found.doubt
    rates = [measured.rate(place) for place in found.places]
    lines = [
        f"Widest stable range: {values}. Its ends agree to {found.agreement:.3f} ({doubt.low:.3f} to {doubt.high:.3f}; "
        f"adjusted Rand index, 1 is equal), and cost {min(rates):.1f} to {max(rates):.1f} pages a day."
    ]
    if current in found.places:
        lines.append(f"{name} (current) lies inside it: nothing here is a reason to change it.")
    else:
        middle = setting_text(measured, found.places[len(found.places) // 2])
        lines.append(f"{name} (current) lies outside it; {middle}, in its middle, depends less on the exact value.")
    return lines


def _alike_line(measured: Measured) -> str:
    current = measured.current
    alike = [place for place in range(len(measured.outcomes)) if measured.agreed(place, current) >= STABLE]
    rates = [measured.rate(place) for place in alike]
    return (
        f"{plural(len(alike), 'setting')} of {len(measured.outcomes)} group as the current one does (adjusted Rand "
        f"index {STABLE} or more): {places_text(measured, alike)}. "
        f"They cost {min(rates):.1f} to {max(rates):.1f} pages a day."
    )


def _pages_line(measured: Measured, weights: list[list[int]]) -> str:
    """Return the pages of the current setting, and the differences of the calmest and the busiest one."""
    days = measured.outcomes[0].span_s / DAY_S
    current = measured.page_blocks(measured.current)
    own = interval([weighted(current, one) / days for one in weights])
    text = (
        f"Pages a day: {measured.rate(measured.current):.1f} ({own.low:.1f} to {own.high:.1f}) at "
        f"{setting_text(measured, measured.current)} (current)"
    )
    order = sorted(range(len(measured.outcomes)), key=measured.rate)
    for word, place in (("fewest", order[0]), ("most", order[-1])):
        if place == measured.current:
            continue
        other = measured.page_blocks(place)
        gap = interval([(weighted(other, one) - weighted(current, one)) / days for one in weights])
        text += (
            f"; {word} {measured.rate(place):.1f} at {setting_text(measured, place)}, "
            f"a difference of {signed(gap.low, '.1f')} to {signed(gap.high, '.1f')}"
        )
    return f"{text}. Fewer pages are not better where they hide a second fault."
