"""One incident at a terminal: the content of its page, whole lines in a pipe, and no hidden character."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from aiops.cli.brief_view import show_whole
from aiops.records import Evidence, Incident, Rejection, Suggestion
from aiops.respond.filled import Filled
from aiops.respond.guards import GuardCheck
from aiops.respond.history import Run
from aiops.respond.plans import Plan
from aiops.respond.rendering import Shown
from aiops.store import incidents
from aiops.views.brief import Beside
from aiops.views.playbook_card import Source
from aiops.views.whole import whole
from tests.views.sample import AT, GRAPH, incident, keep, keep_reads, member, opened

HOSTILE = "x\x1b[2J\u202ey"
COMMAND = "kubectl -n payments rollout undo deployment/payments-api " + "--flag " * 30


def filled(name: str) -> Filled | None:
    steps = [Shown("manual", "Go back", COMMAND.strip(), "it serves", "mind the schema", missing=["namespace"])]
    return Filled(name, "1.0.0", "Go back.", "After a deploy.", "Not then.", "approve", True, True, "fits", steps=steps)


def seen(
    directory: Path, found: Incident, plan: Plan | str | None = None, runs: tuple[Run, ...] = (), looked: str = ""
) -> str:
    past = incident(id="inc-0", status="resolved", playbook="rollback", quiet_at=AT + 1_800, resolved_at=AT + 9_000)
    store = opened(directory, past)
    keep(store, found, frame=9)
    if looked:
        keep_reads(store, text=looked)
    stored = incidents.get(store.database.reader, found.id)
    assert stored is not None
    beside = Beside(GRAPH, {"outcomes": 3, "needed": 10}, Source(filled, lambda name: plan, runs))
    stream = io.StringIO()
    console = Console(file=stream, width=80, color_system=None, markup=False, emoji=False)
    show_whole(console, whole(store.database.reader, stored, beside, AT + 700), AT + 700)
    store.close()
    return stream.getvalue()


def test_what_was_looked_at_is_shown_without_control_characters(tmp_path: Path) -> None:
    text = seen(tmp_path, incident(), looked=HOSTILE)
    assert "What we looked at\n  last state (prod): 4 rows, 12 min ago\n" in text
    assert "    name  lastReason\n      a     OOMKilled\n      … and 3 more rows\n" in text
    assert "restarts (prod): answered with status 403: no, 12 min ago" in text
    assert "memory (prod): not read: 60 reads were made within a minute" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_sections_stand_in_the_order_of_the_page(tmp_path: Path) -> None:
    text = seen(tmp_path, incident(similar=[Evidence("inc-0", 0.99, "shares Errors")]))
    parts = [
        "payments-api rollout stuck since deploy 8.14.6",
        "Clear lead, not yet checked here.",
        "opened 2026-",
        "last alert 2 min ago",
        "Likely cause",
        "spreads: payments-gateway calls payments-sync",
        "changed: Deploy 8.14.6 on payments-api",
        "Not yet measured on this site (3 of 10 confirmations).",
        "Playbook rollback for payments-api",
        "not when: Not then.",
        "Other suggestions",
        "Seen before",
        "lasted 30 min",
        "Timeline (UTC)",
        "Why these belong together",
        "Alerts (3 kinds, 19 streams)",
        "History (UTC)",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_commands_are_not_cut_or_wrapped(tmp_path: Path) -> None:
    text = seen(tmp_path, incident())
    assert f"$ {COMMAND.strip()}\n" in text
    for part in ("expect: it serves", "note: mind the schema", "no value for namespace"):
        assert part in text


def test_ids_for_feedback_are_shown_in_full(tmp_path: Path) -> None:
    name = "a" * 900
    text = seen(tmp_path, incident(members=[member("ProbeFailed", "payments-gateway", alert_id=name)]))
    assert f"id {name}" in text


def test_dry_run_guards_runs_and_rejection_are_shown(tmp_path: Path) -> None:
    plan = Plan(
        "p", "rollback", "inc-1", ["payments-api"], [GuardCheck("mode", "refused", "by hand")], [], "x", "would run"
    )
    run = Run("r-1", "rollback", "1.0.0", "inc-1", ["payments-api"], AT, actor="alice", state="failed", why="HTTP 500")
    no = [Rejection("rollback", AT, "alice", "schema changed"), Rejection("restart", AT, "bob", "no")]
    text = seen(tmp_path, incident(rejected=no), plan, (run,))
    for part in (
        "rejected by alice: schema changed",
        "It cannot run: mode: by hand",
        "Dry run of rollback",
        "rollback by alice: failed (HTTP 500), run r-1",
        "rejected by bob: no",
    ):
        assert part in text


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    evil: dict[str, Any] = {
        "title": HOSTILE,
        "message": HOSTILE,
        "entities": [HOSTILE],
        "services": [HOSTILE],
        "workloads": [],
        "members": [member(HOSTILE, HOSTILE, message=HOSTILE, alert_id=HOSTILE)],
        "playbooks": [Suggestion(HOSTILE, evidence=[Evidence(HOSTILE, 1.0, HOSTILE)])],
        "url": f"https://x.example/{HOSTILE}",
        "rejected": [Rejection(HOSTILE, AT, HOSTILE, HOSTILE)],
    }
    text = seen(tmp_path, incident(**evil))
    assert not {"\x1b", "\u202e"} & set(text)


def test_record_of_nothing_but_an_id_is_shown(tmp_path: Path) -> None:
    text = seen(tmp_path, Incident(id="bare"))
    assert "incident bare" in text
    assert "Playbook" not in text
