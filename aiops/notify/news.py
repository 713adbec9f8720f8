"""What of an incident's change is new to an endpoint: the sentences that its message leads with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aiops.engine.events import IncidentChanged, Mention
from aiops.records import LABELS, Incident, parse_severity
from aiops.store.outbox import NamedAlerts, NotificationHistory, suspect
from aiops.wording import plural

# Sentences of one message: a pager's summary takes one or two, a chat a dozen lines.
MAX_LINES = 10


class News(Struct):
    """Sentences for people, and the worst level among alerts that are new or worse; None where there are none.

    `rises`: the incident is more severe than what the endpoint was told.
    """

    lines: list[str]
    level: int | None
    rises: bool


def news_of(event: IncidentChanged, before: NotificationHistory, least: int) -> News | None:
    """What an endpoint has not been told that should know of everything at or above the level `least`."""
    fresh = [one for one in event.named if one.level >= least and _is_new(one, before.spoken)]
    level = int(parse_severity(event.incident.severity))
    lines = _alerts(fresh, before.spoken)
    rises = level > before.severity and level >= least
    if rises:
        lines.append(f"severity: now {LABELS[level]}, was {LABELS[before.severity]}")
    cause = suspect(event.incident)
    if cause is not None and cause != before.cause:
        lines.append(f"suspected cause: {cause}" + (f", was {before.cause}" if before.cause else ""))
    if not lines:
        return None
    return News(lines, max((one.level for one in fresh), default=None), rises)


def spoken(before: NamedAlerts, named: Iterable[Mention], least: int) -> NamedAlerts:
    """What an endpoint has been told after a message about all of `named` at or above the level `least`."""
    names, places, pairs = dict(before.names), dict(before.places), dict(before.pairs)
    for one in named:
        if one.level >= least:
            names[one.name] = max(one.level, names.get(one.name, -1))
            places[one.place] = max(one.level, places.get(one.place, -1))
            told = pairs.get(one.name, {})
            pairs[one.name] = {**told, one.place: max(one.level, told.get(one.place, -1))}
    return NamedAlerts(names, places, pairs)


def _is_new(one: Mention, told: NamedAlerts) -> bool:
    return one.level > told.names.get(one.name, -1) or one.level > told.places.get(one.place, -1)


def _alerts(fresh: Sequence[Mention], told: NamedAlerts) -> list[str]:
    lines = []
    for one in fresh[:MAX_LINES]:
        known = one.place in told.pairs.get(one.name, {})
        lines.append(f"{'worse' if known else 'new'}: {one.name} on {one.place} ({LABELS[one.level]})")
    if len(fresh) > MAX_LINES:
        lines.append(f"and {plural(len(fresh) - MAX_LINES, 'more alert')}: see the incident's page")
    return lines


def still_firing(incident: Incident, least: int) -> list[str]:
    """What fires on at or above the level `least` when an incident ends: a person ended it, and not the fault."""
    if not incident.firing_count:
        # Of an alert that never tells its end, the last that is known is that it fired.
        return []
    levels = [(int(parse_severity(one.severity)), one) for one in incident.members if one.status == "firing"]
    found = [f"still firing: {one.name} on {one.entity} ({LABELS[level]})" for level, one in levels if level >= least]
    if len(found) > MAX_LINES:
        found[MAX_LINES:] = [f"and {plural(len(found) - MAX_LINES, 'more alert')} still firing"]
    return found
