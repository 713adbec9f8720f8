"""The report of `aiops replay --remediation` on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.backtest.remediation import RemediationReport, WouldRun
from aiops.cli.terminal import clean, moment
from aiops.wording import plural

MAX_ROWS = 40
STATES = {
    "cleared": "cleared without it",
    "persisted": "persisted",
    "acted_on": "acted on by a run",
    "unknown": "cleared; unknown by what",
}


def show_remediation(console: Console, report: RemediationReport) -> None:
    """Print what would have run, what would not and why, and the sums."""
    console.print()
    console.print(
        f"Remediation in shadow: {plural(report.incidents, 'incident')}, {report.fitting} with a playbook that can "
        f"run, {report.handled} with a run. Nothing was sent."
    )
    if report.assumed_certainty is not None:
        console.print(f"Assumed: a first suspect is certain to {report.assumed_certainty:g}. A daemon measures that.")

    if report.is_live and report.trail is None:
        console.print(
            "No audit trail can be read beside this journal: whether a run acted on an incident is not known."
        )
    if report.runs:
        console.print(_runs(report.runs))
        console.print(_sums(report.runs))
    if report.record.incidents:
        console.print(_record(report))
    if report.codes:
        console.print(_codes(report))


def _runs(runs: list[WouldRun]) -> Table:
    table = Table(title="Would have run", title_justify="left", box=None, pad_edge=False)
    for heading in ("when", "incident", "playbook", "on", "condition", "label"):
        table.add_column(heading)
    for run in runs[:MAX_ROWS]:
        label = "" if run.is_right is None else "right" if run.is_right else "WRONG"
        state = STATES.get(run.state, "not judged")
        cells = (moment(run.at), run.incident, run.playbook, ", ".join(run.targets), state, label)
        table.add_row(*(Text(clean(cell)) for cell in cells))
    if len(runs) > MAX_ROWS:
        table.add_row(Text(f"and {len(runs) - MAX_ROWS} more: --json"))
    return table


def _sums(runs: list[WouldRun]) -> str:
    alone = sum(run.state == "cleared" for run in runs)
    judged = alone + sum(run.state == "persisted" for run in runs)
    text = f"{alone} of {plural(judged, 'judged condition')} cleared without the run."
    if acted := sum(run.state == "acted_on" for run in runs):
        text += f" Runs of the daemon acted on {plural(acted, 'incident')} of these."
    labelled = [run for run in runs if run.is_right is not None]
    if labelled:
        wrong = sum(not run.is_right for run in labelled)
        text += (
            f" By labels {wrong} of {plural(len(labelled), 'run')} would have touched something else than the cause."
        )
    return text


def _record(report: RemediationReport) -> str:
    found = report.record
    text = f"Reviewed: {found.reviewed} of {plural(found.incidents, 'incident')} with a decision that nothing but the "
    text += f"measured certainty refused; {found.right} were right"
    return f"{text}: at least {found.bound:.0%}." if found.bound is not None else f"{text}: too few for a bound."


def _codes(report: RemediationReport) -> Table:
    table = Table(title="Would not have run", title_justify="left", box=None, pad_edge=False)
    table.add_column("guard's code")
    table.add_column("decisions", justify="right")
    table.add_column("for example")
    for code, count in report.codes.items():
        example = next(one for one in report.refused if one.code == code)
        text = f"{example.playbook} for {example.incident}: {example.reason}"
        table.add_row(code, str(count), Text(clean(text)))
    return table
