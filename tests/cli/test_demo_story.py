"""The story of the demo: one screen, worst first, hostile names as text."""

from __future__ import annotations

import io
from typing import Literal

from rich.console import Console

from aiops.cli.demo_story import MAX_ROWS, show_addresses, show_first, show_outcome, worst_first
from aiops.records import Cause, Evidence, Incident

NOW = 1_772_400_000.0


def incident(
    id: str, severity: str = "warning", count: int = 3, status: Literal["open", "resolved"] = "open"
) -> Incident:
    return Incident(id=id, title=id, severity=severity, status=status, alert_count=count, opened_at=NOW - 3_600)


def console(width: int = 100, terminal: bool = False) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=width, force_terminal=terminal, color_system=None, markup=False), stream


def test_incidents_are_in_the_order_of_their_severity() -> None:
    found = [
        incident("a"),
        incident("b", "critical", status="resolved"),
        incident("c", "critical"),
        incident("d", count=9),
    ]
    assert [one.id for one in worst_first(found)] == ["c", "b", "d", "a"]


def test_outcome_fits_a_screen_however_many_incidents_there_are() -> None:
    shown, stream = console()
    show_outcome(shown, 6_000, [incident(f"inc-{n}") for n in range(500)], 3.2)
    lines = stream.getvalue().splitlines()
    assert len(lines) <= MAX_ROWS + 5
    assert "6,000 alerts became 500 incidents in 3.2 s." in lines
    assert f"… and {500 - MAX_ROWS} more" in lines


def test_first_incident_is_shown_with_its_cause_and_hostile_text_as_text() -> None:
    cause = Cause(
        "db-\x1b[2J1", confidence="high", evidence=[Evidence("signs", 1.0, "such alerts came [red]before[/]")]
    )
    one = incident("inc-1", "critical")
    one.causes = [cause]
    shown, stream = console(width=60)
    show_first(shown, one, NOW)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "opened 1 h 0 min ago" in text
    assert "cause: db-\ufffd[2J1" in text
    assert all(len(line) <= 60 for line in text.splitlines())


def test_addresses_are_never_broken() -> None:
    shown, stream = console(width=20, terminal=True)
    show_addresses(shown, "http://127.0.0.1:8080/", incident("inc-" + "0" * 12))
    assert "  http://127.0.0.1:8080/incidents/inc-000000000000" in stream.getvalue().splitlines()
