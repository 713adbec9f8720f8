"""The history of an incident: the engine's decisions and what people did, as sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from msgspec import Struct

from aiops.records import Incident
from aiops.store import audit
from aiops.views.one_line import one_line
from aiops.wording import capital

MAX_SHOWN = 40
# Entries that are read for them: a storm updates its incident every few seconds.
MAX_READ = 400
MAX_TEXT, MAX_NOTE = 400, 1_000
# Verbs whose answer quotes a person.
_WHOLE = frozenset({"reject_playbook", "undo"})
# The kinds of change, and what they name; see `aiops.engine.events.IncidentChanged`.
_CHANGES = {
    "opened": "Opened",
    "reopened": "Opened again",
    "merged": "Merged into another incident",
    "resolved": "Resolved",
    "acknowledged": "Acknowledged",
}
_NEWS = {
    "severity": "severity rose",
    "alerts": "new kinds of alert",
    "cause": "likely cause changed",
    "members": "more alerts joined",
    "playbook": "other playbook suggested",
    "silenced": "a silence over all of it began or ended",
    "returns": "it returned",
    "root": "cause confirmed",
    "grouping": "grouping judged",
    "note": "note",
    "remark": "note",
    "rejected": "playbook rejected, or suggested again",
    "marked": "marked as noise or actionable",
    "assigned": "owner changed",
    "snoozed": "snooze began or ended",
}
# What a growing incident changes again and again.
_GROWTH = frozenset({"alerts", "members", "playbook"})


class Entry(Struct):
    """One entry: `actor` is the person, None for the engine; `is_refused`: an action that was not applied."""

    number: int
    at: float
    topic: str
    actor: str | None
    text: str
    is_refused: bool = False
    # The number of changes that this entry stands for, and the time of the last of them.
    changes: int = 1
    until: float | None = None


class History(Struct):
    """The newest entries in order; `earlier` counts those before them."""

    entries: list[Entry]
    earlier: int


def history(connection: sqlite3.Connection, incident: Incident) -> History:
    """Return the history of an incident, with the notes of people in their place."""
    found, earlier = audit.latest(connection, incident.id, MAX_READ)
    found = _with_answers(found, audit.answers_elsewhere(connection, incident.id, MAX_SHOWN))
    # What an action did is in its answer: the change of the same record would repeat it.
    answered = {one.seq for one in found if one.topic == "feedback"}
    entries = _joined([one for one in found if one.topic == "feedback" or one.seq not in answered])
    if incident.notes:
        notes = [Entry(0, one.at, "note", one.actor, one_line(one.text, MAX_NOTE)) for one in incident.notes]
        entries = [one for one in entries if not (one.topic == "feedback" and one.text.startswith("Noted"))]
        # A stable sort: entries of one time stay in their order.
        entries = sorted([*entries, *notes], key=lambda one: one.at)
    left_out = sum(one.changes for one in entries[:-MAX_SHOWN])
    return History(entries[-MAX_SHOWN:], earlier + left_out)


def _with_answers(found: list[audit.Entry], answers: list[audit.Entry]) -> list[audit.Entry]:
    """Return entries with what people did on another incident, and so to this one: they merged it in."""
    oldest = found[0].number if found else 0
    for one in answers:
        if one.text.startswith("merge applied: "):
            one.text = f"merge applied: merged {one_line(one.incident or 'another incident')} into it"
    return sorted([*found, *(one for one in answers if one.number > oldest)], key=lambda one: one.number)


def _joined(found: Sequence[audit.Entry]) -> list[Entry]:
    """Return entries in order; growth that follows growth is one entry."""
    entries: list[Entry] = []
    growth: set[str] = set()
    for one in found:
        grown = _growth(one)
        if grown and growth:
            last = entries[-1]
            growth |= grown
            last.text, last.changes, last.until = _sentence(_news(growth)), last.changes + 1, one.at
            continue
        growth = set(grown)
        entries.append(_entry(one))
    return entries


def _growth(one: audit.Entry) -> set[str]:
    """Return what an update changed, if that is growth alone; otherwise nothing."""
    change, _, what = one.text.partition(": ")
    names = {name for name in what.split(", ") if name and name != "status"}
    return names if one.topic == "incident" and change == "updated" and names <= _GROWTH else set()


def _entry(one: audit.Entry) -> Entry:
    text, is_refused = one.text, False
    if one.topic == "incident":
        text = change_text(one.text)
    elif one.topic == "feedback":
        text, is_refused = _feedback(one.text)
    return Entry(one.number, one.at, one.topic, one.actor, _sentence(text), is_refused)


def _sentence(text: str) -> str:
    return capital(one_line(text, MAX_TEXT))


def _news(names: Iterable[str]) -> str:
    return ", ".join(_NEWS.get(name, name) for name in sorted(names, key=list(_NEWS).index))


def change_text(text: str) -> str:
    """Return a change of an incident, as the audit has it, in words.

    >>> change_text("updated: remark"), change_text("resolved: status")
    ('note', 'Resolved')
    """
    change, _, what = text.partition(": ")
    news = [_NEWS.get(name, name) for name in what.split(", ") if name and name != "status"]
    if change == "updated":
        return ", ".join(news) or "Updated"
    begun = _CHANGES.get(change, change)
    return f"{begun}: {', '.join(news)}" if news else begun


def _feedback(text: str) -> tuple[str, bool]:
    """Return the sentence of an answered action, and True if it was not applied."""
    head, _, reason = text.partition(": ")
    verb, _, outcome = head.partition(" ")
    if outcome == "not applied":
        return f"{verb.replace('_', ' ')} was refused: {reason}", True
    # The rest of an answer is on notifications, which have entries of their own.
    kept = reason if verb in _WHOLE else reason.partition("; ")[0]
    return kept or verb.replace("_", " "), False
