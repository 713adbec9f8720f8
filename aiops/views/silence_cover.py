"""Matchers for what fires of incidents: the narrowest set that one silence can have.

A silence has one set of matchers, all of which must match. Names and places of the firing streams are listed one by
one; labels that all of them share are added where these keep out others. What the set matches is for the caller to
count: it may match others as well, and is shown before anything is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiops.engine.silences.silences import selector
from aiops.errors import AiopsError
from aiops.matchers import Matcher, check
from aiops.records import LABELS
from aiops.store.alert_values import COLUMNS
from aiops.views.silence_matches import Recent, alert_of
from aiops.views.streams import Stream

# A silence of more values is rather one of a service or a label, which a person must choose.
MAX_VALUES = 50
# Longer expressions are hard to read, and the form has a bound.
MAX_CHARS = 3_000
# Labels that are added to names and places.
MAX_SHARED = 3


def recent_of(one: Stream, incident: str) -> Recent:
    """Return a stream of an incident as the history has it."""
    return Recent(
        -1, one.fingerprint, one.name, one.entity, one.service, one.source, one.labels, LABELS[one.severity],
        one.message or "", one.count, one.last_at, one.is_firing, incident, "incident",
    )  # fmt: skip


def cover(wanted: Sequence[Recent], others: Sequence[Recent]) -> list[Matcher]:
    """Return matchers for all wanted streams that match the fewest others; empty if none is short."""
    best, least = list[Matcher](), len(others) + 1
    for given in _candidates(wanted):
        left = _matching(given, others)
        if len(left) < least:
            best, least = given, len(left)
        if not left:
            return best
    return _narrowed(best, wanted, others) if best else []


def any_of(label: str, values: Iterable[str]) -> Matcher:
    """Return a matcher for exactly these values.

    >>> str(any_of("entity", ["db-1"])), str(any_of("entity", ["a.b", "c"]))
    ('entity="db-1"', 'entity=~"a\\\\\\\\.b|c"')
    """
    names = list(dict.fromkeys(values))
    return Matcher(label, "=", names[0]) if len(names) == 1 else Matcher(label, "=~", "|".join(map(literal, names)))


def literal(text: str) -> str:
    """Return a regular expression (RE2) that matches exactly a text.

    >>> literal("api-1.a")
    'api\\\\-1\\\\.a'
    """
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter.isalnum() or letter == "_" or letter > "\x7f":
        return letter
    return f"\\x{ord(letter):02x}" if letter < " " or letter == "\x7f" else f"\\{letter}"


def _candidates(wanted: Sequence[Recent]) -> Iterable[list[Matcher]]:
    """Return sets that match all wanted streams, those that also hold for the next replica first."""
    name = _listed("alertname", [one.name for one in wanted])
    service = _listed("service", [one.service or "" for one in wanted])
    entity = _listed("entity", [one.entity for one in wanted])
    for given in ([name, service], [name, entity], [name, service, entity], [service], [entity], [name]):
        found = [one for one in given if one is not None]
        if len(found) == len(given) and not _matching(found, wanted, is_match=False):
            yield found


def _listed(label: str, values: Sequence[str]) -> Matcher | None:
    """Return a matcher for values, or None if one is missing, or there are too many."""
    if not values or not all(values) or len(set(values)) > MAX_VALUES:
        return None
    found = any_of(label, values)
    try:
        check([found])
    except AiopsError:
        return None
    return found if len(str(found)) <= MAX_CHARS else None


def _narrowed(given: list[Matcher], wanted: Sequence[Recent], others: Sequence[Recent]) -> list[Matcher]:
    """Add labels that all wanted streams share, each if it keeps out more of the others."""
    left = _matching(given, others)
    shared = set(wanted[0].labels.items()).intersection(*(one.labels.items() for one in wanted[1:]))
    fitting = [
        one
        for name, value in sorted(shared)
        if value
        and name not in COLUMNS
        and (one := _listed(name, [value]))
        and not _matching([one], wanted, is_match=False)
    ]
    for _ in range(MAX_SHARED):
        if not left or not fitting:
            break
        most = min(fitting, key=lambda one: len(_matching([one], left)))
        kept = _matching([most], left)
        if len(kept) == len(left):
            break
        given, left = [*given, most], kept
        fitting.remove(most)
    return given


def _matching(matchers: Sequence[Matcher], among: Sequence[Recent], *, is_match: bool = True) -> list[Recent]:
    selects = selector(matchers)
    return [one for one in among if selects(alert_of(one), one.entity) == is_match]
