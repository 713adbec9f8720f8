"""Playbooks for people: the catalogue, and each one with conditions, tests and outcomes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from aiops.records import Incident
from aiops.respond.filled import Filled, blank
from aiops.respond.format import Playbook
from aiops.respond.playbook_tests import run_trials
from aiops.store import audit, incidents
from aiops.store.store import Store
from aiops.verdict.sentence import title_of
from aiops.views.match_words import MatchLine, match_lines
from aiops.views.one_line import one_line

# Incidents that are open at once and looked at; a storm has more, and nobody reads further.
MAX_OPEN = 200
# Of an incident, the first suggestions fit best.
MAX_SUGGESTED = 3
# Ended incidents that are looked through for one playbook.
MAX_PAST, MAX_SHOWN = 500, 10
MODES = {"suggest": "A person does it", "approve": "Runs after an approval", "auto": "Runs automatically"}
OUTCOMES = ("resolved", "helped", "useless")


class PlaybookHost(Protocol):
    """The daemon, as these views read it."""

    @property
    def store(self) -> Store:
        """The store."""
        ...

    @property
    def playbooks(self) -> Mapping[str, Playbook]:
        """The playbooks in use, by name."""
        ...

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        """Fill a playbook in for an incident."""
        ...


class Fitting(Struct):
    """An incident with its verdict as title; `place` is 1 if the playbook is its first suggestion."""

    id: str
    title: str
    severity: str
    status: str
    opened_at: float | None
    place: int


class PlaybookLine(Struct):
    """A playbook in the catalogue; `fits` is the number of open incidents that it is suggested for."""

    name: str
    version: str
    summary: str
    mode: str
    tags: list[str]
    owners: list[str]
    fits: int = 0


class TrialLine(Struct):
    """A test that a playbook carries, with what is wrong with it."""

    name: str
    ok: bool
    problems: list[str] = []


class OutcomeLine(Struct):
    """A judgement of a person (or of a run, by `aiops`) on a use of a playbook."""

    at: float
    incident: str
    outcome: str
    actor: str


class PlaybookPage(Struct):
    """One playbook. `filled` has its steps, for the incident `incident` if one was named.

    `fits_now` are open incidents, `fitted` the last ended ones among the `looked_at`. `outcomes` counts all judgements
    that the audit still has; `judged` are the last of them.
    """

    name: str
    version: str
    summary: str
    mode: str
    mode_words: str
    tags: list[str]
    filled: Filled
    matches_on: list[MatchLine]
    tests: list[TrialLine]
    symptoms: list[str] = []
    incident: Fitting | None = None
    fits_now: list[Fitting] = []
    fitted: list[Fitting] = []
    fitted_count: int = 0
    looked_at: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    judged: list[OutcomeLine] = []


class Choice(Struct):
    """A selection of the catalogue: words of the text, a tag, a mode, and only what fits an open incident."""

    words: str = ""
    tag: str = ""
    mode: str = ""
    fits: bool = False


def catalogue_lines(host: PlaybookHost, choice: Choice | None = None) -> list[PlaybookLine]:
    """Return the playbooks of a choice, those that fit open incidents first, then by name."""
    counts = Counter(name for incident in _open(host.store) for name in _suggested(incident))
    lines = [_line(one, counts[one.name]) for one in host.playbooks.values() if _is_chosen(one, choice or Choice())]
    if choice is not None and choice.fits:
        lines = [line for line in lines if line.fits]
    return sorted(lines, key=lambda line: (-line.fits, line.name))


def tags_of(playbooks: Mapping[str, Playbook]) -> list[tuple[str, int]]:
    """Return the tags of a catalogue with their numbers, the most frequent first."""
    counts = Counter(tag for one in playbooks.values() for tag in one.tags)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def playbook_page(host: PlaybookHost, name: str, incident: Incident | None = None) -> PlaybookPage | None:
    """Return a playbook, filled in for an incident if there is one; None for a name that is not in use."""
    playbook = host.playbooks.get(name)
    if playbook is None:
        return None
    filled = host.filled(incident, name) if incident is not None else None
    page = document_page(playbook, filled)
    if incident is not None:
        page.incident = _fitting(incident, name)
    page.fits_now = [_fitting(one, name) for one in _open(host.store) if name in _suggested(one)]
    past, page.looked_at = _past(host.store, name)
    page.fitted, page.fitted_count = [_fitting(one, name) for one in past[:MAX_SHOWN]], len(past)
    judged = _judged(host.store.database.reader, name)
    page.outcomes = dict(Counter(one.outcome for one in judged))
    page.judged = judged[:MAX_SHOWN]
    return page


def document_page(playbook: Playbook, filled: Filled | None = None) -> PlaybookPage:
    """Return what the document itself has."""
    return PlaybookPage(
        playbook.name,
        playbook.version,
        playbook.summary,
        playbook.mode,
        MODES[playbook.mode],
        list(playbook.tags),
        filled or blank(playbook),
        match_lines(playbook.match),
        [TrialLine(one.trial, one.ok, one.problems) for one in run_trials(playbook)],
        list(playbook.symptoms),
    )


def _line(one: Playbook, fits: int) -> PlaybookLine:
    return PlaybookLine(one.name, one.version, one.summary, one.mode, list(one.tags), list(one.owners), fits)


def _is_chosen(one: Playbook, choice: Choice) -> bool:
    if (choice.tag and choice.tag not in one.tags) or (choice.mode and choice.mode != one.mode):
        return False
    text = " ".join((one.name, one.summary, one.when_to_use, *one.tags, *one.symptoms)).lower()
    return all(word in text for word in choice.words.lower().split())


def _open(store: Store) -> list[Incident]:
    return _read(store, ("open", "acknowledged"), MAX_OPEN)


def _past(store: Store, name: str) -> tuple[list[Incident], int]:
    """Return ended incidents that a playbook was suggested for, and how many were looked through."""
    ended = _read(store, ("resolved",), MAX_PAST)
    return [one for one in ended if name in _suggested(one)], len(ended)


def _read(store: Store, statuses: tuple[incidents.Status, ...], limit: int) -> list[Incident]:
    reader = store.database.reader
    found = [incidents.get(reader, line.id) for line in incidents.listed(reader, statuses=statuses, limit=limit)]
    return [one.incident for one in found if one is not None]


def _suggested(incident: Incident) -> Sequence[str]:
    return [one.name for one in incident.playbooks[:MAX_SUGGESTED]]


def _fitting(incident: Incident, name: str) -> Fitting:
    names = [one.name for one in incident.playbooks]
    place = names.index(name) + 1 if name in names else 0
    title = one_line(title_of(incident))
    severity, status = incident.severity or "warning", incident.status or "open"
    return Fitting(incident.id, title, severity, status, incident.opened_at, place)


def _judged(reader: sqlite3.Connection, name: str) -> list[OutcomeLine]:
    """Return the judgements on a playbook, newest first.

    Its name has no character with a meaning in a pattern.
    """
    return [
        OutcomeLine(entry.at, entry.incident or "", outcome, entry.actor or "")
        for entry in audit.feedback(reader, f"confirm_playbook applied: %{name}: %")
        if (outcome := entry.text.rpartition(f"{name}: ")[2]) in OUTCOMES and _is_of(entry.text, name)
    ]


def _is_of(text: str, name: str) -> bool:
    """Return True if a text is about this name and not about one that ends with it."""
    before = text.rpartition(f"{name}: ")[0]
    return before.endswith(" ")
