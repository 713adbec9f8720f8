"""A sweep for a person: one row a setting, the suggestion, and what another setting would page."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from aiops.cli.terminal import clean, console_for
from aiops.sweep import Row, SettingsDifference, SweepReport
from aiops.wording import duration, plural

# Differences shown one by one; the JSON output has all.
MAX_DIFFERENCES = 20
DAY_S = 86_400.0
_TRUTH = {
    "labels": "against the labels of the input",
    "feedback": "against the judgements of people in the journal",
}


def show_sweep(report: SweepReport) -> None:
    """Print a sweep as a table, with all that follows from it."""
    console = console_for(sys.stdout)
    keys = ", ".join(report.keys)
    history = f"{plural(report.alerts, 'alert')} of {duration(report.span_s)}"
    console.print(f"{clean(keys)}: {plural(len(report.rows), 'setting')}, {history}", style="bold", soft_wrap=True)
    if report.rejected:
        console.print(f"{plural(report.rejected, 'line was', 'lines were')} rejected", style="bold red")
    console.print()
    console.print(_table(report))
    console.print(_legend(report), style="dim", soft_wrap=True)
    if report.suggestion is not None:
        _show_suggestion(console, report)
    if report.difference is not None:
        _show_difference(console, report.difference)


def _table(report: SweepReport) -> Table:
    """Return the rows, within the 80 columns of a pipe; the legend below explains the heads."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("value" if len(report.keys) == 1 else "setting", overflow="fold")
    heads = ["pages/d", "new", "inc.", "/d", "size"]
    if report.truth is not None:
        heads += ["F1", "P", "R"]
    if report.truth == "labels":
        heads += ["pieces", "foreign"]
    if report.truth is None:
        heads.append("agrees")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in report.rows:
        table.add_row(clean(row.label), *_cells(row), _mark(row), style="bold" if row.is_suggested else None)
    return table


def _cells(row: Row) -> list[str]:
    cells = [
        f"{row.pages_a_day:.1f}",
        f"{row.new_a_day:.1f}",
        f"{row.incidents:,}",
        f"{row.incidents_a_day:.1f}",
        f"{row.alerts_per_incident:.1f}",
    ]
    scores = row.scores
    if scores is not None:
        cells += [f"{scores.f1:.3f}", f"{scores.precision:.3f}", f"{scores.recall:.3f}"]
    if scores is not None and scores.pieces is not None and scores.foreign is not None:
        cells += [f"{scores.pieces:.2f}", f"{scores.foreign:.1%}"]
    if scores is None:
        cells.append("" if row.agreement is None else f"{row.agreement:.3f}")
    return cells


def _mark(row: Row) -> str:
    if row.is_suggested:
        return "keep" if row.is_current else "suggested"
    return "current" if row.is_current else ""


def _legend(report: SweepReport) -> str:
    names = ", ".join(clean(name) for name in report.rows[0].pages_by_endpoint)
    lines = [
        f"pages/d: messages a day that call a person, of {names}; new: openings and reopenings among them",
        "inc., /d: incidents, and a day; size: alerts an incident",
    ]
    if report.span_s < DAY_S:
        lines.append("the history is shorter than a day: figures a day are projected")
    if report.truth is not None:
        lines.append(f"F1, P, R: pairwise F1, precision, recall, {_TRUTH[report.truth]}")
    if report.truth == "labels":
        lines.append("pieces: clusters a fault; foreign: alerts in a cluster that another fault began")
    if report.truth is None:
        other = "current setting" if len(report.keys) > 1 else "next value"
        lines.append(f"agrees: adjusted Rand index with the {other}, 1 is equal")
    return "\n".join(lines)


def _show_suggestion(console: Console, report: SweepReport) -> None:
    found = report.suggestion
    assert found is not None
    console.print()
    for place, text in enumerate(found.text):
        console.print(clean(text, 1_000), style="bold" if place == 0 else None)
    if found.paste:
        console.print("\nTo use it, write into the configuration:")
        for line in found.paste.splitlines():
            console.print(f"  {clean(line)}", soft_wrap=True)


def _show_difference(console: Console, found: SettingsDifference) -> None:
    kept = plural(found.same, "incident stays", "incidents stay")
    console.print(
        f"\n{clean(found.after)} against {clean(found.before)} (current): "
        f"{plural(found.pages_after, 'page')} instead of {found.pages_before:,}; {kept} the same",
        style="bold",
    )
    for each in found.differences[:MAX_DIFFERENCES]:
        pages = f"{plural(each.pages_before, 'page')} -> {each.pages_after:,}"
        console.print(f"  {pages:<16} {each.kind.replace('_', ' '):<11} {clean(each.text)}", soft_wrap=True)
    if len(found.differences) > MAX_DIFFERENCES:
        console.print(f"  … and {len(found.differences) - MAX_DIFFERENCES:,} more (--json shows all)")
    if found.unpaged:
        console.print(f"  {plural(found.unpaged, 'incident changes', 'incidents change')} without another page")
