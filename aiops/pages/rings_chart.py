"""Pages as marks on a line of time: the shape and the height are the severity."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from aiops.pages.icons import mark_shape
from aiops.pages.times import clock, moment
from aiops.views.replay import Ring

_WIDTH, _LINE, _HEIGHT, _EDGE = 540.0, 34.0, 56.0, 12.0
_LABELS = 5
_DAY_S = 86_400.0
_CHART = Markup(
    '<svg class="rings" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">'
    '<path class="rings-line" d="M0 {:.0f}H{:.0f}"/>{}{}</svg>'
)
_MARK = Markup('<g class="rings-{}" transform="translate({:.1f} {:.1f})"><title>{}</title>{}</g>')
_LABEL = Markup('<text x="{:.1f}" y="{:.0f}" text-anchor="{}">{}</text>')
# More severe marks stand higher, and are drawn over the others.
_RISE = {"critical": 26.0, "high": 21.0, "warning": 16.0}


def rings_chart(rings: Sequence[Ring], began_at: float, ended_at: float, zone: str) -> Markup:
    """Return the picture of the pages between two times."""
    length = max(1.0, ended_at - began_at)
    ordered = sorted(rings, key=lambda ring: _RISE.get(ring.severity, 12.0))
    marks = Markup("").join(_mark(ring, _x((ring.at - began_at) / length), zone) for ring in ordered)
    labels = Markup("").join(_label(number, began_at, length, zone) for number in range(_LABELS))
    return _CHART.format(_WIDTH, _HEIGHT, _sentence(rings, zone), _LINE, _WIDTH, marks, labels)


def _x(share: float) -> float:
    return _EDGE + min(1.0, max(0.0, share)) * (_WIDTH - 2 * _EDGE)


def _mark(ring: Ring, x: float, zone: str) -> Markup:
    text = f"{clock(ring.at, zone)} {ring.severity}: {ring.title[:200]}"
    return _MARK.format(ring.severity, x - 5, _LINE - _RISE.get(ring.severity, 12.0), text, mark_shape(ring.severity))


def _label(number: int, began_at: float, length: float, zone: str) -> Markup:
    share = number / (_LABELS - 1)
    at = began_at + share * length
    text = clock(at, zone)[:5] if length <= _DAY_S else moment(at, zone)[5:16]
    anchor = "start" if number == 0 else "end" if number == _LABELS - 1 else "middle"
    return _LABEL.format(share * _WIDTH, _HEIGHT - 6, anchor, text)


def _sentence(rings: Sequence[Ring], zone: str) -> str:
    if not rings:
        return "nobody would have been called"
    first, last = clock(min(ring.at for ring in rings), zone), clock(max(ring.at for ring in rings), zone)
    pages = "1 page" if len(rings) == 1 else f"{len(rings)} pages"
    return f"{pages}, the first at {first}, the last at {last}"
