"""Two settings side by side: the incidents that one of them would have paged, and the other not."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from aiops.backtest import Comparison, Difference, compare
from aiops.records import Incident
from aiops.sweep.figures import Measured
from aiops.sweep.run import Outcome
from aiops.verdict.sentence import title_of


class PagedDifference(Struct):
    """A difference between incidents, and the pages about them before and after."""

    kind: str
    text: str
    before: list[str]
    after: list[str]
    pages_before: int
    pages_after: int


class SettingsDifference(Struct):
    """Two settings side by side, the current one `before`.

    Incidents that are the `same` have equal alerts and equal pages.
    """

    before: str
    after: str
    pages_before: int
    pages_after: int
    same: int
    # Incidents that one of the two pages and the other does not, with all that was joined or split.
    differences: list[PagedDifference] = field(default_factory=list)
    # Differences of incidents that leave the pages as they are.
    unpaged: int = 0


def difference(measured: Measured, place: int) -> SettingsDifference:
    """Compare the current setting with another; both were replayed with details."""
    before, after = measured.outcomes[measured.current], measured.outcomes[place]
    assert before.details is not None
    assert after.details is not None
    compared = compare(before.details[0], after.details[0], before.details[1], after.details[1])
    counts = _pages(before), _pages(after)
    found = [_paged(one, *counts) for one in compared.differences]
    found += _same_incidents(compared, before.details[0], *counts)
    moved = [one for one in found if one.kind in ("joined", "split") or one.pages_before != one.pages_after]
    moved.sort(key=lambda one: (-abs(one.pages_after - one.pages_before), one.before, one.after))
    kept = sum(1 for one in moved if one.kind == "paged")
    return SettingsDifference(
        before.setting.label,
        after.setting.label,
        len(before.pages),
        len(after.pages),
        compared.same - kept,
        moved,
        len(found) - len(moved),
    )


def _pages(outcome: Outcome) -> Counter[str]:
    return Counter(page.incident for page in outcome.pages)


def _paged(one: Difference, before: Counter[str], after: Counter[str]) -> PagedDifference:
    pages = sum(before[name] for name in one.before), sum(after[name] for name in one.after)
    return PagedDifference(one.kind, one.text, one.before, one.after, *pages)


def _same_incidents(
    compared: Comparison, incidents: list[Incident], before: Counter[str], after: Counter[str]
) -> list[PagedDifference]:
    """Return incidents that are equal and are paged otherwise, as with another policy of the endpoint.

    An incident's id follows from its first alert: equal incidents have equal ids.
    """
    changed = {name for one in compared.differences for name in one.before}
    return [
        PagedDifference("paged", f"same incident: {title_of(one)}", [one.id], [one.id], before[one.id], after[one.id])
        for one in incidents
        if one.id not in changed and before[one.id] != after[one.id]
    ]
