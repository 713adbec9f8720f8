"""The sentence over two replays: pages, what was joined or torn, and the labels.

It states what was counted. It recommends nothing: without labels nobody knows which side is right.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.views.replay import Changed, Score, Side, Tone, Verdict
from aiops.wording import plural

# Smaller differences of a score are noise of a few alerts.
_NOTABLE = 0.005
_F1 = "Grouping, F1"


def verdict(before: Side, after: Side, changed: Sequence[Changed], scores: Sequence[Score], faults: int) -> Verdict:
    """Return the sentence; `faults` is the number of labelled faults, 0 without labels."""
    if not changed and before.pages == after.pages:
        return Verdict(
            "same", "B decides as A does", "No incident changes, and nobody would have been called otherwise."
        )
    groups = _grouping(scores)
    title = f"B pages {_fewer(after.pages - before.pages)}"
    if groups:
        title += f" and groups {groups}"
    tone: Tone = "warning" if groups == "worse" or after.pages > before.pages else "info"
    return Verdict(tone, title, " ".join([_counted(before, after), *_shapes(changed), _judged(scores, faults)]))


def _fewer(more: int) -> str:
    if not more:
        return "as often"
    return "less" if more < 0 else "more"


def _grouping(scores: Sequence[Score]) -> str:
    f1 = next((score for score in scores if score.name == _F1), None)
    if f1 is None or abs(f1.after - f1.before) < _NOTABLE:
        return ""
    return "worse" if f1.after < f1.before else "better"


def _counted(before: Side, after: Side) -> str:
    if before.pages == after.pages:
        return f"{plural(before.pages, 'page')} on both sides."
    more = after.pages - before.pages
    return f"{plural(abs(more), 'page')} {'more' if more > 0 else 'fewer'}: {before.pages:,} → {after.pages:,}."


def _shapes(changed: Sequence[Changed]) -> list[str]:
    joined = sum(1 for one in changed if one.kind == "joined")
    torn = sum(1 for one in changed if one.kind == "split")
    parts = [f"joined in {plural(joined, 'place')}"] if joined else []
    parts += [f"torn apart in {plural(torn, 'place')}"] if torn else []
    return [f"Incidents are {' and '.join(parts)}."] if parts else []


def _judged(scores: Sequence[Score], faults: int) -> str:
    if not faults:
        return "There are no labels: which side is right, the figures cannot show."
    moved = [one for one in scores if abs(one.after - one.before) >= _NOTABLE]
    if not moved:
        return "Against the labels both sides are equal."
    return "; ".join(f"{one.name} {_number(one, one.before)} → {_number(one, one.after)}" for one in moved) + "."


def _number(score: Score, value: float) -> str:
    return f"{value:.0%}".replace("%", " %") if score.is_share else f"{value:.2f}"
