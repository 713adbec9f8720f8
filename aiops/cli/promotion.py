"""`aiops playbooks promotion|promote|demote`, `aiops remediation resume`: runs without a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ActorOption, ConfigOption, NoteOption, SetOption, StateOption, TableJsonOption
from aiops.cli.completion import playbook_names
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.notes import required_note
from aiops.cli.runs import show_switches
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for, moment
from aiops.daemon.control import send_request
from aiops.errors import UsageError
from aiops.respond.guard_case import MODES, Mode
from aiops.respond.history import GLOBAL
from aiops.respond.promotion import Promotion

remediation_app = typer.Typer(
    name="remediation",
    help="Resume runs of playbooks after everything was stopped.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NameArgument = Annotated[
    str, typer.Argument(help="Name of the playbook (`aiops playbooks list`).", autocompletion=playbook_names)
]


def promotion_command(
    name: Annotated[
        str | None, typer.Argument(help="Playbook to show with what is missing; default: all that could run.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show which mode each playbook has, by what evidence, and what is missing for the next one."""
    answer = send_request(state_directory(config, sets, state), {"ask": "promotion", "playbook": name})
    found = msgspec.convert(answer["promotions"], list[Promotion])
    if as_json:
        print_json(found)
        return
    _show(console_for(), found, with_reasons=name is not None)


def promote_command(
    name: NameArgument,
    to: Annotated[str, typer.Option(help="The mode: approve or auto.")] = "auto",
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Promote a playbook, with the reason as --note.

    It is refused, with what is missing, before its evidence is enough.
    """
    mode, reason = _mode(to), required_note(note, f"promoting {name}")
    _set(state_directory(config, sets, state), name, mode, (actor or user(), reason), as_json)


def demote_command(
    name: NameArgument,
    to: Annotated[str, typer.Option(help="The mode: suggest or approve.")] = "approve",
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Take a promotion back at once, whatever the configuration has; active runs continue."""
    mode = _mode(to)
    if mode == "auto":
        raise UsageError("--to: expected suggest or approve; got auto (`aiops playbooks promote` promotes)")
    _set(state_directory(config, sets, state), name, mode, (actor or user(), note or ""), as_json)


@remediation_app.command("resume")
def resume_command(
    actor: ActorOption = None,
    note: NoteOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Release the global kill switch, with the reason as --note: after a crash loop, or at first."""
    reason = required_note(note, "resuming")
    request = {"ask": "switch", "scope": GLOBAL, "engaged": False, "actor": actor or user(), "reason": reason}
    answer = send_request(state_directory(config, sets, state), request)
    if as_json:
        print_json(answer)
    else:
        show_switches(console_for(), answer["switches"])


@remediation_app.callback()
def remediation() -> None:
    """Resume runs of playbooks after everything was stopped."""


def _mode(text: str) -> Mode:
    found = next((mode for mode in MODES if mode == text), None)
    if found is None:
        raise UsageError(f"--to: expected {', '.join(MODES)}; got {text[:40]!r}")
    return found


def _set(directory: Path, name: str, mode: Mode, by: tuple[str, str], as_json: bool) -> None:
    request = {"ask": "level", "playbook": name, "mode": mode, "actor": by[0], "reason": by[1]}
    found = msgspec.convert(send_request(directory, request)["promotion"], Promotion)
    if as_json:
        print_json(found)
    else:
        _show(console_for(), [found], with_reasons=True)


def _show(console: Console, found: Sequence[Promotion], *, with_reasons: bool) -> None:
    if not found:
        console.print("no playbook has steps that could run")
        return
    table = Table(
        "playbook", "mode", "next", "verified", "at least", "would have run", "right", box=None, header_style="bold"
    )
    for one in found:
        evidence = one.evidence
        mode = f"{one.mode}, shadow" if one.shadow else one.mode
        counted = f"{evidence.verified} of {evidence.judged}"
        rate = f"{evidence.low:.2f}" if evidence.judged else ""
        shadows = str(evidence.shadows or "")
        right = f"{evidence.right} of {evidence.reviewed} reviewed" if evidence.trials else ""
        table.add_row(Text(clean(one.playbook)), mode, one.next or "", counted, rate, shadows, right)
    console.print(table)
    for one in found if with_reasons else ():
        if one.moved is not None:
            moved = (
                f"{one.moved.mode} by {one.moved.actor} at {moment(one.moved.at)}: {one.moved.reason or 'no reason'}"
            )
            console.print(Text(clean(moved, 1_000)), soft_wrap=True)
        for missing in one.missing:
            console.print(Text(f"missing for {one.next}: {clean(missing, 1_000)}", style="yellow"), soft_wrap=True)
