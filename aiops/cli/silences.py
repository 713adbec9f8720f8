"""`aiops silences`: silences and maintenance windows, once or recurring.

`aiops health`: the daemon's health.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from aiops import zones
from aiops.cli.command_options import ActorOption, ConfigOption, JsonOption, NoteOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for, moment
from aiops.daemon.control import act, send_request
from aiops.durations import seconds
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.actions import arguments, parse_moment, parse_silence
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.matchers import read_matchers
from aiops.records import Action
from aiops.views.silence_calendar import occurrences
from aiops.wording import plural

silences_app = typer.Typer(help="List, add and end silences and maintenance windows.", no_args_is_help=True)
_DURATION = re.compile(r"[0-9]{1,5}(ms|s|m|h|d)")


@silences_app.command("list")
def list_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """List the silences in force or to come."""
    answer = send_request(state_directory(config, sets, state), {"ask": "silences"})
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
        matchers = ", ".join(map(str, silence.matchers))
        times = (moment(silence.start), moment(silence.end), silence.recurrence())
        table.add_row(clean(silence.id), clean(matchers), *times, clean(silence.comment))
    console.print(table)


@silences_app.command("add")
def add_command(
    matchers: Annotated[
        list[str], typer.Argument(help="Matcher such as service=cart or 'alertname=~\"High.*\"'; all must match.")
    ],
    lasts: Annotated[str, typer.Option("--for", help="Duration: 90s, 15m, 2h, 7d.")],
    start: Annotated[
        str | None, typer.Option("--from", help="Start (RFC 3339, in --zone without an offset); default: now.")
    ] = None,
    every: Annotated[str | None, typer.Option(help="Period of a recurring window: day, week or month.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of the window's wall clock, such as Europe/Berlin; default: UTC.")
    ] = None,
    weekdays: Annotated[str | None, typer.Option(help="Weekdays of --every week, such as mon,tue.")] = None,
    days: Annotated[str | None, typer.Option(help="Days of --every month, such as 1,15,last.")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the alerts that would match now, and add nothing.")
    ] = False,
    name: Annotated[str | None, typer.Option("--id", help="Name of the silence; an existing one is replaced.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Add a silence, or a recurring maintenance window."""
    if not _DURATION.fullmatch(lasts):
        raise UsageError(f"--for: expected a duration such as 15m or 2h; got {lasts!r}")
    begins = parse_moment(start, "--from", zone) if start is not None else time.time()
    # A recurring window is as long as the wall clock shows.
    until = zones.later(begins, seconds(lasts), zones.zone(zone or "UTC")) if every else begins + seconds(lasts)
    given = {
        "id": name or f"silence-{secrets.token_hex(4)}",
        "matchers": msgspec.json.encode([one for text in matchers for one in read_matchers(text)]).decode(),
        "from": repr(begins),
        "until": repr(until),
        "every": every,
        "zone": zone,
        "weekdays": weekdays,
        "days": days,
    }
    args = {name: text for name, text in given.items() if text}
    action = Action(ts=0.0, verb="silence", actor=actor or user(), args=args, message=note)
    parse_silence(action, time.time())
    directory = state_directory(config, sets, state)
    # The preview is made before the silence is added: both lines then describe the same moment.
    found = msgspec.convert(
        send_request(directory, {"ask": "preview", "action": msgspec.to_builtins(action)})["preview"], Preview
    )
    if preview:
        _show(found)
        return
    _send(config, sets, state, action)
    console_for().print(f"it {found}")


def _show(found: Preview) -> None:
    console = console_for()
    console.print(f"would add a silence that {found}")
    for example in found.examples:
        console.print(f"  {clean(example)}")
    for window in found.windows:
        console.print(f"in force from {moment(window.start)} to {moment(window.end)}")


@silences_app.command("extend")
def extend_command(
    id: Annotated[str, typer.Argument(help="The silence's id.")],
    by: Annotated[str, typer.Option("--by", help="Time by which it ends later: 15m, 2h, 7d.")] = "1h",
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
) -> None:
    """Let a silence that does not recur end later."""
    if not _DURATION.fullmatch(by):
        raise UsageError(f"--by: expected a duration such as 15m, 2h or 7d; got {by[:40]!r}")
    found = next((one for one in _silences(config, sets, state) if one.id == id), None)
    if found is None:
        raise UsageError(f"expected the id of a silence in force; got {id[:100]!r}")
    if found.every is not None:
        raise UsageError(f"{id} recurs {found.recurrence()}: set it again with another length")
    until = max(found.end, time.time()) + seconds(by)
    args = arguments(found) | {"until": repr(until)}
    action = Action(ts=0.0, verb="silence", actor=actor or user(), args=args, message=found.comment or None)
    _send(config, sets, state, action)
    console_for().print(f"{clean(id)} ends at {moment(until)}")


@silences_app.command("calendar")
def calendar_command(
    days: Annotated[int, typer.Option(min=1, max=31, help="Number of days to look ahead.")] = 14,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the times at which silences are in force in the days to come."""
    now = time.time()
    found = occurrences(_silences(config, sets, state), now, now + days * 86_400.0)
    if as_json:
        print_json(found)
        return
    console = console_for()
    if not found:
        console.print(f"nothing is silenced in the next {plural(days, 'day')}")
    for one in found:
        text = f"{moment(one.start)} to {moment(one.end)}  {one.comment or one.silence}"
        console.print(clean(text), markup=False, highlight=False, soft_wrap=True)


def _silences(config: ConfigOption, sets: SetOption, state: StateOption) -> list[Silence]:
    answer = send_request(state_directory(config, sets, state), {"ask": "silences"})
    return msgspec.convert(answer["silences"], list[Silence])


@silences_app.command("end")
def end_command(
    id: Annotated[str, typer.Argument(help="The silence's id.")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """End a silence; alerts that still fire under it are notified now."""
    action = Action(ts=0.0, verb="unsilence", actor=actor or user(), args={"id": id}, message=note)
    _send(config, sets, state, action)


def health_command(config: ConfigOption = None, sets: SetOption = None, state: StateOption = None) -> None:
    """Print the daemon's health as JSON; the exit code is 1 if it is unhealthy."""
    health = send_request(state_directory(config, sets, state), {"ask": "health"})["health"]
    print_json(health)
    if not health.get("ready", health.get("state") == "ok"):
        raise typer.Exit(1)


def _send(config: ConfigOption, sets: SetOption, state: StateOption, action: Action) -> None:
    feedback = act(state_directory(config, sets, state), action)
    if not feedback["applied"]:
        raise AiopsError(str(feedback["reason"]))
    console_for().print(str(feedback["reason"]))
