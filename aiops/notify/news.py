"""News: what is new to an endpoint in an incident's change, as the first lines of its message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aiops.engine.events import IncidentChanged, Mention
from aiops.records import LABELS, Incident, parse_severity
from aiops.store.outbox import NamedAlerts, NotificationHistory
from aiops.verdict.sentence import suspect
from aiops.wording import located, plural

# Sentences of one message: a pager's summary takes one or two, a chat a dozen lines.
MAX_LINES = 10


class News(Struct):
    """Sentences for people, and the worst level among alerts that are new or worse, if there are any.

    `rises`: the incident is more severe than in the endpoint's last message.
    """

    lines: list[str]
    level: int | None
    rises: bool


def news_of(event: IncidentChanged, before: NotificationHistory, least: int) -> News | None:
    """Return the parts of a change that are new to an endpoint and at or above the level `least`."""
    fresh = [one for one in event.named if one.level >= least and _is_new(one, before.named)]
    level = int(parse_severity(event.incident.severity))
    lines = _alerts(fresh, before.named)
    rises = level > before.severity and level >= least
    if rises:
        lines.append(f"severity: now {LABELS[level]}, was {LABELS[before.severity]}")
    cause = suspect(event.incident)
    if cause is not None and cause != before.cause:
        lines.append(f"suspected cause: {cause}" + (f", was {before.cause}" if before.cause else ""))
    if not lines:
        return None
    return News(lines, max((one.level for one in fresh), default=None), rises)


def named_after(before: NamedAlerts, named: Iterable[Mention], least: int) -> NamedAlerts:
    """Return the alerts that an endpoint knows after a message about all of `named` at or above `least`."""
    names, places, pairs = dict(before.names), dict(before.places), dict(before.pairs)
    for one in named:
        if one.level >= least:
            names[one.name] = max(one.level, names.get(one.name, -1))
            places[one.place] = max(one.level, places.get(one.place, -1))
            levels = pairs.get(one.name, {})
            pairs[one.name] = {**levels, one.place: max(one.level, levels.get(one.place, -1))}
    return NamedAlerts(names, places, pairs)


def _is_new(one: Mention, before: NamedAlerts) -> bool:
    return one.level > before.names.get(one.name, -1) or one.level > before.places.get(one.place, -1)


def _alerts(fresh: Sequence[Mention], before: NamedAlerts) -> list[str]:
    lines = []
    for one in fresh[:MAX_LINES]:
        known = one.place in before.pairs.get(one.name, {})
        lines.append(f"{'worse' if known else 'new'}: {located(one.name, one.place)} ({LABELS[one.level]})")
    if len(fresh) > MAX_LINES:
        lines.append(f"and {plural(len(fresh) - MAX_LINES, 'more alert')}: see the incident's page")
    return lines


def still_firing(incident: Incident, least: int) -> list[str]:
    """Return the alerts at or above `least` that still fire when an incident ends: a person ended it."""
    if not incident.firing_count:
        # An alert without resolve messages has fired last, whatever its present state is.
        return []
    levels = [(int(parse_severity(one.severity)), one) for one in incident.members if one.status == "firing"]
    found = [
        f"still firing: {located(one.name, one.entity)} ({LABELS[level]})" for level, one in levels if level >= least
    ]
    if len(found) > MAX_LINES:
        found[MAX_LINES:] = [f"and {plural(len(found) - MAX_LINES, 'more alert')} still firing"]
    return found
