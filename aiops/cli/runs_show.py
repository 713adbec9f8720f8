"""`aiops runs show`: one run, from the daemon, or from the audit trail while none runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from aiops.cli.command_options import ConfigOption, SetOption, StateOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.run_view import show_record
from aiops.cli.runs import trail_of
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for
from aiops.daemon.control import send_request
from aiops.errors import UsageError
from aiops.respond.audit import AuditError, read_entries
from aiops.respond.history import History
from aiops.respond.run_record import RunRecord, read_record


def show_command(
    run: Annotated[str, typer.Argument(help="The run's id (`aiops playbooks runs`).")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show a run: what happened, each request with its answer, and the state of each step.

    While no daemon runs it is read from the audit trail.
    """
    directory, problem = state_directory(config, sets, state), None
    try:
        answer = send_request(directory, {"ask": "run", "run": run})
    except UsageError:
        # No daemon runs.
        record, problem = from_trail(trail_of(directory, config, sets, state), run)
    else:
        record = msgspec.convert(answer["record"], RunRecord)
    if as_json:
        print_json(record)
        return
    console = console_for()
    if problem is not None:
        console.print(f"no daemon runs; {clean(problem)}", soft_wrap=True)
    show_record(console, record)


def from_trail(trail: Path, run: str) -> tuple[RunRecord, str]:
    """Return a run as a trail has it, and why to doubt it; raise `UsageError` without such a run."""
    history, problem = History(), "this is what the audit trail has"
    try:
        for entry in read_entries(trail):
            history.apply(entry)
    except AuditError as error:
        problem = f"this is what the audit trail has up to its damage: {error}"
    found = history.runs.get(run)
    if found is None:
        raise UsageError(f"{trail}: expected a run of the audit trail; got {run[:100]!r}")
    if "running" in (found.state, found.rollback):
        # As the next start records it.
        found.state, found.why = (
            ("unknown", "cut off: no daemon runs") if found.keys else ("stopped", "nothing was sent")
        )
    return read_record(trail, found), problem
