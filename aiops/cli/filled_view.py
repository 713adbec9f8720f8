"""Steps of a filled-in playbook at a terminal, with commands that can be copied whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from aiops.cli.terminal import clean
from aiops.respond.filled import request_text
from aiops.respond.rendering import Shown

# A line of a command is shown whole: the format allows no longer one.
MAX_LINE = 2_000


def step_lines(title: str, steps: Sequence[Shown]) -> Iterator[Text]:
    """Yield the lines of one section; none if it has no steps."""
    if not steps:
        return
    yield Text(title, style="bold")
    for number, step in enumerate(steps, 1):
        yield Text(f"{number}. {clean(step.name, 300)}")
        for line in (step.run or "").splitlines():
            yield Text(f"   $ {clean(line, MAX_LINE)}", style="cyan")
        if step.request is not None:
            for line in request_text(step.request).splitlines():
                yield Text(f"   {_indented(line)}", style="cyan")
        if step.missing:
            yield Text(f"   no value for {', '.join(step.missing)}", style="yellow")
        for label, text in (("expect", step.expect), ("note", step.note)):
            if text:
                yield Text(f"   {label}: {clean(text, 800)}", style="dim")


def _indented(line: str) -> str:
    """Return a line of JSON with its indentation, which `clean` would drop."""
    body = line.lstrip(" ")
    return " " * (len(line) - len(body)) + clean(body, MAX_LINE)
