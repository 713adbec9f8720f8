"""`aiops silences`: silences and maintenance windows, once or recurring; `aiops health`: how the daemon is."""

from __future__ import annotations

import re
import secrets
import time
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from aiops.cli.incidents import ActorOption, JsonOption, NoteOption, StateOption, state_directory, user
from aiops.cli.output import print_json
from aiops.cli.plain import clean, console_for, moment
from aiops.cli.run import ConfigOption, SetOption
from aiops.daemon.control import act, ask
from aiops.engine.silence_actions import parse_silence
from aiops.engine.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.matchers import read_matcher
from aiops.records import Action
from aiops.records.decode import parse_time
from aiops.respond.durations import seconds

silences_app = typer.Typer(help="Silences and maintenance windows: list, add, end.", no_args_is_help=True)
_DURATION = re.compile(r"[0-9]{1,5}(ms|s|m|h|d)")


@silences_app.command("list")
def list_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """List the silences in force or to come."""
    answer = ask(state_directory(config, sets, state), {"ask": "silences"})
    found = msgspec.convert(answer["silences"], list[Silence])
    if as_json:
        print_json(found)
        return
    console = console_for()
    if not found:
        console.print("no silences")
        return
    table = Table(box=None, header_style="dim")
    for name in ("silence", "alerts", "from", "until", "every", "why"):
        table.add_column(name)
    for silence in found:
        matchers = ", ".join(f"{each.label}{each.op}{each.value}" for each in silence.matchers)
        times = (moment(silence.start), moment(silence.end), silence.every or "")
        table.add_row(clean(silence.id), clean(matchers), *times, clean(silence.comment))
    console.print(table)


@silences_app.command("add")
def add_command(
    matchers: Annotated[list[str], typer.Argument(help="Like service=cart or alertname=~High.*; all must hold.")],
    lasts: Annotated[str, typer.Option("--for", help="How long it lasts: 90s, 15m, 2h, 7d.")],
    start: Annotated[str | None, typer.Option("--from", help="When it starts, RFC 3339; default: now.")] = None,
    every: Annotated[str | None, typer.Option(help="Again each day or week.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Its name; one of the same name is replaced.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Suppress the alerts that match, for a while or in a recurring window."""
    if not _DURATION.fullmatch(lasts):
        raise UsageError(f"--for: expected a length of time such as 15m or 2h; got {lasts!r}")
    begins = parse_time(start, "--from") if start is not None else time.time()
    args = {
        "id": name or f"silence-{secrets.token_hex(4)}",
        "matchers": msgspec.json.encode([read_matcher(text) for text in matchers]).decode(),
        "from": repr(begins),
        "until": repr(begins + seconds(lasts)),
    }
    if every is not None:
        args["every"] = every
    action = Action(ts=0.0, verb="silence", actor=actor or user(), args=args, message=note)
    parse_silence(action)
    _tell(config, sets, state, action)


@silences_app.command("end")
def end_command(
    id: Annotated[str, typer.Argument(help="The silence's id.")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """End a silence. What still fires under it is notified now."""
    action = Action(ts=0.0, verb="unsilence", actor=actor or user(), args={"id": id}, message=note)
    _tell(config, sets, state, action)


def health_command(config: ConfigOption = None, sets: SetOption = None, state: StateOption = None) -> None:
    """Print what the running daemon says of itself, as JSON; exit code 1 when it is not well."""
    health = ask(state_directory(config, sets, state), {"ask": "health"})["health"]
    print_json(health)
    if not health.get("ready", health.get("state") == "ok"):
        raise typer.Exit(1)


def _tell(config: ConfigOption, sets: SetOption, state: StateOption, action: Action) -> None:
    feedback = act(state_directory(config, sets, state), action)
    if not feedback["applied"]:
        raise AiopsError(str(feedback["reason"]))
    console_for().print(str(feedback["reason"]))
