"""`aiops demo`: run a simulated storm through the engine, show incidents as they happen, and sum up."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from aiops.app.engine import build_engine
from aiops.archive import Rejections
from aiops.backtest import Report, make_report, replay
from aiops.cli.render import Closing, show_closing, show_event, show_incident
from aiops.cli.terminal import console_for, moment
from aiops.engine.config import EngineConfig
from aiops.engine.events import IncidentChanged
from aiops.records import Incident, Severity, parse_severity
from aiops.simulate import STORM, Simulation, save, simulate, summary
from aiops.wording import plural

# A person can follow about ten lines a second, and the whole demo stays well under a minute.
LINE_PAUSE_S = 0.1
MAX_PAUSED_LINES = 150


class Show:
    """Prints incidents as they happen: the opening of those that matter, and then their changes.

    An incident matters from high severity on, or once it has reached a second entity. `sleep` is called between lines.
    """

    def __init__(self, console: Console, sleep: Callable[[float], None]) -> None:
        self.console = console
        self.sleep = sleep
        self.shown: set[str] = set()
        self.lines = 0
        self.day = ""

    def watch(self, event: IncidentChanged) -> None:
        """Print a change if it is new to a person who watches."""
        known = event.incident.id in self.shown
        if not known and not matters(event.incident):
            return
        if known and event.change == "updated" and not {"severity", "cause"} & set(event.what):
            return
        if not known and event.change == "updated":
            event = msgspec.structs.replace(event, change="opened")
        self.shown.add(event.incident.id)
        day = moment(event.at)[:10]
        if self.day and day != self.day:
            # Otherwise the times of day would seem to run backwards.
            self.console.print(Text(day, style="dim"))
        self.day = day
        show_event(self.console, event)
        self.lines += 1
        if self.console.is_terminal and self.lines <= MAX_PAUSED_LINES:
            self.sleep(LINE_PAUSE_S)


def matters(incident: Incident) -> bool:
    """Return True if a person who watches a whole site wants to see the incident."""
    return parse_severity(incident.severity) >= Severity.HIGH or len(incident.entities) > 1


def demo_command(
    keep: Annotated[
        Path | None, typer.Option(help="Folder to keep the simulated files in; default: none is kept.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulation; another seed is another storm.")] = STORM.seed,
) -> None:
    """Watch a storm of thousands of alerts become a handful of explained incidents."""
    console = console_for()
    run = simulate(msgspec.structs.replace(STORM, seed=seed))
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiops-demo-")))
        save(run, folder)
        _introduce(console, run)
        done = replay(
            [*run.records, *run.incidents], build_engine(EngineConfig(), run.topology), Show(console, time.sleep).watch
        )
        incidents = [incident for incident in done.incidents() if incident.status != "merged"]
        report = make_report(done, Rejections(), run.topology, incidents)
        _explain_one(console, incidents)
        show_closing(
            console, Closing(len(run.alerts), incidents, report.dispositions, report.seconds, _next_steps(keep))
        )
        _show_truth(console, report)


def _introduce(console: Console, run: Simulation) -> None:
    counts = summary(run)
    line = Text("A simulated site of ")
    line.append(
        f"{plural(counts.services, 'service')} and {counts.entities - counts.services} pods, hosts and stores",
        style="bold",
    )
    line.append(f", where {counts.incidents} things break within {counts.hours:g} hours of everyday noise.\n")
    console.print(line)


def _explain_one(console: Console, incidents: list[Incident]) -> None:
    """Show the largest incident in full, as an on-call engineer would open it first."""
    if incidents:
        console.print(Text("\nThe largest incident in full:", style="bold"))
        show_incident(console, max(incidents, key=lambda each: (each.alert_count, each.id)))


def _show_truth(console: Console, report: Report) -> None:
    """Compare the result with the simulator's faults."""
    if report.truth is None or report.truth.causes is None or report.truth.grouping is None:
        return
    causes, grouping = report.truth.causes, report.truth.grouping
    found = round((grouping.incident_recall or 0.0) * grouping.incidents)
    console.print(
        f"\nAgainst the simulator's faults: {found} of {grouping.incidents} faults were found, "
        f"{round(causes.top1 * causes.cases)} of {causes.cases} causes ranked first; "
        f"alerts were grouped with a pairwise F1 of {grouping.pairwise_f1:.2f}.",
        style="dim",
    )


def _next_steps(keep: Path | None) -> list[tuple[str, str]]:
    folder = shlex.quote(str(keep)) if keep else "storm"
    files = f"{folder}/alerts.jsonl {folder}/incidents.jsonl --topology {folder}/topology.json"
    steps = [] if keep else [("aiops demo --keep storm", "run it again and keep the files")]
    return [
        *steps,
        (f"aiops replay {files}", "score it; change settings with --set and compare with --against"),
        ("aiops run", "the daemon: alerts by HTTP on this machine, with a web page"),
        ("aiops connectors list", "list sources of alerts and receivers of notifications"),
    ]
