"""A table of incidents for a terminal: what hurts, the likely cause, and who has it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.render import incident_columns
from aiops.cli.terminal import clean, fit, severity_text
from aiops.durations import compact
from aiops.records import LABELS
from aiops.search.lines import Line
from aiops.wording import located

# The columns that a narrow terminal has no room for.
WIDE_FROM = 110
_WIDE: dict[str, dict[str, object]] = {
    "owner": {"min_width": 5, "max_width": 16},
    "last alert": {"justify": "right", "min_width": 10},
}


def show_lines(console: Console, lines: Sequence[Line], is_cut: bool) -> None:
    """Print a table of incidents in the order given; `is_cut` if there may be more."""
    is_wide = console.width >= WIDE_FROM
    table = Table(box=None, pad_edge=False, header_style="dim", expand=console.is_terminal, padding=(0, 1, 0, 0))
    for name, options in incident_columns(console.width, _WIDE if is_wide else None).items():
        table.add_column(name, **options)  # type: ignore[arg-type]
    now = time.time()
    for line in lines:
        more = [clean(line.owner) or "-", compact(now - line.last_alert_at)] if is_wide else []
        table.add_row(
            fit(line.id, 16),
            severity_text(LABELS[line.severity]),
            fit("snoozed" if line.state == "snoozed" else line.status, 12),
            str(line.alert_count),
            *more,
            Text(clean(cause_text(line))),
            Text(clean(what_text(line))),
        )
    console.print(table)
    if is_cut:
        console.print("there may be more: raise --limit", style="dim")


def what_text(line: Line) -> str:
    """Return the verdict; where no cause is clear, the worst alert with the place that it is on.

    Other entities have other alerts: their number stands apart from the name of this one.
    """
    if line.verdict or line.is_storm or not line.alert:
        return line.verdict or line.title
    text = located(line.alert, line.entity) if line.entity else line.alert
    return f"{text}, {'at least ' if line.is_cut else ''}{line.more:,} more affected" if line.more else text


def cause_text(line: Line) -> str:
    """Return the likely cause with its reason, or the suspects where none is clear."""
    if line.cause is not None:
        return f"{line.cause}: {line.reason}" if line.reason else line.cause
    return f"not clear; perhaps {' or '.join(line.perhaps)}" if line.perhaps else "unknown"
