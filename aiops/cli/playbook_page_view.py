"""One playbook on a terminal: when, steps with commands, conditions, tests and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from aiops.cli.terminal import clean
from aiops.respond.filled import request_text
from aiops.respond.rendering import Shown
from aiops.views.playbook_page import Fitting, PlaybookPage
from aiops.wording import plural

_SECTIONS = (
    ("Look first", "diagnosis"),
    ("Checked before a run", "preconditions"),
    ("Do", "steps"),
    ("Know that it worked", "verify"),
    ("Roll back", "rollback"),
)
_MAX_TEXT = 4_000


def show_page(console: Console, page: PlaybookPage) -> None:
    """Print a playbook; nothing of it is cut at the width of the terminal."""
    filled = page.filled
    _line(console, f"{page.name} {page.version}", "bold underline")
    _line(console, filled.summary)
    tags = f"; tags {', '.join(page.tags)}" if page.tags else ""
    _line(console, f"{page.mode_words}{tags}", "dim")
    if page.incident is not None:
        fits, style = ("", "green") if filled.fits else (f"; it does not fit: {filled.reason}", "red")
        _line(console, f"filled in for {page.incident.id}: {page.incident.title}{fits}", style)
    _line(console, f"\nWhen: {filled.when_to_use}")
    _line(console, f"Not when: {filled.when_not_to_use}", "yellow")
    for name, reason in filled.missing.items():
        _line(console, f"fill in <{name}> yourself: {reason}", "dim")
    for title, name in _SECTIONS:
        _steps(console, title, getattr(filled, name))
    _rest(console, page)


def _steps(console: Console, title: str, steps: Sequence[Shown]) -> None:
    if not steps:
        return
    _line(console, f"\n{title}", "bold")
    for number, step in enumerate(steps, 1):
        _line(console, f"{number}. {step.name}", indent=2)
        for text in (step.run, request_text(step.request) if step.request is not None else None):
            for line in (text or "").splitlines():
                _line(console, line, "cyan", 7)
        for text in (step.expect, step.note):
            if text:
                _line(console, text, "dim", 5)


def _rest(console: Console, page: PlaybookPage) -> None:
    _line(console, "\nMatches on", "bold")
    for line in page.matches_on:
        _line(console, line.words, indent=2)
    passed = sum(1 for one in page.tests if one.ok)
    _line(console, f"\nTests: {passed} of {len(page.tests)} passed", "bold")
    for one in page.tests:
        if not one.ok:
            _line(console, f"failed: {one.name}: {'; '.join(one.problems)}", "red", 2)
    _fitting(console, "Fits now", page.fits_now)
    _fitting(console, f"Fitted before, of the last {page.looked_at} ended", page.fitted)
    if page.outcomes:
        counts = ", ".join(f"{name} {count}" for name, count in page.outcomes.items())
        _line(console, f"Outcomes: {counts}", "bold")


def _fitting(console: Console, title: str, found: Sequence[Fitting]) -> None:
    if found:
        _line(console, f"{title}: {plural(len(found), 'incident')}", "bold")
    for one in found:
        _line(console, f"{one.id} {one.severity}: {one.title}", indent=2)


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    lines = [" " * indent + clean(part, _MAX_TEXT) for part in text.split("\n")]
    console.print(Text("\n".join(lines), style=style), soft_wrap=True)
