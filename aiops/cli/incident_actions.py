"""Commands of the work on incidents: assign, snooze, reopen, merge, split, note, mark, undo, history."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from aiops.cli.command_options import (
    ActorOption,
    ConfigOption,
    IdArgument,
    JsonOption,
    NoteOption,
    SetOption,
    StateOption,
)
from aiops.cli.errors import print_json
from aiops.cli.incidents import incident_of, send
from aiops.cli.lessons import forget_command, lessons_command
from aiops.cli.state import state_directory, store_of
from aiops.cli.terminal import clean, console_for
from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.records.decode import format_time
from aiops.store import audit
from aiops.views.incident_history import change_text
from aiops.wording import capital

# Entries of one incident; a page of a terminal has fifty lines.
MAX_ENTRIES = 1_000


def reopen_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Open a resolved incident again; nobody is called."""
    send("reopen", id, config, sets, state, actor, note)


def assign_command(
    id: IdArgument,
    person: Annotated[str, typer.Argument(help="The person whose incident it is; '' makes it nobody's.")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Assign an incident to a person, who is then on it."""
    send("assign", id, config, sets, state, actor, note, args={"to": person})


def snooze_command(
    id: IdArgument,
    length: Annotated[str | None, typer.Argument(help="How long: 30m, 2h, 1d; at most 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="End of the snooze instead: RFC 3339 or Unix seconds.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Send no news of an incident for a while, unless it becomes critical; it is acknowledged."""
    send("snooze", id, config, sets, state, actor, note, args={"until": _end(length, until)})


def _end(length: str | None, until: str | None) -> str:
    if (length is None) == (until is None):
        raise UsageError("expected a length (2h) or --until, one of them")
    if length is None:
        return until or ""
    try:
        return repr(time.time() + seconds(msgspec.convert(length, Duration)))
    except msgspec.ValidationError:
        raise UsageError(f"expected a length such as 30m, 2h or 1d; got {length[:40]!r}") from None


def unsnooze_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """End the snooze of an incident before its time."""
    send("unsnooze", id, config, sets, state, actor, note)


def merge_command(
    id: IdArgument,
    into: Annotated[str, typer.Argument(help="The incident that stays, or the beginning of its id.")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Merge an incident into another one, which stays."""
    target = incident_of(state_directory(config, sets, state), into)
    send("merge", id, config, sets, state, actor, note, args={"into": target.id})


def split_command(
    id: IdArgument,
    alerts: Annotated[list[str], typer.Argument(help="Ids of alerts that do not belong to it (see `show --json`).")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Split alerts out of an incident; they become one of their own."""
    send("split", id, config, sets, state, actor, note, args={"alerts": ",".join(alerts)})


def note_command(
    id: IdArgument,
    text: Annotated[str, typer.Argument(help="The note, at most 1,000 characters.")],
    notify: Annotated[bool, typer.Option("--notify", help="Send it to the endpoints that know the incident.")] = False,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
) -> None:
    """Keep a note with an incident."""
    send("note", id, config, sets, state, actor, None, args={"text": text, "notify": "yes" if notify else "no"})


def mark_command(
    id: IdArgument,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="noise, or actionable: it needed somebody.")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Mark an incident as noise or as actionable; a noise model learns from it, and nobody is notified."""
    send("mark", id, config, sets, state, actor, note, args={"as": label})


def undo_command(
    id: IdArgument,
    action: Annotated[str | None, typer.Option(help="Id of the action; refused unless it is the last one.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Undo the last action on an incident, within an hour."""
    send("undo", id, config, sets, state, actor, note, args={"action": action} if action else {})


def history_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the changes of an incident, and the actions of people on it."""
    directory = state_directory(config, sets, state)
    incident = incident_of(directory, id)
    with store_of(None, None, directory) as reader:
        entries = audit.entries(reader, incident=incident.id, limit=MAX_ENTRIES)
    if as_json:
        print_json(entries)
        return
    console = console_for()
    for entry in entries:
        line = Text(f"{format_time(entry.at)}  ", style="dim")
        line.append(clean(capital(change_text(entry.text)) if entry.topic == "incident" else entry.text))
        if entry.actor:
            line.append(f"  ({clean(entry.actor)})", style="dim")
        # Whole lines: what is cut cannot be searched in a pipe.
        console.print(line, soft_wrap=True)


COMMANDS: dict[str, Callable[..., None]] = {
    "reopen": reopen_command,
    "assign": assign_command,
    "snooze": snooze_command,
    "unsnooze": unsnooze_command,
    "merge": merge_command,
    "split": split_command,
    "note": note_command,
    "mark": mark_command,
    "undo": undo_command,
    "history": history_command,
    "lessons": lessons_command,
    "forget": forget_command,
}


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `aiops incidents`."""
    for name, command in COMMANDS.items():
        app.command(name)(command)
