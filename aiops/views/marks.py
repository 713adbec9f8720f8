"""Events of an incident in words: changes, decisions, notifications, people and runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aiops.records import Change
from aiops.respond.history import Run
from aiops.store.audit import Entry
from aiops.store.outbox_reads import Sending
from aiops.verdict.changes import what_of

# Marks of one kind; more are counted. A person reads some tens.
MAX_MARKS = 200


class Mark(Struct):
    """An event at a time (Unix seconds): its words, who did it, and details where there are some."""

    at: float
    text: str
    actor: str | None = None
    detail: str = ""
    is_failure: bool = False


# An update names the fields that changed; those that explain how the incident went, in the order of importance.
_UPDATED = {
    "severity": "severity changed",
    "cause": "cause found",
    "playbook": "playbook suggested",
    "silenced": "silence changed",
    "returns": "returned",
    "alerts": "new alerts",
}
_DECIDED = {
    "opened": "opened",
    "merged": "merged into another incident",
    "resolved": "resolved",
    "reopened": "reopened",
}
_DONE = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "reopen": "reopened",
    "assign": "assigned",
    "snooze": "snoozed",
    "unsnooze": "ended the snooze",
    "merge": "merged",
    "split": "split out alerts",
    "note": "wrote a note",
    "undo": "undid an action",
    "confirm_cause": "confirmed the cause",
    "confirm_grouping": "confirmed the grouping",
    "forget_lessons": "forgot lessons",
    "confirm_playbook": "confirmed the playbook",
    "reject_playbook": "rejected the playbook",
    "mark": "judged it",
}


def changes_of(changes: Iterable[Change]) -> list[Mark]:
    """Return deploys and other changes as marks."""
    return [Mark(one.ts, f"{one.entity}: {what_of(one)}", detail=one.message or "") for one in changes][:MAX_MARKS]


def decisions_of(entries: Sequence[Entry]) -> list[Mark]:
    """Return the engine's decisions on an incident; updates that only add members are left out."""
    found: list[Mark] = []
    has_cause = False
    for entry in entries:
        if entry.topic != "incident":
            continue
        change, _, what = entry.text.partition(": ")
        text = _DECIDED.get(change, "") if change != "updated" else _updated(what.split(", "), has_cause)
        has_cause = has_cause or "cause" in what
        if text:
            found.append(Mark(entry.at, text))
    return found[:MAX_MARKS]


def _updated(what: list[str], has_cause: bool) -> str:
    words = [text for name, text in _UPDATED.items() if name in what]
    if not words or words == [_UPDATED["alerts"]]:
        return ""
    return words[0] if not (words[0] == _UPDATED["cause"] and has_cause) else "cause changed"


def people_of(entries: Sequence[Entry]) -> list[Mark]:
    """Return what people did to an incident; refused actions among them, as such."""
    found = []
    for entry in entries:
        if entry.topic != "feedback":
            continue
        verb, _, rest = entry.text.partition(" ")
        is_refused = rest.startswith("not applied")
        # What was announced of it stands among the notifications.
        detail = rest.partition(": ")[2].partition("; endpoints ")[0]
        text = _DONE.get(verb, verb.replace("_", " "))
        found.append(Mark(entry.at, f"{text} (refused)" if is_refused else text, entry.actor, detail, is_refused))
    return found[:MAX_MARKS]


# Changes of an incident as an endpoint is notified of them.
_SENT = {
    "opened": "opening",
    "reopened": "reopening",
    "returned": "return",
    "resolved": "end",
    "acknowledged": "acknowledgement",
}


def notifications_of(sent: Iterable[Sending]) -> list[Mark]:
    """Return what endpoints were sent, and what could not be delivered; what still waits is neither."""
    found = []
    for one in sent:
        what = _SENT.get(one.change, one.change)
        if one.state == "sent":
            found.append(Mark(one.changed_at, f"{one.endpoint}: {what}"))
        elif one.state == "dead":
            found.append(
                Mark(one.changed_at, f"{one.endpoint}: {what} not delivered", None, one.last_error or "", True)
            )
    return sorted(found, key=lambda one: one.at)[:MAX_MARKS]


def runs_of(runs: Iterable[Run]) -> list[Mark]:
    """Return runs of playbooks, the first one first."""
    found = [
        Mark(
            one.started_at,
            f"{one.playbook}: {one.state}",
            one.actor or None,
            one.why,
            one.state in ("failed", "unknown"),
        )
        for one in runs
    ]
    return sorted(found, key=lambda one: one.at)[:MAX_MARKS]
