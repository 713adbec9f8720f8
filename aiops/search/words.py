"""Words by which an incident is found: of its title, alerts, entities, labels, services and texts.

A name counts as a whole, in the parts between its separators, and in the words of its camel case: `BlackboxProbeFailed`
is found by `blackbox`, `probe` and `failed`. Names come from payloads: everything is cut and counted.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from aiops.records import Incident

# Kinds of terms as they are stored.
WORD, ENTITY, ALERT, LABEL, SERVICE, SOURCE, TEAM = range(7)
Kind = Literal[0, 1, 2, 3, 4, 5, 6]
# The label whose value is the team.
TEAM_LABEL = "team"
MAX_NAME, MAX_TEXT, MAX_LINES, MAX_TERMS = 200, 500, 600, 800
MAX_DISTINCT = 20
# One class of characters, repeated: it is matched in linear time.
_RUN = re.compile(r"[^\W_]+")


class Words(Struct):
    """The terms of an incident, and its text for phrases: one line a name or message, in lower case."""

    terms: list[tuple[int, str]]
    text: str


class Named(Struct):
    """The names that a list shows or counts, each in the order in which they came, at most `MAX_DISTINCT`."""

    services: list[str]
    sources: list[str]
    teams: list[str]


def named(incident: Incident) -> Named:
    """Return services, sources and teams of an incident."""
    members = incident.members
    services = [*incident.services, *(one.service for one in members)]
    teams = (one.labels.get(TEAM_LABEL) for one in members)
    return Named(_distinct(services), _distinct(one.source for one in members), _distinct(teams))


def digest_of(incident: Incident) -> int:
    """Return a number that changes with the names of an incident, but not with counts and messages.

    Words are replaced only when it changes: an incident that gets an alert a second keeps its names.
    """
    parts = [incident.id, *incident.services, *incident.entities, *incident.merged_from, str(len(incident.members))]
    parts += [one.fingerprint for one in incident.members]
    return zlib.crc32("\0".join(parts).encode(errors="replace"))


def words_of(incident: Incident, titles: Iterable[str]) -> Words:
    """Return the words of an incident; `titles` are the sentences that people read of it."""
    found, lines = dict[tuple[int, str], None](), dict[str, None]()
    for kind, text in _texts(incident, titles):
        line = folded(text[: MAX_TEXT if kind == WORD else MAX_NAME])
        if not line or len(lines) >= MAX_LINES or len(found) >= MAX_TERMS:
            continue
        lines[line] = None
        if kind != WORD:
            found[kind, line] = None
        for word in split(text[:MAX_TEXT]):
            found[WORD, word] = None
    return Words(list(found)[:MAX_TERMS], "\n".join(lines))


def runs(text: str) -> list[str]:
    """Return the letters and digits of a text that follow each other.

    >>> runs("Disk full on api-7")
    ['Disk', 'full', 'on', 'api', '7']
    """
    return _RUN.findall(text)


def split(text: str) -> list[str]:
    """Return the words of a text in lower case, with those of camel case.

    >>> split("KubePodNotReady on api-7")
    ['kubepodnotready', 'kube', 'pod', 'not', 'ready', 'on', 'api', '7']
    """
    return [word for run in runs(text) for word in _words(run)]


@lru_cache(maxsize=8_192)
def _words(run: str) -> tuple[str, ...]:
    parts = camel(run)
    return (run.casefold()[:MAX_NAME], *(parts if len(parts) > 1 else ()))


def camel(word: str) -> list[str]:
    """Return the words of a name in camel case, in lower case.

    >>> camel("KafkaISRShrinks"), camel("disk")
    (['kafka', 'isr', 'shrinks'], ['disk'])
    """
    starts = [0]
    for at in range(1, len(word)):
        begins = word[at].isupper() and not word[at - 1].isupper()
        ends_upper = word[at].isupper() and word[at - 1].isupper() and at + 1 < len(word) and word[at + 1].islower()
        if begins or ends_upper:
            starts.append(at)
    return [word[start:end].casefold()[:MAX_NAME] for start, end in zip(starts, [*starts[1:], len(word)], strict=True)]


def folded(text: str) -> str:
    """Return a text as it is compared: in lower case, with single spaces."""
    return " ".join(text.casefold().split())


def _texts(incident: Incident, titles: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield (kind, text), names before messages: what is beyond the limits is found by nothing."""
    yield WORD, incident.id
    for title in titles:
        yield WORD, title
    found = named(incident)
    for kind, names in ((SERVICE, found.services), (SOURCE, found.sources), (TEAM, found.teams)):
        yield from ((kind, name) for name in names)
    for member in incident.members:
        yield ALERT, member.name
        yield ENTITY, member.entity
    yield from ((ENTITY, entity) for entity in incident.entities)
    for cause in incident.causes[:1]:
        yield WORD, cause.entity
    yield from ((WORD, name) for name in incident.merged_from)
    yield from _of_members(incident)


def _of_members(incident: Incident) -> Iterator[tuple[int, str]]:
    yield WORD, incident.message or ""
    for member in incident.members:
        yield WORD, member.message or ""
        yield from ((LABEL, f"{name}={value}") for name, value in member.labels.items())


def _distinct(names: Iterable[str | None]) -> list[str]:
    found = dict.fromkeys(name[:MAX_NAME] for name in names if name)
    return list(found)[:MAX_DISTINCT]
