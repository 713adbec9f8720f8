"""A table of incidents: narrow and wide, with hostile names."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from aiops.cli.incident_lines import cause_text, show_lines, what_text
from aiops.search.lines import Line, shown_of
from tests.search.stored import NOW, incident, member


def line(**more: Any) -> Line:
    shown = shown_of(incident("inc-1", member("DiskFull", "db-1")), NOW)
    fields = {name: getattr(shown, name) for name in shown.__struct_fields__}
    given = {"id": "inc-1", "version": 1, "status": "open", "opened_at": NOW, "resolved_at": None, "merged_into": None}
    return Line(**(fields | given | more))


def shown(one: Line, width: int, is_cut: bool = False) -> str:
    out = io.StringIO()
    show_lines(Console(file=out, width=width, color_system=None), [one], is_cut)
    return out.getvalue()


def test_a_wide_table_has_the_owner_and_the_last_alert() -> None:
    text = shown(line(owner="alice"), 140)
    assert "alice" in text
    assert "last alert" in text
    narrow = shown(line(owner="alice"), 80)
    assert "alice" not in narrow
    assert "DiskFull" in narrow


def test_a_snoozed_incident_is_shown_as_such() -> None:
    assert "snoozed" in shown(line(state="snoozed"), 80)


def test_causes_have_words() -> None:
    assert cause_text(line(cause="db", reason="JobFailed only there")) == "db: JobFailed only there"
    assert cause_text(line(cause="db", reason="")) == "db"
    assert cause_text(line(perhaps=["a", "b"])) == "not clear; perhaps a or b"
    assert cause_text(line()) == "unknown"


def test_hostile_names_cannot_move_the_table() -> None:
    text = shown(line(alert="a\x1b[2J\u202eb [red]x[/]", cause="\n\nx" * 500, owner="\x07"), 140, is_cut=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 3


def test_an_incident_is_named_by_its_verdict() -> None:
    title = "BlackboxProbeFailed on accounts-gateway and 10 more entities"
    text = shown(line(title=title, verdict="accounts-api job failed"), 160)
    assert "accounts-api job failed" in text
    assert "BlackboxProbeFailed" not in text


def test_the_others_of_an_unclear_incident_do_not_have_the_alert_of_the_first() -> None:
    assert what_text(line(verdict="", more=10)) == "DiskFull on db-1, 10 more affected"
    assert what_text(line(verdict="", more=10, is_cut=True)) == "DiskFull on db-1, at least 10 more affected"
    assert what_text(line(verdict="", is_storm=True, title="Storm: 90 alerts")) == "Storm: 90 alerts"
