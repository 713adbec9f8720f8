"""The facets beside the list: each value with its count, as a link that chooses it or drops it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from aiops.pages.list_address import Choice
from aiops.records import LABELS
from aiops.search.conditions import NARROW

# The words of values that are not their own name.
_WORDS = {
    "status": {
        "open": "Open",
        "acknowledged": "Acknowledged",
        "snoozed": "Snoozed",
        "recent": "Resolved, last hour",
        "resolved": "Resolved earlier",
        "merged": "Merged",
    },
    "owner": {"": "Nobody"},
    "age": {"15m": "last 15 min", "1h": "last hour", "1d": "last day"},
    "storm": {"yes": "in a storm", "no": "not in a storm"},
}
_TITLES = {
    "status": "Status",
    "severity": "Severity",
    "team": "Team",
    "service": "Service",
    "owner": "Owner",
    "source": "Source",
    "age": "Opened",
    "storm": "Storm",
}


class Value(Struct):
    """A value of a facet; `count` is None where it was not counted."""

    name: str
    word: str
    count: int | None
    is_chosen: bool
    href: str


class Facet(Struct):
    """A facet with its values, the chosen ones among them."""

    name: str
    title: str
    values: list[Value]


def facets_of(choice: Choice, counts: Mapping[str, Mapping[str, int]]) -> list[Facet]:
    """Return the facets that have a choice to offer."""
    found = [Facet(name, title, _values(name, choice, counts.get(name, {}))) for name, title in _TITLES.items()]
    return [one for one in found if _is_shown(one, choice)]


def _is_shown(facet: Facet, choice: Choice) -> bool:
    if facet.name in ("status", "severity") or choice.facets.get(facet.name):
        return bool(facet.values)
    if facet.name == "storm":
        return any(value.name == "yes" and value.count for value in facet.values)
    return len(facet.values) > (0 if facet.name in ("age", "team") else 1)


def _values(name: str, choice: Choice, counts: Mapping[str, int]) -> list[Value]:
    chosen = choice.chosen(name)
    if name == "status":
        # What ended long ago is counted only if it is listed.
        names = [state for state in _WORDS[name] if state in NARROW or state in chosen]
        extra = [state for state in _WORDS[name] if state not in names]
        return [_value(name, one, choice, counts.get(one, 0)) for one in names] + [
            _value(name, one, choice, None) for one in extra
        ]
    if name == "severity":
        counts = {LABELS[int(level)]: counts[level] for level in sorted(counts, key=int, reverse=True)}
    known = {one: number for one, number in counts.items() if number} | {
        one: counts.get(one, 0) for one in chosen if not counts.get(one)
    }
    return [_value(name, one, choice, number) for one, number in known.items()]


def _value(facet: str, name: str, choice: Choice, count: int | None) -> Value:
    word = _WORDS.get(facet, {}).get(name, name)
    return Value(name, word, count, name in choice.chosen(facet), choice.toggled(facet, name).href)
