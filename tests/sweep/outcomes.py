"""Outcomes of invented replays, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

from aiops.sweep.blocks import Blocks, PairCounts
from aiops.sweep.feedback import Judged
from aiops.sweep.figures import Measured, measure
from aiops.sweep.pages import Page
from aiops.sweep.run import Outcome, grouping_of, pack
from aiops.sweep.settings import Setting

DAY_S = 86_400.0


def page(at: float, incident: str = "inc-1", change: str = "opened") -> Page:
    return Page(at, "pager", change, incident, "high", f"title of {incident}")


def outcome(
    number: float,
    clusters: Sequence[int],
    *,
    is_current: bool = False,
    pairs: PairCounts | None = None,
    pages: Sequence[Page] = (),
    judged: Sequence[Judged] = (),
    days: int = 10,
) -> Outcome:
    """One replay of ten days with an alert a day or more."""
    blocks = Blocks(0.0, DAY_S, days)
    return Outcome(
        setting=Setting((("correlate.sensitivity", str(number)),), (str(number),), number, is_current),
        seconds=1.0,
        alerts=len(clusters),
        rejected=0,
        refused=0,
        incidents=len(set(clusters)),
        grouped=len(clusters),
        span_s=days * DAY_S,
        pages=list(pages),
        endpoints=["pager"],
        blocks=blocks,
        clusters=pack(clusters),
        places=pack([place * days // max(1, len(clusters)) for place in range(len(clusters))]),
        judged=list(judged),
        pairs=pairs,
        grouping=grouping_of(pairs) if pairs is not None else None,
    )


def measured(*outcomes: Outcome) -> Measured:
    return measure(["correlate.sensitivity"], outcomes)
