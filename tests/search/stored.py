"""Incidents in a store, for the tests of search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from aiops.engine.events import IncidentChanged
from aiops.records import Incident, Member
from aiops.search.conditions import Wanted
from aiops.search.listing import Order, lines
from aiops.search.syntax import read_query
from aiops.store.store import FrameDecisions, Store

NOW = 1_800_000_000.0


def member(name: str, entity: str, **more: Any) -> Member:
    """One stream that fires."""
    given: dict[str, Any] = {
        "severity": "critical",
        "status": "firing",
        "count": 3,
        "first_at": NOW - 60,
        "last_at": NOW - 5,
    }
    return Member(f"{name}/{entity}", name, entity, **(given | more))


def incident(id: str, *members: Member, **more: Any) -> Incident:
    """An open incident of the members' entities, opened a minute before `NOW`."""
    given: dict[str, Any] = {
        "status": "open",
        "severity": "critical",
        "title": f"{members[0].name} on {members[0].entity}" if members else id,
        "opened_at": NOW - 60,
        "last_alert_at": NOW - 5,
        "first_alert_at": NOW - 60,
        "alert_count": 3 * len(members),
        "members": list(members),
        "entities": list(dict.fromkeys(one.entity for one in members)),
        "services": list(dict.fromkeys(one.service for one in members if one.service)),
        "entity_count": len({one.entity for one in members}),
        "stream_count": len(members),
    }
    return Incident(id=id, **(given | more))


class Filled:
    """A store and its frames."""

    def __init__(self, store: Store) -> None:
        self.store, self.frame = store, 0

    @property
    def reader(self) -> Any:
        return self.store.database.reader

    def write(self, *incidents: Incident, version: int = 1) -> None:
        events = [
            IncidentChanged(seq=self.frame, at=NOW, change="opened", incident=one, version=version, what=[])
            for one in incidents
        ]
        self.store.apply([FrameDecisions(self.frame, NOW, list(events))])
        self.frame += 1

    def found(self, query: str, **more: Any) -> list[str]:
        """Return the ids that a query finds, in order of their names."""
        wanted = Wanted(now=NOW, query=read_query(query), **more)
        return sorted(line.id for line in lines(self.reader, wanted, Order(), limit=1_000))


@contextmanager
def filled(directory: Path, *incidents: Incident) -> Iterator[Filled]:
    """A store that holds the incidents."""
    with closing(Store(directory)) as store:
        found = Filled(store)
        found.write(*incidents)
        yield found
