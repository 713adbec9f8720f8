"""Small charts as SVG: the bars of a row, the bars of evidence, and the meter of a confidence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

# Units of a spark: one bar of 1 and a gap of .6 a bucket.
_BAR, _HEIGHT = 1.6, 20
_SPARK = Markup(
    '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">'
    '<path class="zero" d="M0 {3}h{0}"/><path class="bars" d="{4}"/></svg>'
)
_SHARE = Markup(
    '<svg class="bar" viewBox="0 0 60 5" width="60" height="5" aria-hidden="true">'
    '<rect class="track" width="60" height="5" rx="2.5"/><rect class="fill" width="{}" height="5" rx="2.5"/></svg>'
)
_METER = Markup(
    '<svg class="meter-bars" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">'
    '<rect class="{}" y="8" width="3" height="4"/><rect class="{}" x="4.5" y="5" width="3" height="7"/>'
    '<rect class="{}" x="9" y="2" width="3" height="10"/></svg>'
)
_FILLED = {"low": 1, "medium": 2, "high": 3}


def spark(counts: Sequence[float]) -> Markup:
    """Return one bar a bucket over a zero line, as two paths: a hundred rows of sixty bars stay small.

    The highest bucket has the full height; one that is not empty is never drawn as nothing.
    """
    most = max(counts, default=0)
    bars = "".join(
        f"M{number * _BAR + 0.5:.1f} {_HEIGHT}v-{max(2, round(count / most * (_HEIGHT - 1)))}"
        for number, count in enumerate(counts)
        if count > 0
    )
    width = round(max(1, len(counts)) * _BAR)
    return _SPARK.format(width, _HEIGHT + 1, _sentence(counts), _HEIGHT + 0.5, bars)


def bar(share: float) -> Markup:
    """Return a horizontal bar of a share (0 to 1); the sentence beside it names what it shows."""
    return _SHARE.format(round(60 * min(1.0, max(0.0, share)), 1))


@lru_cache(maxsize=64)
def meter(confidence: str) -> Markup:
    """Return three bars, filled by the confidence: 1 to 3, none for an unknown word."""
    filled = _FILLED.get(confidence, 0)
    return _METER.format(*("fill" if number < filled else "track" for number in range(3)))


def _sentence(counts: Sequence[float]) -> str:
    total = sum(counts)
    if not total:
        return "no alerts in this time"
    last = next(number for number, count in enumerate(reversed(counts)) if count)
    when = "the last one in the last minute" if last == 0 else f"the last one {last} min before the end"
    return f"{total:.0f} alerts, at most {max(counts):.0f} a minute, {when}"
