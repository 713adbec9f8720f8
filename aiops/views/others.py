"""Other incidents beside one: those that looked like it, and those that are open at the same time."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from aiops.records import Evidence, Incident
from aiops.search.lines import Line
from aiops.search.listing import open_near
from aiops.store import incidents
from aiops.verdict.sentence import verdict, what_it_was
from aiops.views.lead import ended_text, lasted_s
from aiops.views.one_line import one_line

MAX_SIMILAR, MAX_TOGETHER = 3, 5
MAX_TEXT = 200


class Similar(Struct):
    """A past incident: how alike (0 to 1), what it was, how it ended, what fixed it, and what both share.

    `is_kept` is False if the store holds it no longer: what is known is the memory's sentence alone.
    """

    id: str
    alike: float
    is_kept: bool
    text: str
    shared: str
    opened_at: float | None = None
    status: str = ""
    lasted_s: float | None = None
    cause: str = ""
    is_confirmed: bool = False
    fixed_by: str = ""
    ended: str = ""


class Together(Struct):
    """An open incident beside this one, as its verdict has it."""

    id: str
    severity: str
    text: str
    opened_at: float
    alerts: int


class OpenTogether(Struct):
    """Open incidents, those that opened nearest to this one first; `more` counts the others."""

    incidents: list[Together]
    more: int


def similar(connection: sqlite3.Connection, incident: Incident) -> list[Similar]:
    """Return past incidents that looked like this one, the most alike first."""
    return [_similar(connection, one) for one in incident.similar[:MAX_SIMILAR]]


def _similar(connection: sqlite3.Connection, one: Evidence) -> Similar:
    shares = next((part for part in one.text.split("; ") if part.startswith("shares ")), "")
    shared = one_line(shares.removeprefix("shares "), MAX_TEXT)
    stored = incidents.get(connection, one.name)
    if stored is None:
        # The memory counts the quiet before the end as part of its duration: that part is left out.
        rest = [part for part in one.text.split("; ") if part and not part.startswith(("shares ", "took "))]
        return Similar(one.name, one.value, False, one_line("; ".join(rest), MAX_TEXT), shared)
    past = stored.incident
    cause = verdict(past).cause
    return Similar(
        past.id,
        one.value,
        True,
        what_it_was(past),
        shared,
        past.opened_at,
        past.status or "open",
        lasted_s(past),
        one_line(cause.entity) if cause is not None else "",
        past.root_cause is not None,
        one_line(past.playbook or ""),
        ended_text(past),
    )


def together(connection: sqlite3.Connection, incident: Incident) -> OpenTogether:
    """Return the incidents that are open beside this one; none if it has ended."""
    if incident.status in ("resolved", "merged"):
        return OpenTogether([], 0)
    near, count = open_near(connection, incident.opened_at or 0.0, incident.id, MAX_TOGETHER)
    return OpenTogether([_together(connection, one) for one in near], max(0, count - MAX_TOGETHER))


def _together(connection: sqlite3.Connection, line: Line) -> Together:
    stored = incidents.get(connection, line.id)
    text = verdict(stored.incident).text if stored is not None else line.title
    severity = stored.incident.severity if stored is not None else None
    return Together(line.id, severity or "warning", text, line.opened_at, line.alert_count)
