"""The effect of another configuration on incidents and scores.

Incidents are the same, changed, joined, split, new or missing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from aiops.backtest.report import Report
from aiops.records import Incident
from aiops.verdict.sentence import title_of
from aiops.wording import plural

Kind = Literal["changed", "joined", "split", "only_before", "only_after"]


class Difference(Struct):
    """One difference between the incidents; `before` and `after` are incident ids."""

    kind: Kind
    before: list[str]
    after: list[str]
    alerts: int
    text: str


class Comparison(Struct):
    """Two replays of the same records side by side. `scores` is name → (before, after)."""

    same: int
    differences: list[Difference] = field(default_factory=list)
    scores: dict[str, tuple[float, float]] = field(default_factory=dict)


def compare(before: list[Incident], after: list[Incident], one: Report, other: Report) -> Comparison:
    """Match incidents by the alerts they share."""
    links = _links(before, after)
    titles = {incident.id: title_of(incident) for incident in [*before, *after]}
    one_by_id = {incident.id: incident for incident in before}
    other_by_id = {incident.id: incident for incident in after}
    sizes = {incident.id: len(incident.alerts) for incident in before}
    found = Comparison(same=0, scores=_moved(one, other))
    matched: set[str] = set()
    for olds, news in _components(before, after, links):
        matched.update(news)
        shared = sum(links[old, new] for old in olds for new in news if (old, new) in links)
        if len(olds) == 1 and len(news) == 1 and _equal(one_by_id[olds[0]], other_by_id[news[0]]):
            found.same += 1
            continue
        found.differences.append(_difference(olds, news, shared, titles, sizes))
    return found


def _links(before: list[Incident], after: list[Incident]) -> Counter[tuple[str, str]]:
    homes: dict[str, list[str]] = {}
    for incident in before:
        for alert in incident.alerts:
            homes.setdefault(str(alert), []).append(incident.id)
    links: Counter[tuple[str, str]] = Counter()
    for incident in after:
        for alert in incident.alerts:
            found = homes.get(str(alert))
            if found is not None:
                # An exact copy that came much later has the same id in another incident: it links no two of them.
                links[incident.id if incident.id in found else found[0], incident.id] += 1
    return links


def _components(
    before: list[Incident], after: list[Incident], links: Counter[tuple[str, str]]
) -> list[tuple[list[str], list[str]]]:
    """Return the groups of incidents that share alerts, in the order of the earlier configuration."""
    forth: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for old, new in links:
        forth.setdefault(old, []).append(new)
        back.setdefault(new, []).append(old)
    done: set[str] = set()
    groups = []
    for incident in before:
        if incident.id in done:
            continue
        olds: list[str] = []
        news: list[str] = []
        queue = [("old", incident.id)]
        seen = set(queue)
        while queue:
            side, name = queue.pop(0)
            (olds if side == "old" else news).append(name)
            others = forth.get(name, []) if side == "old" else back.get(name, [])
            for other in others:
                step = ("new" if side == "old" else "old", other)
                if step not in seen:
                    seen.add(step)
                    queue.append(step)
        done.update(olds)
        groups.append((olds, news))
    known = {name for _, news in groups for name in news}
    groups.extend(([], [incident.id]) for incident in after if incident.id not in known)
    return groups


def _equal(one: Incident, other: Incident) -> bool:
    return (
        one.alerts == other.alerts
        and one.severity == other.severity
        and [cause.entity for cause in one.causes[:1]] == [cause.entity for cause in other.causes[:1]]
    )


def _difference(
    olds: list[str], news: list[str], shared: int, titles: dict[str, str], sizes: dict[str, int]
) -> Difference:
    if not olds:
        return Difference("only_after", olds, news, shared, f"new: {titles[news[0]]}")
    if not news:
        return Difference("only_before", olds, news, sizes[olds[0]], f"gone: {titles[olds[0]]}")
    if len(olds) == len(news) == 1:
        return Difference("changed", olds, news, shared, f"changed: {titles[olds[0]]}")
    if len(olds) > len(news):
        return Difference(
            "joined", olds, news, shared, f"{plural(len(olds), 'incident')} became {len(news)}: {titles[news[0]]}"
        )
    return Difference(
        "split", olds, news, shared, f"{len(olds)} became {plural(len(news), 'incident')}: {titles[olds[0]]}"
    )


def _moved(one: Report, other: Report) -> dict[str, tuple[float, float]]:
    """Return the scores that differ, for comparison by a person."""
    before, after = _numbers(one), _numbers(other)
    return {name: (before[name], after[name]) for name in before if name in after and before[name] != after[name]}


def _numbers(report: Report) -> dict[str, float]:
    plain = msgspec.to_builtins(report)
    numbers = {"incidents": plain["incidents"], "noise_reduction": plain["noise_reduction"]}
    numbers.update({f"dispositions.{name}": count for name, count in plain["dispositions"].items()})
    _flatten("truth", plain.get("truth") or {}, numbers)
    return numbers


def _flatten(prefix: str, plain: dict[str, Any], numbers: dict[str, float]) -> None:
    for name, value in plain.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}.{name}", value, numbers)
        elif isinstance(value, int | float):
            numbers[f"{prefix}.{name}"] = value
