"""Messages about several incidents at once, without their bodies: endpoint, state and times."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

# Messages in all, the newest; a page of fifty incidents has some hundred.
MAX_ROWS = 5_000


class Brief(Struct):
    """One message; `changed_at` is when it got its state, `due_at` its next attempt while it waits."""

    id: int
    endpoint: str
    incident: str
    change: str
    state: str
    attempt: int
    due_at: float
    created_at: float
    changed_at: float
    is_held: int


# As in `outbox_reads`: the index begins with the endpoint, of which there are few.
_ROWS = """
with recursive known(endpoint) as (
    select min(endpoint) from outbox
    union all
    select (select min(endpoint) from outbox where endpoint > known.endpoint) from known
    where known.endpoint is not null
)
select o.id, o.endpoint, o.incident, o.change, o.state, o.attempt, o.due_at, o.created_at, o.changed_at,
    o.held is not null
from known join outbox o on o.endpoint = known.endpoint and o.incident in ({})
where o.state != 'superseded' order by o.created_at desc, o.id desc limit {}
"""


def of_incidents(connection: sqlite3.Connection, incidents: Sequence[str]) -> dict[str, list[Brief]]:
    """Return the messages about incidents, oldest first; each incident is a key."""
    found: dict[str, list[Brief]] = {name: [] for name in incidents}
    if found:
        marks = ", ".join("?" * len(found))
        for row in connection.execute(_ROWS.format(marks, MAX_ROWS), tuple(found)):
            brief = Brief(*row)
            found[brief.incident].append(brief)
    return {name: briefs[::-1] for name, briefs in found.items()}
