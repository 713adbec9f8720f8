"""`aiops playbooks plan|runs|switch`: control the guarded runs of the local daemon over its socket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import (
    ActorOption,
    ConfigOption,
    IdArgument,
    NoteOption,
    SetOption,
    StateOption,
    TableJsonOption,
)
from aiops.cli.completion import playbook_names
from aiops.cli.errors import print_json
from aiops.cli.incidents import incident_of, user
from aiops.cli.notes import required_note
from aiops.cli.playbook_view import show_plan
from aiops.cli.run_view import show_moves, show_record, show_waiting
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for, moment
from aiops.config import load_config
from aiops.daemon.control import send_request
from aiops.daemon.trail_anchor import read_mark
from aiops.errors import UsageError
from aiops.respond.anchors import Mark
from aiops.respond.history import GLOBAL, WAITING, SwitchMove
from aiops.respond.run_record import RunRecord
from aiops.respond.runs import Plan
from aiops.store.database import open_reader
from aiops.store.store import FILE_NAME
from aiops.views.waiting_runs import Waiting

_LIMIT = 50


def plan_command(
    incident: IdArgument,
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook to plan; default: the first suggestion.", autocompletion=playbook_names),
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Plan a run without sending anything: show its requests, and each guard's answer."""
    directory = state_directory(config, sets, state)
    found = incident_of(directory, incident)
    answer = send_request(directory, {"ask": "plan", "incident": found.id, "playbook": playbook})["plan"]
    plan = msgspec.convert(answer, Plan)
    if as_json:
        print_json(plan)
        return
    show_plan(console_for(), plan)


def runs_command(
    run: Annotated[str | None, typer.Argument(help="A run to show with its answers; default: all.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Number of runs to list.")] = _LIMIT,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """List runs, last started first, what waits for a person, and kill switches; or show one run."""
    directory = state_directory(config, sets, state)
    if run is not None:
        record = msgspec.convert(send_request(directory, {"ask": "run", "run": run})["record"], RunRecord)
        if as_json:
            print_json(record)
        else:
            show_record(console_for(), record)
        return
    answer = send_request(directory, {"ask": "runs", "limit": limit})
    if as_json:
        print_json(answer)
        return
    console = console_for()
    show_waiting(console, msgspec.convert(answer["waiting"], Waiting))
    _show_runs(console, answer["runs"])
    show_switches(console, answer["switches"])
    show_moves(console, msgspec.convert(answer["moved"], dict[str, SwitchMove]))


def switch_command(
    to: Annotated[str, typer.Argument(help="on (nothing runs) or off (approved plans may run).")],
    scope: Annotated[
        str, typer.Option(help="Scope: global, an owner such as team:platform, or playbook:NAME.")
    ] = GLOBAL,
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Engage a kill switch (on), or release it (off), which needs --note.

    The global one is on until it is released.
    """
    if _position(to) == "off":
        note = required_note(note, "releasing a kill switch")
    request = {"ask": "switch", "scope": scope, "engaged": _position(to) == "on", "actor": actor or user()}
    answer = send_request(state_directory(config, sets, state), {**request, "reason": note or ""})
    if as_json:
        print_json(answer)
    else:
        show_switches(console_for(), answer["switches"])


def rollback_command(
    run: Annotated[str, typer.Argument(help="The run's id (`aiops playbooks runs`).")],
    close: Annotated[
        bool, typer.Option("--close", help="Send nothing: record that nothing remains to be rolled back.")
    ] = False,
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Roll back a run whose rollback waits for a person, or close it; either needs --note."""
    note = required_note(note, "closing a rollback" if close else "a rollback")
    request = {"ask": "rollback", "run": run, "actor": actor or user(), "close": close, "reason": note}
    answer = send_request(state_directory(config, sets, state), request)["run"]
    if as_json:
        print_json(answer)
    else:
        _show_runs(console_for(), [answer])


def accept_trail_command(
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Accept an audit trail that was cut.

    Playbooks can run again afterwards, and missing lines count as unknown. It needs --note.
    """
    note = required_note(note, "accepting a trail that was cut")
    send_request(
        state_directory(config, sets, state), {"ask": "accept-trail", "actor": actor or user(), "reason": note}
    )
    console_for().print("accepted; release the kill switch with `aiops remediation resume --note WHY`")


def anchored(config: Path | None, sets: list[str] | None, state: Path | None) -> tuple[Path, Mark | None]:
    """Return the audit trail of a state directory, and its anchor in the store."""
    directory = state_directory(config, sets, state)
    reader = open_reader(directory / FILE_NAME)
    try:
        return trail_of(directory, config, sets, state), read_mark(reader)
    finally:
        reader.close()


def trail_of(directory: Path, config: Path | None, sets: list[str] | None, state: Path | None) -> Path:
    """Return the audit trail of a state directory, which the configuration may have elsewhere."""
    chosen = "" if state is not None else load_config(config, sets or ()).respond.directory
    return (Path(chosen).expanduser() if chosen else directory / "runs") / "audit.jsonl"


def _position(text: str) -> Literal["on", "off"]:
    if text == "on":
        return "on"
    if text == "off":
        return "off"
    raise UsageError(f"expected on or off; got {text!r}")


def _show_runs(console: Console, runs: list[dict[str, Any]]) -> None:
    if not runs:
        console.print("no runs")
        return
    table = Table("run", "playbook", "incident", "targets", "state", "started", box=None, header_style="bold")
    for run in runs:
        cells = (run["id"], run["playbook"], run["incident"], ", ".join(run["targets"]), run["state"])
        table.add_row(*(Text(clean(cell)) for cell in cells), moment(run["started_at"]))
    console.print(table)
    for run in runs:
        for label, steps in (("done", run["done"]), ("unknown", run.get("unknown", [])), ("not begun", run["left"])):
            for step in steps:
                console.print(Text(f"{clean(run['id'])} {label}: {clean(step, 300)}"), soft_wrap=True)
        if run["rollback"]:
            text = f"{clean(run['id'])} rollback: {run['rollback']}"
            waits = f" (`aiops playbooks rollback {clean(run['id'])}`)" if run["rollback"] in WAITING else ""
            console.print(Text(text + waits, style="yellow" if waits else ""), soft_wrap=True)


def show_switches(console: Console, switches: dict[str, bool]) -> None:
    """Print the kill switches."""
    for scope, engaged in switches.items():
        style = "yellow" if engaged else "green"
        text = "on: nothing runs" if engaged else "off"
        console.print(Text(f"kill switch {clean(scope)}: {text}", style=style))
