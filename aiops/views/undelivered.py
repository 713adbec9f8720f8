"""Messages that were not delivered: to whom, and who was notified of their incidents instead."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from aiops.store.outbox_briefs import of_incidents
from aiops.wording import listed, plural

# Dead messages that are looked at for who knows instead.
MAX_ROWS = 500

_DEAD = """
select endpoint, incident, last_error from outbox as one where state = 'dead' and not exists (
    select 1 from outbox where endpoint = one.endpoint and incident = one.incident and version > one.version
    and state = 'sent') order by id desc limit ?
"""


class Undelivered(Struct):
    """The messages to one endpoint that were given up, the last reason, and who knows instead."""

    endpoint: str
    count: int
    reason: str
    instead: str

    @property
    def text(self) -> str:
        """Return the sentence for a banner, without the endpoint."""
        verb = "message did" if self.count == 1 else "messages did"
        return f"{self.count} {verb} not arrive. {self.instead}"


def undelivered(reader: sqlite3.Connection) -> list[Undelivered]:
    """Return the endpoints with messages that wait for a person, those with most of them first."""
    rows = reader.execute(_DEAD, (MAX_ROWS,)).fetchall()
    briefs = of_incidents(reader, sorted({str(incident) for _, incident, _ in rows}))
    found: dict[str, list[tuple[str, str]]] = {}
    for endpoint, incident, error in rows:
        found.setdefault(str(endpoint), []).append((str(incident), str(error or "")))
    made = []
    for endpoint, dead in found.items():
        knows = [
            {brief.endpoint for brief in briefs[incident] if brief.state == "sent" and brief.endpoint != endpoint}
            for incident, _ in dead
        ]
        made.append(Undelivered(endpoint, len(dead), dead[0][1], _instead(knows)))
    return sorted(made, key=lambda one: (-one.count, one.endpoint))


def _and(names: list[str]) -> str:
    return " and ".join(names) if len(names) <= 2 else listed(names, 3)


def _instead(knows: list[set[str]]) -> str:
    """Return who was notified of the same incidents."""
    everybody = sorted(set.union(*knows))
    if not everybody:
        return "Nobody else was notified of it." if len(knows) == 1 else "Nobody else was notified of them."
    always = sorted(set.intersection(*knows))
    if always:
        return f"{_and(always)} {'has' if len(always) == 1 else 'have'} {'it' if len(knows) == 1 else 'them'}."
    nobody = sum(not one for one in knows)
    rest = f" Of {plural(nobody, 'incident')} nobody was notified." if nobody else ""
    return f"{_and(everybody)} {'has' if len(everybody) == 1 else 'have'} a part of them.{rest}"
