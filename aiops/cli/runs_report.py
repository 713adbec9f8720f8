"""`aiops runs report`: decisions and outcomes of guarded runs, conditions that returned, time saved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.runs import anchored
from aiops.cli.runs_show import show_command
from aiops.cli.terminal import clean, console_for
from aiops.errors import UsageError
from aiops.respond.audit import read_entries
from aiops.respond.history import History
from aiops.respond.runs_report import PERSON_MINUTES, Group, RunsReport, runs_report
from aiops.wording import plural

runs_app = typer.Typer(
    name="runs", help="Show and report on guarded runs of playbooks.", no_args_is_help=True, rich_markup_mode=None
)


@runs_app.callback()
def _runs() -> None:
    """Show and report on guarded runs of playbooks."""


runs_app.command("show")(show_command)


@runs_app.command("report")
def report_command(
    file: Annotated[
        Path | None, typer.Argument(help="Audit trail of runs (JSON lines); default: that of the state directory.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0.0, help="A person's minutes for an incident that a run handled: an assumption.")
    ] = PERSON_MINUTES,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Report decisions by reason, verified runs, conditions that returned, needless runs, and time saved."""
    trail = file if file is not None else anchored(config, sets, state)[0]
    if not trail.is_file():
        raise UsageError(f"{trail}: expected an audit trail; there is none")
    history = History()
    for entry in read_entries(trail):
        history.apply(entry)
    report = runs_report(history, minutes)
    if as_json:
        print_json(report)
        return
    show_report(console_for(), report)


def show_report(console: Console, report: RunsReport) -> None:
    """Print a report."""
    total = report.total
    console.print(f"{plural(total.runs, 'run')} that sent something, {total.alone} without a person.")
    if total.runs:
        table = Table(box=None, pad_edge=False)
        for heading in ("playbook", "runs", "alone", "verified", "at least", "returned", "median time to verify"):
            table.add_column(heading)
        for group in [*report.playbooks, total]:
            table.add_row(*(Text(clean(cell)) for cell in _cells(group)))
        console.print(table)
    if report.shadow_judged:
        of = plural(report.shadow_judged, "run in shadow", "runs in shadow")
        console.print(f"{report.false_fires} of {of} were not needed: the condition cleared alone.")
    if report.trials:
        console.print(_reviewed(report))
    if report.minutes:
        console.print(f"{report.minutes:g} minutes saved, assuming {report.minutes_each:g} for each.")
    for heading, counts in (("decision", report.decisions), ("decision in shadow", report.shadow_decisions)):
        if counts:
            codes = Table(box=None, pad_edge=False)
            codes.add_column(heading)
            codes.add_column("incidents or runs", justify="right")
            for code, count in counts.items():
                codes.add_row(Text(clean(code)), str(count))
            console.print(codes)


def _reviewed(report: RunsReport) -> str:
    left = (report.trials - report.reviewed) / report.trials
    text = f"Of {plural(report.trials, 'incident')} with a decision that nothing but certainty refused, {left:.0%} "
    text += f"are not reviewed; {report.right} of {report.reviewed} were right"
    return f"{text}: at least {report.least_right:.0%}." if report.least_right is not None else f"{text}: too few."


def _cells(group: Group) -> tuple[str, ...]:
    rate = f"{group.low:.2f}" if group.judged else "nothing judged"
    time = f"{group.verify_s / 60:.1f} min" if group.verify_s is not None else ""
    name = group.playbook or "all"
    counts = (str(group.runs), str(group.alone), f"{group.verified} of {group.judged}", rate, str(group.recurred))
    return (name, *counts, time)
