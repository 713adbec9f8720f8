"""Open incidents by the services in them: a neighbour without alerts here may have some there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from aiops.search.words import ENTITY, MAX_NAME, SERVICE, folded

_QUERY = """
select t.word, max(l.id) from incident_terms t join incident_lines l on l.number = t.number
where t.kind in ({kinds}) and t.word in ({words}) and l.status in ('open', 'acknowledged') and l.id != ?
group by t.word
"""


def open_elsewhere(reader: sqlite3.Connection, places: Sequence[str], incident: str) -> dict[str, str]:
    """Return another open incident of each place, a service or an entity, that has one."""
    words = {place: folded(place[:MAX_NAME]) for place in places}
    if not words:
        return {}
    query = _QUERY.format(kinds=f"{SERVICE}, {ENTITY}", words=", ".join("?" * len(words)))
    found = dict(reader.execute(query, (*words.values(), incident)).fetchall())
    return {place: found[word] for place, word in words.items() if word in found}
