"""The terminal's view of an explanation: bounded, in order, with hostile text made harmless."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from aiops.backtest.explained import Against, Compared, Explanation
from aiops.cli.explain_view import MAX_OTHERS, show_explanation
from aiops.records import Evidence


def compared(number: int, evidence: list[Evidence]) -> Compared:
    score = sum(each.value for each in evidence)
    return Compared(f"c{number}", None, f"cluster {number}", score, evidence, 3.0)


def shown(**more: Any) -> str:
    one = Explanation("a1", "DiskFull", "db-2", "db", "f", 1.0, 12, "joined", "incident", "c12", threshold=5.4, **more)
    printed = io.StringIO()
    show_explanation(Console(file=printed, width=120, markup=False, highlight=False), one)
    return printed.getvalue()


def test_terms_come_strongest_first_and_end_with_their_sum() -> None:
    terms = [Evidence("size", -0.5, "a large cluster"), Evidence("near", 9.0, "the same host")]
    lines = [line.strip() for line in shown(chosen=compared(1, terms)).splitlines()]
    assert lines[-3:] == [
        "+9.00 the same host",
        "-0.50 a large cluster",
        "+8.50 in all; more than 5.40 nats are needed",
    ]


def test_only_the_best_of_the_others_are_shown_and_the_rest_is_counted() -> None:
    text = shown(others=[compared(number, [Evidence("timing", 1.0, "soon")]) for number in range(MAX_OTHERS + 2)])
    assert text.count("Not in c") == MAX_OTHERS
    assert "2 more clusters compared: see --json" in text


def test_terms_of_an_earlier_message_are_dated() -> None:
    text = shown(chosen=compared(1, [Evidence("timing", 1.0, "soon")]), joined_at=0.0)
    assert "as of 1970-01-01 00:00:00 UTC, when its stream joined" in text


def test_answer_about_an_incident_and_notes_are_shown() -> None:
    text = shown(against=Against("inc-2", "Its cluster was closed."), notes=["figures may differ"], messages=3)
    assert "Why not in inc-2" in text
    assert "Its cluster was closed." in text
    assert "figures may differ" in text
    assert "3 messages match" in text


def test_hostile_text_is_made_harmless() -> None:
    text = shown(text="joined \x1b[2J", chosen=compared(1, [Evidence("near", 1.0, "on \x1b]0;x\x07 db")]))
    assert "\x1b" not in text
    assert "\x07" not in text
