"""The chart of counts a minute: bars over a scale, with the clock below."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from aiops.pages.times import clock, thousands

# Units of the picture: it is as wide as its card, so these are proportions.
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 540.0, 150.0, 48.0, 22.0, 8.0
# Minutes between two labels of the clock.
_STEP = 10
_CHART = Markup(
    '<svg class="minutes" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}'
    '<path class="minutes-bars" d="{}"/>{}</svg>'
)
_LINE = Markup(
    '<path class="minutes-grid" d="M{:.0f} {:.1f}H{:.0f}"/><text x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text>'
)
_LABEL = Markup('<text x="{:.1f}" y="{:.0f}" text-anchor="{}">{}</text>')


def minutes_chart(counts: Sequence[int], at: float, zone: str) -> Markup:
    """Return the picture of counts, one a minute, the last one that of the time `at`."""
    most = _scale(max(counts, default=0))
    slot = (_WIDTH - _LEFT) / max(1, len(counts))
    room = _HEIGHT - _BOTTOM - _TOP
    bars = "".join(
        f"M{_LEFT + (number + 0.5) * slot:.1f} {_HEIGHT - _BOTTOM:.0f}v-{max(1.5, count / most * room):.1f}"
        for number, count in enumerate(counts)
        if count > 0
    )
    lines = Markup("").join(_grid(value, most, room) for value in (0, most // 2, most))
    labels = Markup("").join(_label(number, len(counts), at, slot, zone) for number in _labelled(len(counts)))
    return _CHART.format(_WIDTH, _HEIGHT, _sentence(counts), lines, bars, labels)


def _scale(most: int) -> int:
    """Return the top of the scale: a round, even number that is not below the highest bar.

    >>> from aiops.pages.minutes_chart import _scale
    >>> [_scale(count) for count in (0, 3, 101, 990)]
    [2, 4, 120, 1000]
    """
    step = 2
    while step * 10 < most:
        step *= 10
    return max(step, -(-most // step) * step)


def _grid(value: int, most: int, room: float) -> Markup:
    y = _HEIGHT - _BOTTOM - value / most * room
    return _LINE.format(_LEFT, y, _WIDTH, _LEFT - 8, y + 4, thousands(value))


def _labelled(count: int) -> range:
    return range(count - 1, -1, -_STEP)


def _label(number: int, count: int, at: float, slot: float, zone: str) -> Markup:
    minute = at - 60.0 * (count - 1 - number)
    anchor = "end" if number == count - 1 else "middle"
    x = _WIDTH if anchor == "end" else _LEFT + (number + 0.5) * slot
    return _LABEL.format(x, _HEIGHT - 5, anchor, clock(minute, zone)[:5])


def _sentence(counts: Sequence[int]) -> str:
    if not sum(counts):
        return f"no alerts in {len(counts)} minutes"
    return (
        f"{sum(counts)} alerts in {len(counts)} minutes, at most {max(counts)} a minute, {counts[-1]} in the last one"
    )
