"""What happened beside the alerts, in words; only what the store holds."""

from __future__ import annotations

from aiops.records import Change
from aiops.respond.history import Run
from aiops.store.audit import Entry
from aiops.store.outbox_reads import Sending
from aiops.views.marks import MAX_MARKS, changes_of, decisions_of, notifications_of, people_of, runs_of


def entry(text: str, topic: str = "incident", actor: str | None = None, at: float = 5.0) -> Entry:
    return Entry(1, 1, at, topic, "inc-1", 1, actor, text)


def sending(change: str, state: str, error: str | None = None) -> Sending:
    return Sending(1, "pager", 1, change, state, 1, 0.0, 1.0, 2.0, None, error, 0, "", None, b"{}")


def test_decisions_are_words() -> None:
    texts = [
        "opened",
        "updated: cause, members",
        "updated: members",
        "updated: alerts",
        "updated: cause",
        "updated: severity, alerts",
    ]
    found = decisions_of([entry(text) for text in [*texts, "resolved"]])
    assert [one.text for one in found] == ["opened", "cause found", "cause changed", "severity changed", "resolved"]
    assert decisions_of([entry("acknowledge applied: x", "feedback", "alice")]) == []


def test_people_are_named_and_refusals_are_stated() -> None:
    applied = entry("acknowledge applied: on it", "feedback", "alice")
    refused = entry("merge not applied: no such incident", "feedback", "bob")
    unknown = entry("new_verb applied: x", "feedback", None)
    found = people_of([applied, refused, unknown, entry("opened")])
    assert [(one.text, one.actor, one.detail, one.is_failure) for one in found] == [
        ("acknowledged", "alice", "on it", False),
        ("merged (refused)", "bob", "no such incident", True),
        ("new verb", None, "x", False),
    ]


def test_notifications_that_wait_are_no_notifications() -> None:
    rows = [
        sending("opened", "sent"),
        sending("updated", "due"),
        sending("resolved", "dead", "410"),
        sending("updated", "superseded"),
    ]
    found = notifications_of(rows)
    assert [(one.text, one.is_failure, one.detail) for one in found] == [
        ("pager: opening", False, ""),
        ("pager: end not delivered", True, "410"),
    ]


def test_changes_and_runs_are_words() -> None:
    change = Change(ts=3.0, entity="api", name="deploy", labels={"version": "8.14.6"}, message="by bob")
    assert [(one.text, one.detail) for one in changes_of([change])] == [("api: deploy 8.14.6", "by bob")]
    later = Run("r-2", "roll-back", "1", "inc-1", ["api"], 9.0, "failed", why="timeout")
    first = Run("r-1", "restart", "1", "inc-1", ["api"], 4.0, "verified", actor="alice")
    assert [(one.at, one.text, one.actor, one.is_failure) for one in runs_of([later, first])] == [
        (4.0, "restart: verified", "alice", False),
        (9.0, "roll-back: failed", None, True),
    ]


def test_marks_are_bounded() -> None:
    assert len(decisions_of([entry("reopened")] * 999)) == MAX_MARKS
    assert len(notifications_of([sending("updated", "sent")] * 999)) == MAX_MARKS
