"""Output for a terminal: incidents as they happen, one incident in full, and the summary of a storm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aiops.cli.incident_view import entities_text, incident_parts
from aiops.cli.terminal import clean, clock, console_for, fit, severity_text
from aiops.engine.events import IncidentChanged
from aiops.records import Incident, parse_severity
from aiops.store.held import Held
from aiops.verdict.certainty import certainty
from aiops.verdict.sentence import title_of
from aiops.wording import duration, plural

__all__ = [
    "Closing",
    "console_for",
    "incident_columns",
    "show_closing",
    "show_event",
    "show_incident",
    "show_incidents",
]

CHANGE_STYLES = {
    "opened": "bold red",
    "updated": "blue",
    "merged": "magenta",
    "resolved": "bold green",
    "reopened": "bold red",
    "acknowledged": "cyan",
}
WHAT = {
    "severity": "severity rose",
    "cause": "new likely cause",
    "members": "more joined",
    "playbook": "new playbook",
    "status": "",
    "silenced": "silence began or ended",
    "returns": "returned",
}
INDENT = 10
MAX_ROWS = 20


class Closing(Struct):
    """The summary of a run: counts, incidents (best first), dispositions, and commands to try next."""

    alerts: int
    incidents: list[Incident]
    dispositions: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    next_steps: list[tuple[str, str]] = field(default_factory=list)


def show_event(console: Console, event: IncidentChanged) -> None:
    """Print one change of an incident.

    The most important changes get a second line with cause and counts.
    """
    incident = event.incident
    line = Text(f"{clock(event.at)}  ", style="dim")
    line.append(f"{event.change.upper():<12}", style=CHANGE_STYLES[event.change])
    line.append_text(severity_text(incident.severity, 9))
    line.append(clean(title_of(incident)), style="bold" if event.change != "updated" else "")
    console.print(fit(line, console.width), soft_wrap=True)
    detail = _detail(event)
    if detail:
        console.print(fit(Text(" " * INDENT) + detail, console.width), soft_wrap=True)


def _detail(event: IncidentChanged) -> Text:
    """Return the most important facts first: the line is cut at the width of the terminal."""
    incident = event.incident
    parts = [Text(clean(incident.id), style="dim")]
    if event.change == "merged" and incident.merged_into:
        return Text(" · ").join([*parts, Text(f"now part of {clean(incident.merged_into)}")])
    if event.change == "resolved" and incident.opened_at is not None and incident.resolved_at is not None:
        parts.append(Text(f"after {duration(incident.resolved_at - incident.opened_at)}"))
    if incident.causes and incident.causes[0].score > 0:
        cause = incident.causes[0]
        parts.append(Text(f"cause {clean(cause.entity)} ({certainty(cause)})", style="bold"))
    counts = f"{plural(incident.alert_count, 'alert')} on {entities_text(incident)}"
    parts += [Text(counts), *(Text(WHAT[what]) for what in event.what if WHAT.get(what))]
    return Text(" · ").join(parts)


def show_incident(console: Console, incident: Incident, held: Sequence[Held] = ()) -> None:
    """Print one incident in full, in the order of an on-call engineer's questions.

    `held` are the endpoints that inhibition keeps from being notified.
    """
    for part in incident_parts(incident, console.width, held):
        console.print(part)


def show_incidents(console: Console, incidents: Sequence[Incident], limit: int = MAX_ROWS) -> None:
    """Print a table of incidents in the order given, at most `limit`."""
    table = Table(box=None, pad_edge=False, header_style="dim", expand=console.is_terminal, padding=(0, 1, 0, 0))
    for name, options in incident_columns(console.width).items():
        table.add_column(name, **options)  # type: ignore[arg-type]
    for incident in incidents[:limit]:
        cause = incident.causes[0].entity if incident.causes else "unknown"
        table.add_row(
            fit(incident.id, 16),
            severity_text(incident.severity),
            fit(incident.status or "", 9),
            str(incident.alert_count),
            Text(clean(cause)),
            Text(clean(title_of(incident))),
        )
    console.print(table)
    if len(incidents) > limit:
        console.print(f"… and {len(incidents) - limit:,} more", style="dim")


def incident_columns(width: int, more: Mapping[str, dict[str, object]] | None = None) -> dict[str, dict[str, object]]:
    """Return the columns of a table of incidents, with the options of each; `more` stand before the cause."""
    cut = {"no_wrap": True, "overflow": "ellipsis"}
    return {
        "incident": {**cut, "min_width": 16},
        "severity": {**cut, "min_width": 8},
        "status": {**cut, "min_width": 8},
        "alerts": {**cut, "justify": "right", "min_width": 6},
        **{name: {**cut, **options} for name, options in (more or {}).items()},
        "likely cause": {**cut, "min_width": 12, "max_width": max(14, width // 4)},
        "what": {**cut, "ratio": 1},
    }


def show_closing(console: Console, closing: Closing) -> None:
    """Print the summary of a run, its incidents by severity, and the next commands."""
    count = len(closing.incidents)
    line = Text(f"\n{plural(closing.alerts, 'alert')}", style="bold yellow")
    line.append(" became ", style="default")
    line.append(plural(count, "incident"), style="bold green")
    if closing.seconds is not None:
        rate = closing.alerts / closing.seconds if closing.seconds > 0 else 0.0
        line.append(f" in {closing.seconds:.1f} s ({rate:,.0f} alerts/s)", style="dim")
    console.print(line)
    if closing.dispositions:
        places = (f"{number:,} {clean(name)}" for name, number in closing.dispositions.items() if number)
        console.print("dispositions: " + ", ".join(places), style="dim")
    if closing.incidents:
        console.print()
        show_incidents(console, sorted(closing.incidents, key=_worst_first))
    if closing.next_steps:
        _show_steps(console, closing.next_steps)


def _show_steps(console: Console, steps: Sequence[tuple[str, str]]) -> None:
    """Print commands unbroken, ready to copy; explanations are beside them if there is room."""
    console.print("\nwhat to do next", style="bold")
    wide = max(cell_len(command) for command, _ in steps)
    beside = max(wide + cell_len(why) for _, why in steps) + 4 <= console.width
    for command, why in steps:
        line = Text(f"  {clean(command)}", style="cyan")
        if beside:
            line.append(f"{' ' * (wide - cell_len(command))}  {clean(why)}", style="default")
        console.print(line, soft_wrap=True)
        if not beside:
            console.print(Padding(Text(clean(why)), (0, 0, 0, 4), expand=False))


def _worst_first(incident: Incident) -> tuple[int, int, float, str]:
    return -parse_severity(incident.severity), -incident.alert_count, incident.opened_at or 0.0, incident.id
