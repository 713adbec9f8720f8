"""Two replays of the same records side by side: pages, incidents that change, one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from aiops.backtest import Comparison, Difference, Report, compare
from aiops.records import Incident
from aiops.sweep.pages import Page
from aiops.sweep.run import Outcome
from aiops.sweep.verdict import verdict
from aiops.verdict.sentence import title_of
from aiops.views.replay import Changed, Compared, Ring, Score, Side, SideIncident
from aiops.wording import plural

# A person compares a few dozen; the rest is counted.
MAX_CHANGED, MAX_RINGS, MAX_BRIEFS = 200, 500, 5
# Fewer labelled faults than this move a share in steps that are larger than most differences.
FEW_FAULTS = 30
# Measures against labels: path in the report's `truth`, words, and True for a share.
_SCORES = (
    ("grouping.incident_recall", "Faults found", True),
    ("grouping.incident_own_recall", "With an incident of their own", True),
    ("grouping.pairwise_f1", "Grouping, F1", False),
    ("causes.top1", "Cause right, first", True),
    ("causes.top3", "Cause right, in three", True),
)


def against(before: Outcome, after: Outcome, notes: Sequence[str] = ()) -> Compared:
    """Compare two outcomes of the same input, both replayed with details; `before` is A."""
    assert before.details is not None
    assert after.details is not None
    (olds, one), (news, other) = before.details, after.details
    found = compare(olds, news, one, other)
    changed = _changed(found, (olds, _pages(before.pages)), (news, _pages(after.pages)))
    scores, faults = _scores(one, other)
    sides = _side(before, one), _side(after, other)
    kept = sum(1 for each in changed if each.kind == "paged")
    return Compared(
        verdict=verdict(*sides, changed, scores, faults),
        before=sides[0],
        after=sides[1],
        same=found.same - kept,
        changed=changed[:MAX_CHANGED],
        left_out=max(0, len(changed) - MAX_CHANGED),
        scores=scores,
        faults=faults,
        began_at=before.blocks.start if before.alerts else None,
        ended_at=before.blocks.start + before.span_s if before.alerts else None,
        seconds=before.seconds + after.seconds,
        rejected=one.rejected,
        rejections=one.rejections[:5],
        notes=[*notes, *_doubts(one, faults)],
    )


def _pages(pages: Sequence[Page]) -> Counter[str]:
    return Counter(page.incident for page in pages)


def _side(outcome: Outcome, report: Report) -> Side:
    pages = sorted(outcome.pages, key=lambda page: (page.at, page.endpoint))
    return Side(
        len(pages),
        dict(Counter(page.severity for page in pages)),
        {name: sum(1 for page in pages if page.endpoint == name) for name in outcome.endpoints},
        report.incidents,
        report.dispositions["background"],
        report.records.get("alert", 0),
        [Ring(p.at, p.endpoint, p.change, p.incident, p.severity, p.title) for p in pages[:MAX_RINGS]],
    )


Half = tuple[list[Incident], Mapping[str, int]]


def _changed(found: Comparison, before: Half, after: Half) -> list[Changed]:
    """Return what changes, first what changes for the pager, then by the number of alerts."""
    olds = {one.id: _brief(one, before[1]) for one in before[0]}
    news = {one.id: _brief(one, after[1]) for one in after[0]}
    changed = [_of(one, olds, news) for one in found.differences]
    touched = {name for one in found.differences for name in (*one.before, *one.after)}
    for name, old in olds.items():
        # An incident's id follows from its first alert: equal incidents have equal ids.
        if name in news and name not in touched and old.pages != news[name].pages:
            changed.append(Changed("paged", [_paged(old, news[name])], [old], [news[name]], pages=True))
    return sorted(changed, key=lambda one: (not one.pages, -_size(one), [brief.id for brief in one.before]))


def _of(one: Difference, olds: Mapping[str, SideIncident], news: Mapping[str, SideIncident]) -> Changed:
    before, after = [olds[name] for name in one.before], [news[name] for name in one.after]
    return Changed(
        one.kind,
        _tags(one.kind, before, after),
        _first(before),
        _first(after),
        max(0, len(before) - MAX_BRIEFS),
        max(0, len(after) - MAX_BRIEFS),
        any(brief.pages for brief in (*before, *after)),
    )


def _first(briefs: list[SideIncident]) -> list[SideIncident]:
    """Return the incidents to list: those that call first, then the largest."""
    return sorted(briefs, key=lambda one: (-one.pages, -one.alerts, one.id))[:MAX_BRIEFS]


def _brief(one: Incident, pages: Mapping[str, int]) -> SideIncident:
    cause = one.causes[0].entity if one.causes else ""
    severity = one.severity or "warning"
    return SideIncident(one.id, title_of(one), severity, one.opened_at, len(one.alerts), cause, pages.get(one.id, 0))


def _size(one: Changed) -> int:
    return sum(brief.alerts for brief in (*one.before, *one.after))


def _tags(kind: str, before: list[SideIncident], after: list[SideIncident]) -> list[str]:
    """Return what changed in a few words each."""
    if kind == "only_after":
        return ["new"]
    if kind == "only_before":
        return ["gone"]
    if kind == "joined":
        return [f"{len(before)} joined" if len(after) == 1 else f"{len(before)} regrouped into {len(after)}"]
    if kind == "split":
        return [f"torn into {len(after)}" if len(before) == 1 else f"{len(before)} regrouped into {len(after)}"]
    [old], [new] = before, after
    tags = []
    if old.severity != new.severity:
        tags.append(f"{old.severity} → {new.severity}")
    if old.cause != new.cause:
        tags.append("another cause")
    if old.alerts != new.alerts:
        tags.append(f"{new.alerts - old.alerts:+,} {'alert' if abs(new.alerts - old.alerts) == 1 else 'alerts'}")
    if old.pages != new.pages:
        tags.append(_paged(old, new))
    return tags or ["other alerts"]


def _paged(old: SideIncident, new: SideIncident) -> str:
    return f"{new.pages - old.pages:+,} {'page' if abs(new.pages - old.pages) == 1 else 'pages'}"


def _scores(one: Report, other: Report) -> tuple[list[Score], int]:
    """Return the measures that both sides have, and the number of labelled faults."""
    sides = [msgspec.to_builtins(report.truth) if report.truth is not None else {} for report in (one, other)]
    scores = []
    for path, name, is_share in _SCORES:
        before, after = (_value(side, path) for side in sides)
        if before is not None and after is not None:
            scores.append(Score(name, before, after, is_share))
    return scores, int(_value(sides[0], "grouping.incidents") or 0)


def _value(plain: Mapping[str, Any], path: str) -> float | None:
    section, _, name = path.partition(".")
    found = (plain.get(section) or {}).get(name)
    return None if found is None else float(found)


def _doubts(report: Report, faults: int) -> list[str]:
    found = list(report.warnings)
    if 0 < faults < FEW_FAULTS:
        few = "1 labelled fault is few" if faults == 1 else f"{faults} labelled faults are few"
        found.append(f"{few}: one fault is {round(100 / faults)} points.")
    if report.actions.get("refused"):
        found.append(f"{plural(report.actions['refused'], 'action')} of people did not apply to other incidents.")
    return found
