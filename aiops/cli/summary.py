"""The summary that a person reads after a replay."""

from __future__ import annotations

import sys

from rich.table import Table

from aiops.backtest import Comparison, Report
from aiops.cli.render import Closing, show_closing
from aiops.cli.terminal import clean, console_for
from aiops.records import Incident
from aiops.wording import plural

# Differences shown one by one; the JSON output has all.
MAX_DIFFERENCES = 20


def show_summary(report: Report, incidents: list[Incident]) -> None:
    """Print the outcome of a replay: counts, important incidents, and the scores if there is truth."""
    console = console_for(sys.stdout)
    alerts = report.records.get("alert", 0)
    show_closing(console, Closing(alerts, incidents, report.dispositions, report.seconds))
    if report.rejected:
        console.print(f"\n{plural(report.rejected, 'line was', 'lines were')} rejected:", style="bold red")
        for text in report.rejections[:5]:
            console.print(f"  {clean(text)}", soft_wrap=True)
    refused = report.actions.get("refused", 0)
    if refused:
        console.print(f"\n{plural(refused, 'action')} did not apply:", style="bold yellow")
        for text in report.refused_actions[:5]:
            console.print(f"  {clean(text)}", soft_wrap=True)
    if not report.conserved:
        console.print("the dispositions do not add up to the input: please report this", style="bold red")
    scores = _scores(report)
    if scores:
        table = Table(title="against the labels", title_justify="left", box=None, header_style="dim")
        for name in ("measure", "value"):
            table.add_column(name)
        for name, value in scores:
            table.add_row(name, value)
        console.print()
        console.print(table)
    console.print(f"\ndigest {report.digest}", style="dim", soft_wrap=True)


def _scores(report: Report) -> list[tuple[str, str]]:
    truth = report.truth
    if truth is None:
        return []
    rows: list[tuple[str, str]] = []
    if truth.grouping is not None:
        grouping = truth.grouping
        rows.append(("pairwise F1", f"{grouping.pairwise_f1:.3f}"))
        rows.append(("B-cubed F1", f"{grouping.bcubed_f1:.3f}"))
        rows.append(("adjusted Rand index", f"{grouping.adjusted_rand:.3f}"))
        if grouping.incident_recall is not None:
            rows.append(("incidents found", f"{grouping.incident_recall:.1%} of {grouping.incidents}"))
    if truth.causes is not None:
        causes = truth.causes
        rows.append(("cause top-1 / top-3", f"{causes.top1:.3f} / {causes.top3:.3f} of {causes.cases}"))
    if truth.causes_given_grouping is not None:
        causes = truth.causes_given_grouping
        rows.append(("the same, given the labelled groups", f"{causes.top1:.3f} / {causes.top3:.3f} of {causes.cases}"))
    if truth.playbooks is not None:
        playbooks = truth.playbooks
        rows.append(("playbook recall@1 / @5", f"{playbooks.recall_at_1:.3f} / {playbooks.recall_at_5:.3f}"))
    return rows


def show_comparison(comparison: Comparison) -> None:
    """Print the effect of the other configuration."""
    console = console_for(sys.stdout)
    console.print(
        f"\n{plural(comparison.same, 'incident stays', 'incidents stay')} the same, "
        f"{plural(len(comparison.differences), 'difference')}:",
        style="bold",
    )
    for each in comparison.differences[:MAX_DIFFERENCES]:
        ids = f"{', '.join(each.before[:3]) or '-'} -> {', '.join(each.after[:3]) or '-'}"
        console.print(f"  {each.kind:<12} {clean(each.text)}  ({ids}, {plural(each.alerts, 'alert')})", soft_wrap=True)
    if len(comparison.differences) > MAX_DIFFERENCES:
        console.print(f"  … and {len(comparison.differences) - MAX_DIFFERENCES:,} more (--json shows all)")
    for name, (before, after) in comparison.scores.items():
        console.print(f"  {name}: {before:.4g} -> {after:.4g}")
