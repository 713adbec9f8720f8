"""The story of the demo on one screen: what came, what it became, and what to open first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.terminal import clean, fit, severity_text
from aiops.records import Incident, parse_severity
from aiops.simulate import Summary
from aiops.verdict.certainty import certainty
from aiops.verdict.sentence import likely_cause, verdict
from aiops.views.evidence import rows
from aiops.wording import duration, plural

# A screen of 24 lines is filled, one of 40 is not scrolled.
MAX_ROWS = 8
MAX_REASONS = 3


def show_site(console: Console, counts: Summary) -> None:
    """Print what is simulated."""
    site = f"{plural(counts.services, 'service')} and {counts.entities - counts.services} pods, hosts and stores"
    line = Text("A simulated site of ").append(site, style="bold")
    console.print(line.append(f"; {counts.incidents} things break within {counts.hours:g} hours of everyday noise."))


def show_outcome(console: Console, alerts: int, found: Sequence[Incident], seconds: float) -> None:
    """Print what the alerts became, and the worst incidents."""
    line = Text(f"\n{plural(alerts, 'alert')}", style="bold").append(" became ", style="default")
    line.append(plural(len(found), "incident"), style="bold").append(f" in {seconds:.1f} s.\n", style="dim")
    console.print(line)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0), expand=console.is_terminal)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, justify="right")
    for incident in worst_first(found)[:MAX_ROWS]:
        table.add_row(
            severity_text(incident.severity),
            Text(clean(verdict(incident).text)),
            Text(plural(incident.alert_count, "alert"), style="dim"),
        )
    console.print(table)
    if len(found) > MAX_ROWS:
        console.print(f"… and {len(found) - MAX_ROWS} more", style="dim")


def show_first(console: Console, incident: Incident, now: float) -> None:
    """Print why the worst incident should be opened first."""
    console.print(Text("\nOpen this one first", style="bold"))
    opened = f", opened {duration(now - incident.opened_at)} ago" if incident.opened_at is not None else ""
    lines = [f"{verdict(incident).text}{opened}"]
    cause = likely_cause(incident)
    if cause is not None:
        lines.append(f"cause: {cause.entity} ({certainty(cause)})")
        lines += [f"  {row.text}" for row in rows(cause, incident)[:MAX_REASONS]]
    if incident.playbooks:
        lines.append(f"playbook: {incident.playbooks[0].name}")
    for line in lines:
        indent = len(line) - len(line.lstrip()) + 2
        console.print(fit(Text(" " * indent + clean(line)), console.width), soft_wrap=True)


def show_addresses(console: Console, url: str, incident: Incident | None) -> None:
    """Print where to look, unbroken, and how to end."""
    console.print()
    if incident is not None:
        console.print(Text(f"  {url}incidents/{incident.id}", style="bold cyan"), soft_wrap=True)
    console.print(Text(f"  {url}", style="cyan").append("  all incidents", style="dim"), soft_wrap=True)
    console.print(Text("\nPress Ctrl-C to stop. Nothing is kept.", style="default"))


def worst_first(found: Sequence[Incident]) -> list[Incident]:
    """Return incidents in the order of their severity, open ones first, then by their alerts."""
    return sorted(
        found,
        key=lambda one: (-parse_severity(one.severity), one.status == "resolved", -one.alert_count, one.id),
    )
