"""`aiops models report`: the record of the models on this site, as health and the page have it."""

from __future__ import annotations

import time

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for
from aiops.daemon.control import send_request
from aiops.durations import compact
from aiops.views.model_watch import Watch, WatchedModel, input_text


def report_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: TableJsonOption = False
) -> None:
    """Show how often each model was right here, its promises, drift, and what is not measured and why.

    The exit code is 1 while an alarm of drift stands.
    """
    answer = send_request(state_directory(config, sets, state), {"ask": "watch"})["watch"]
    watch = msgspec.convert(answer, Watch)
    if as_json:
        print_json(answer)
    else:
        show_watch(console_for(), watch)
        console_for().print(_retrain(answer.get("retrain", {})), soft_wrap=True)
    if watch.alarms:
        raise typer.Exit(1)


def show_watch(console: Console, watch: Watch) -> None:
    """Print the report."""
    for one in watch.alarms:
        console.print(Text(f"drift: {clean(one.what)}: {clean(one.text, 300)}", style="bold yellow"), soft_wrap=True)
    table = Table(
        "for", "model", "right", "recent", "before", "promised", "held", "error", "drift",
        box=None, header_style="bold", pad_edge=False,
    )  # fmt: skip
    for row in watch.models:
        table.add_row(*(Text(clean(cell)) for cell in _cells(row)))
    console.print(table)
    for row in watch.models:
        console.print()
        console.print(Text(row.title, style="bold"))
        for sentence in row.sentences:
            console.print(Text(f"  {clean(sentence, 300)}"), soft_wrap=True)
        for text in row.unmeasured:
            console.print(Text(f"  not measured: {clean(text, 300)}", style="dim"), soft_wrap=True)
    _inputs(console, watch)


def _cells(row: WatchedModel) -> tuple[str, ...]:
    return (
        row.slot,
        row.model or "none",
        f"{row.right}/{row.outcomes}" if row.outcomes else "-",
        _share(row.recent),
        _share(row.before),
        _share(row.promise if row.promises else None),
        _share(row.coverage),
        "-" if row.error is None else f"{row.error:.2f}",
        row.drift,
    )


def _inputs(console: Console, watch: Watch) -> None:
    table = Table(
        "input", "recent", "before", "hours", "against no change", "", box=None, header_style="bold", pad_edge=False
    )
    for one in watch.inputs:
        state = one.state
        if one.learning_until is not None:
            state = f"learning for {compact(max(0.0, one.learning_until - time.time()))} more"
        cells = (one.title, input_text(one, one.recent), input_text(one, one.before), str(one.hours))
        table.add_row(*cells, f"{one.capital:.3g} of {watch.alarm:.0f}", state)
    console.print()
    console.print(table)


def _retrain(found: dict[str, object]) -> str:
    mode, running, due = found.get("mode", ""), found.get("running", ""), found.get("is_due")
    text = f"retrain: {mode}"
    if running:
        return f"{text}; training {running} now"
    return f"{text}; a training is due" if due else f"{text}; none is due"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
