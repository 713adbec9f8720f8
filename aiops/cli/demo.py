"""`aiops demo`: a simulated storm; on a terminal as pages of a daemon, in a pipe as text."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from aiops.app.engine import build_engine
from aiops.archive import Rejections
from aiops.backtest import Report, make_report, replay
from aiops.cli.demo_story import show_addresses, show_first, show_outcome, show_site, worst_first
from aiops.cli.render import Closing, show_closing, show_event, show_incident
from aiops.cli.terminal import console_for, moment
from aiops.engine.config import EngineConfig
from aiops.engine.events import IncidentChanged
from aiops.records import Incident, Severity, parse_severity
from aiops.simulate import STORM, Simulation, save, simulate, summary
from aiops.simulate.writing import TOPOLOGY
from aiops.wording import plural

# A person can follow about ten lines a second, and the whole demo stays well under a minute.
LINE_PAUSE_S = 0.1
MAX_PAUSED_LINES = 150
# Records between two looks for Ctrl-C.
PART = 1_000


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
    page: Annotated[
        bool | None,
        typer.Option("--page/--no-page", help="Serve the incidents as pages until Ctrl-C; default: on a terminal."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of the pages, on this machine only; default: 8080, or a free one."),
    ] = None,
) -> None:
    """Watch a storm of thousands of alerts become a handful of explained incidents.

    On a terminal it ends on pages of a real daemon, until Ctrl-C. In a pipe or in CI it prints all and ends.
    """
    console = console_for()
    options = msgspec.structs.replace(STORM, seed=seed)
    if page if page is not None else console.is_terminal and not os.environ.get("CI"):
        # The simulation ends at the present: ages read as they would in a real storm.
        run = simulate(msgspec.structs.replace(options, start=time.time() - options.hours * 3600))
        serve(console, run, keep, port)
    else:
        play(console, simulate(options), keep)


def serve(console: Console, run: Simulation, keep: Path | None, port: int | None) -> None:
    """Play a simulation into a daemon, print its story, and serve its pages until a signal."""
    # Imported here: a demo in a pipe does not wait for the daemon's libraries.
    from aiops.app.demo import SETTLE_S, demo_site
    from aiops.app.signals import Signals

    signals = Signals()
    signals.install()
    with tempfile.TemporaryDirectory(prefix="aiops-demo-") as scratch:
        folder = keep or Path(scratch) / "storm"
        save(run, folder)
        show_site(console, summary(run))
        with demo_site(Path(scratch) / "state", folder / TOPOLOGY, port) as site:
            begun = time.monotonic()
            with _bar(console, len(run.records)) as advance:
                for start in range(0, len(run.records), PART):
                    if signals.ended.is_set():
                        return
                    site.play(run.records[start : start + PART], advance)
            seconds = time.monotonic() - begun
            signals.ended.wait(SETTLE_S)
            found = worst_first(site.incidents())
            show_outcome(console, len(run.alerts), found, seconds)
            if found:
                show_first(console, found[0], time.time())
            show_addresses(console, site.url, found[0] if found else None)
            signals.ended.wait()
    console.print("stopped")


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Yield the function that moves a bar; the bar is erased afterwards."""
    columns = (TextColumn("playing its alerts"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


def play(console: Console, run: Simulation, keep: Path | None) -> None:
    """Play a simulation through the engine alone and print all of it."""
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
