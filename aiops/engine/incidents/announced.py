"""The alert names and places (services) that the changes of an incident have named.

Each has its worst severity. A name or a place is news on its first change, and on a higher severity than before. Cost:
two lookups an alert. Memory: `MAX_NAMED` names and places of each severity.
"""

from __future__ import annotations

from typing import Final

from aiops.engine.dedup.stream import Stream
from aiops.engine.events import Mention
from aiops.engine.fields import state
from aiops.records.severity import LABELS

# Of each severity: a hundred warnings then do not keep a critical alert from being named. A record lists as many
# members; nobody reads a message with more. Further ones are counted.
MAX_NAMED: Final = 100
# A name is cut to this: labels of anybody may hold a page of text.
MAX_TEXT: Final = 200
LEVELS = len(LABELS)
# A number of so many digits distinguishes replicas that keep their names (`db-0`, `node-12`). A longer one, or letters,
# is made for each replica (`-7d9f8c6b5d-x2x4z`, the minute of a job).
MAX_ORDINAL: Final = 4
# An alert as it is named: its name, its service (or else its entity), its level.
Said = tuple[str, str, int]


@state(acyclic=True)
class Named:
    """Names and places with their worst level, and the other one of the alert that brought them there.

    `counts` are those of names, then of places, by level. `more` counts alerts that found no room. `same` are places
    that are named as another one, which they replace: at most `MAX_NAMED`.
    """

    names: dict[str, tuple[int, str]]
    places: dict[str, tuple[int, str]]
    counts: list[int]
    same: dict[str, str]
    more: int = 0

    def replace(self, place: str, before: str) -> None:
        """Name a place as the one that it replaces."""
        if place != before:
            self.same.pop(place, None)
            self.same[place] = self.same.get(before, before)
            if len(self.same) > MAX_NAMED:
                del self.same[next(iter(self.same))]

    def add(self, said: Said) -> bool:
        """Name an alert; return whether that is news."""
        name, place, level = said
        if self.same:
            place = self.same.get(place, place)
        known, there = self.names.get(name), self.places.get(place)
        if known is not None and there is not None and level <= known[0] and level <= there[0]:
            return False
        named = self._put(self.names, 0, name, place, level)
        placed = self._put(self.places, LEVELS, place, name, level)
        return named or placed

    def _put(self, table: dict[str, tuple[int, str]], base: int, key: str, other: str, level: int) -> bool:
        key = key[:MAX_TEXT]
        known = table.get(key)
        if known is not None and level <= known[0]:
            return False
        counts = self.counts
        if counts[base + level] >= MAX_NAMED:
            self.more += 1
            return False
        if known is not None:
            counts[base + known[0]] -= 1
        counts[base + level] += 1
        table[key] = (level, other[:MAX_TEXT])
        return True

    def take(self, other: Named) -> bool:
        """Take in what another incident has named; return whether any of it is news here."""
        self.more += other.more
        news = False
        for mention in other.mentions():
            news = self.add((mention.name, mention.place, mention.level)) or news
        return news

    def mentions(self) -> list[Mention]:
        """All of them, the most severe first, each alert once."""
        found: dict[Said, None] = {}
        for name, (level, place) in self.names.items():
            found[name, place, level] = None
        for place, (level, name) in self.places.items():
            found[name, place, level] = None
        ordered = sorted(found, key=_level, reverse=True) if len(found) > 1 else list(found)
        return [Mention(name, place, level) for name, place, level in ordered]


def no_names() -> Named:
    """Return what an incident has named at its beginning."""
    named = Named()
    named.names, named.places, named.counts, named.same = {}, {}, [0] * (2 * LEVELS), {}
    return named


def said_as(stream: Stream, level: int) -> Said:
    """An alert of a stream as it is named."""
    return stream.name, stream.service or stream.entity, level


def is_replaced(entity: str, workload: str) -> bool:
    """Return True if a replica has a name that was made for it, so the next one is no other place.

    >>> is_replaced("api-7d9f8c6b5d-x2x4z", "api"), is_replaced("db-0", "db"), is_replaced("api", "api")
    (True, False, False)
    """
    rest = entity.removeprefix(workload).strip("-._")
    return entity.startswith(workload) and bool(rest) and not (rest.isdecimal() and len(rest) <= MAX_ORDINAL)


def _level(said: Said) -> int:
    return said[2]
