"""What a person at a terminal sees: complete, within 80 columns, and safe whatever the alerts say."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from aiops.cli.demo import Show, demo_command
from aiops.cli.render import Closing, show_closing, show_event, show_incident, show_incidents
from aiops.cli.terminal import clean, console_for, fit, moment
from aiops.engine.events import IncidentChange, IncidentChanged
from aiops.records import Cause, Evidence, Incident, Member, RootCause, Suggestion

HOSTILE = "[bold red]disk[/] \x1b]0;owned\x07\x1b[2J\r\n\u202egnp.exe \u200b/ full"


def incident(text: str = "HighRequestLatency on cart-api", **changes: object) -> Incident:
    members = [
        Member(
            f"f{number}",
            f"{text} {number}",
            f"{text}-{number}",
            ("critical", "warning", "high")[number % 3],
            "firing" if number % 2 else "resolved",
            3 * number + 1,
            1_772_438_400.0 + 10 * number,
            1_772_438_400.0 + 600,
            [Evidence("timing", 2.0, f"2 s after {text}"), Evidence("size", -0.4)] if number else [],
        )
        for number in range(20)
    ]
    fields: dict[str, object] = {
        "id": "inc-1",
        "opened_at": 1_772_438_400.0,
        "last_alert_at": 1_772_439_000.0,
        "status": "open",
        "severity": "critical",
        "title": text,
        "alert_count": 240,
        "entities": [f"{text}-{number}" for number in range(20)],
        "services": [text],
        "members": members,
        "causes": [
            Cause(text, 3.2, None, "medium", [Evidence("surprise", 2.5, f"{text} is rare"), Evidence("blame", 0.7)]),
            Cause("other", 1.6, None, "low", [Evidence("surprise", 1.6)]),
        ],
        "playbooks": [Suggestion("database-locks", 2.0, None, text, [Evidence("match", 2.0, text)])],
        "explanation": [f"20 streams of {text}"],
        "similar": [Evidence("inc-0", 0.8, text)],
    }
    return Incident(**{**fields, **changes})  # type: ignore[arg-type]


def event(change: IncidentChange, subject: Incident, what: list[str] | None = None) -> IncidentChanged:
    return IncidentChanged(7, 1_772_438_460.0, change, subject, 1, what or [])


def everything(console: Console, text: str) -> None:
    shown = incident(text)
    for change in ("opened", "updated", "merged", "resolved", "reopened", "acknowledged"):
        show_event(console, event(change, shown, ["cause"]))
    show_incident(console, shown)
    show_closing(console, Closing(6877, [shown], {"incident": 5000, "duplicate": 1877}, 2.0, [("aiops run", text)]))


def printed(text: str) -> str:
    stream = io.StringIO()
    everything(console_for(stream), text)
    return stream.getvalue()


def test_an_incident_is_told_in_full() -> None:
    stream = io.StringIO()
    show_incident(console_for(stream), incident())
    text = stream.getvalue()
    for part in (
        "Probably HighRequestLatency on cart-api (small lead, not yet checked here)",
        "opened 2026-03-02 08:00:00 UTC",
        "240 alerts on 20 entities",
        "Likely causes",
        "+2.50 HighRequestLatency on cart-api is rare",
        "or something that raised no alert",
        "Why these alerts belong together",
        "Alert streams (10 firing, the first 15 of 20)",
        "Timeline",
        "… and 8 more",
        "Suggested playbooks",
        "database-locks on HighRequestLatency on cart-api",
        "Similar incidents",
    ):
        assert part in text, part
    assert text.index("Likely causes") < text.index("Alert streams") < text.index("Suggested playbooks")


def test_what_is_silenced_says_by_what_and_until_when() -> None:
    stream = io.StringIO()
    shown = incident("web", silenced_by=["sil-1", "sil-2"], silenced_until=1_772_442_000.0)
    shown.members[0].silenced_by, shown.members[0].silenced_until = "sil-1", 1_772_442_000.0
    show_incident(console_for(stream), shown)
    until = moment(1_772_442_000.0)
    assert f"silenced by sil-1, sil-2 until {until}" in stream.getvalue()
    assert "silenced by sil-1 until" in stream.getvalue()
    assert stream.getvalue().count("silenced by") == 2


def test_an_unknown_cause_is_called_unknown_and_a_confirmed_one_confirmed() -> None:
    for changes, line in (
        ({"causes": []}, "Cause: unknown"),
        ({"causes": [Cause("db", 0.0)]}, "Cause: unknown"),
        ({"root_cause": RootCause("db")}, "Cause: db (confirmed)"),
        ({"causes": [Cause("db", 1.0, 0.42, "low")]}, "Probably db (42 %)"),
        ({"causes": [Cause("db", 1.0, None, "low")]}, "Perhaps db (no clear lead)"),
    ):
        stream = io.StringIO()
        show_incident(console_for(stream), incident(**changes))
        assert line in stream.getvalue()


def test_the_least_an_incident_can_be_is_shown() -> None:
    stream = io.StringIO()
    show_incident(console_for(stream), Incident(id="inc-9"))
    show_event(console_for(stream), event("opened", Incident(id="inc-9")))
    show_incidents(console_for(stream), [Incident(id="inc-9")] * 30)
    assert "Cause: unknown" in stream.getvalue()
    assert "… and 10 more" in stream.getvalue()
    assert "Timeline" not in stream.getvalue()


def test_events_say_what_changed() -> None:
    stream = io.StringIO()
    console = console_for(stream)
    console.width = 160
    show_event(console, event("opened", incident()))
    show_event(console, event("updated", incident(), ["severity", "cause"]))
    show_event(console, event("merged", incident(merged_into="inc-2")))
    show_event(console, event("resolved", incident(resolved_at=1_772_438_460.0)))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 8
    assert lines[0] == "08:01:00  OPENED      critical HighRequestLatency on cart-api failing"
    assert lines[1].startswith(
        "          inc-1 · cause HighRequestLatency on cart-api (small lead, not yet checked here) · 240 alerts"
    )
    assert "severity rose · new likely cause" in lines[3]
    assert "now part of inc-2" in lines[5]
    assert "after 1 min 0 s" in lines[7]


def test_the_closing_says_what_the_storm_became_and_what_to_do() -> None:
    stream = io.StringIO()
    mild = incident("mild", severity="warning", id="inc-2")
    show_closing(
        console_for(stream),
        Closing(6877, [mild, incident("bad")], {"duplicate": 9, "rejected": 0}, 2.0, [("aiops run", "the daemon")]),
    )
    text = stream.getvalue()
    assert "6,877 alerts became 2 incidents in 2.0 s (3,438 alerts/s)" in text
    assert "9 duplicate\n" in text
    assert text.index("inc-1") < text.index("inc-2"), "the worst comes first"
    assert "  aiops run  the daemon" in text


def test_long_commands_are_not_broken() -> None:
    console = narrow()
    command = "aiops replay " + "folder/" * 12 + "alerts.jsonl"
    show_closing(console, Closing(1, [], next_steps=[(command, "scores it"), ("aiops run", "the daemon")]))
    assert isinstance(console.file, io.StringIO)
    assert f"  {command}\n    scores it\n" in console.file.getvalue()


def test_pipes_get_whole_lines_without_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    long = "payments-gateway-" * 4
    one = incident(long, causes=[Cause(long, 1.0, None, "high")])
    show_incidents(console_for(stream), [one, incident("small")])
    show_event(console_for(stream), event("opened", one))
    show_incident(console_for(stream), one)
    lines = stream.getvalue().split("\n")
    [row] = [line for line in lines if line.startswith("inc-1 ") and long in line]
    assert row.count(long) == 2, "both the cause and what it is, whole"
    assert "…" not in row
    assert not any(line.endswith(" ") for line in lines)
    assert not any("─" in line or "│" in line for line in lines), "no frame around lines of any length"


def test_pipes_are_as_wide_as_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = io.StringIO()
    show_incidents(console_for(stream), [incident("x" * 200)])
    assert all(len(line) <= 60 for line in stream.getvalue().splitlines())


def test_pipes_get_no_colour_and_terminals_do() -> None:
    assert "\x1b" not in printed("disk")
    stream = io.StringIO()
    show_event(Console(file=stream, force_terminal=True, color_system="standard"), event("opened", incident()))
    assert "\x1b[" in stream.getvalue()


def narrow() -> Console:
    """A terminal of 80 columns, without its colours."""
    return Console(file=io.StringIO(), width=80, markup=False, highlight=False, emoji=False, color_system=None)


def shown(text: str) -> str:
    """What such a terminal shows of a text."""
    console = narrow()
    everything(console, text)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def check_safe(text: str) -> None:
    for line in text.split("\n"):
        assert cell_len(line) <= 80, line
        hidden = [letter for letter in line if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert not hidden, hidden


def test_hostile_text_neither_rewrites_the_screen_nor_is_markup() -> None:
    text = shown(HOSTILE)
    check_safe(text)
    assert "[bold red]disk[/]" in text, "markup is shown, not obeyed"


@given(st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_any_text_is_safe(text: str) -> None:
    check_safe(shown(text))


def test_long_and_wide_names_stay_within_80_columns() -> None:
    check_safe(shown("x" * 5000))
    check_safe(shown("磁盘已满" * 100))


def test_a_huge_message_costs_little() -> None:
    assert len(clean("a" * 10_000_000)) == 400


def test_a_stream_that_cannot_encode_shows_something(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    everything(console_for(stream), "磁盘")
    stream.flush()
    assert b"???" in raw.getvalue() or b"??" in raw.getvalue()


@pytest.mark.parametrize(("width", "expected"), [(5, "disk…"), (20, "disk is full")])
def test_fit(width: int, expected: str) -> None:
    assert fit("disk is full", width).plain == expected


def test_the_demo_shows_an_incident_once_it_matters_and_then_what_changes() -> None:
    stream, slept = io.StringIO(), list[float]()
    show = Show(Console(file=stream, force_terminal=True, width=120), slept.append)
    small = incident("one", severity="warning", entities=["one"])
    show.watch(event("opened", small))
    assert not stream.getvalue()
    grown = incident("one", severity="warning", entities=["one", "two"])
    show.watch(event("updated", grown, ["members"]))
    show.watch(event("updated", grown, ["members"]))
    show.watch(event("updated", grown, ["cause"]))
    show.watch(event("resolved", grown))
    plain = Text.from_ansi(stream.getvalue()).plain
    assert [line.split()[1] for line in plain.splitlines()[::2]] == ["OPENED", "UPDATED", "RESOLVED"]
    assert len(slept) == 3


def test_the_demo_ends_by_itself_and_says_what_to_do_next(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(demo_command)
    result = CliRunner().invoke(app, ["--keep", str(tmp_path / "kept")], catch_exceptions=False)
    assert result.exit_code == 0
    text = result.stdout
    assert "The largest incident in full" in text
    assert "7 of 7 faults were found" in text
    assert f"aiops replay {tmp_path}/kept/alerts.jsonl" in text
    assert (tmp_path / "kept" / "topology.json").exists()
    assert "\x1b" not in text
