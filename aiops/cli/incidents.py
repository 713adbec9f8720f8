"""`aiops incidents`: list and show incidents, and send feedback on them."""

from __future__ import annotations

import getpass
import sqlite3
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from aiops.cli.brief_view import NO_DAEMON, show_whole
from aiops.cli.command_options import (
    ActorOption,
    ConfigOption,
    IdArgument,
    JsonOption,
    NoteOption,
    SetOption,
    StateOption,
)
from aiops.cli.daemon_address import daemon_address
from aiops.cli.errors import print_json
from aiops.cli.incidents_list import list_command
from aiops.cli.state import state_directory, store_of
from aiops.cli.terminal import console_for
from aiops.daemon.control import act, send_request
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Incident
from aiops.store import incidents
from aiops.store.held import Held, held_of
from aiops.topology import Topology
from aiops.views.brief import Beside
from aiops.views.markdown import markdown as to_markdown
from aiops.views.service_graph import ServiceGraph
from aiops.views.short_markdown import short_markdown
from aiops.views.whole import Whole, whole

incidents_app = typer.Typer(
    help="List and show incidents; acknowledge, assign, snooze, merge, split, resolve and confirm them.",
    no_args_is_help=True,
)

incidents_app.command("list")(list_command)


@incidents_app.command("show")
def show_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    playbook: Annotated[
        str | None, typer.Option(help="Playbook whose steps are shown; default: the first suggestion.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a summary as Markdown, to paste into a chat.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="With --markdown: all of it, to paste into a ticket.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one incident as its page does: verdict, cause, playbook, timeline, alerts, history."""
    if full and not markdown:
        raise UsageError("--full: expected --markdown with it; without, all of the incident is shown anyway")
    directory = state_directory(config, sets, state)
    incident = incident_of(directory, id)
    if as_json:
        held = _held(directory, incident.id)
        print_json({**msgspec.to_builtins(incident), "inhibited": held} if held else incident)
        return
    now = time.time()
    found, is_live = _whole(directory, incident.id, now, playbook or "")
    if markdown:
        made = to_markdown if full else short_markdown
        typer.echo(made(found.brief, now, _address(config, sets, incident.id)), nl=False)
        return
    console = console_for()
    show_whole(console, found, now)
    if not is_live:
        typer.echo(NO_DAEMON, err=True)


def _address(config: Path | None, sets: list[str] | None, incident: str) -> str:
    """Return the address of an incident's page; empty without a configuration, as none is known."""
    if config is None and not sets:
        return ""
    return f"{daemon_address(None, config, sets)}/incidents/{quote(incident, safe='')}"


def _whole(directory: Path, id: str, now: float, playbook: str) -> tuple[Whole, bool]:
    """Return all of an incident, and True if the daemon made it; else it is read from the store alone."""
    try:
        answer = send_request(directory, {"ask": "whole", "incident": id, "playbook": playbook})["whole"]
        return msgspec.convert(answer, Whole), True
    except AiopsError:
        with store_of(None, None, directory) as reader:
            stored = incidents.get(reader, id)
            if stored is None:
                raise UsageError(f"expected the id of an incident; got {id!r}") from None
            return whole(reader, stored, Beside(ServiceGraph(Topology())), now, playbook), False


@incidents_app.command("ack")
def ack_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Acknowledge an incident."""
    send("acknowledge", id, config, sets, state, actor, note)


@incidents_app.command("resolve")
def resolve_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Resolve an incident, although its alerts may still fire."""
    send("resolve", id, config, sets, state, actor, note)


@incidents_app.command("confirm")
def confirm_command(
    id: IdArgument,
    cause: Annotated[str | None, typer.Option(help="Entity that was the cause.")] = None,
    playbook: Annotated[str | None, typer.Option(help="Playbook that was used.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Outcome of the playbook: resolved (default), helped or useless.")
    ] = None,
    belongs: Annotated[
        list[str] | None, typer.Option(help="Id of an alert that belongs to the incident (see `show`); repeatable.")
    ] = None,
    wrong: Annotated[
        list[str] | None, typer.Option(help="Id of an alert that does not belong to it; repeatable.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Confirm the cause, a used playbook or the grouping; rankings and the grouping learn from it."""
    feedback: list[tuple[str, str | None, dict[str, str]]] = []
    if cause is not None:
        feedback.append(("confirm_cause", cause, {}))
    if playbook is not None:
        if outcome not in (None, "resolved", "helped", "useless"):
            raise UsageError(f"--outcome: expected resolved, helped or useless; got {outcome!r}")
        feedback.append(("confirm_playbook", None, {"playbook": playbook, "outcome": outcome or "resolved"}))
    elif outcome is not None:
        raise UsageError("--outcome: expected with --playbook only, as the outcome of that playbook")
    if belongs or wrong:
        feedback.append(("confirm_grouping", None, {"alerts": ",".join(belongs or ()), "wrong": ",".join(wrong or ())}))
    if not feedback:
        raise UsageError("expected --cause, --playbook, --belongs or --wrong; got none")
    for verb, entity, args in feedback:
        send(verb, id, config, sets, state, actor, note, entity=entity, args=args)


def incident_of(directory: Path, id: str) -> Incident:
    """Return the incident of an id, or of its beginning; raise `UsageError` if there is none, or several."""
    with store_of(None, None, directory) as reader:
        return _found(reader, id)


def _held(directory: Path, incident: str) -> list[Held]:
    """Return the endpoints that inhibition keeps from being notified of an incident."""
    with store_of(None, None, directory) as reader:
        try:
            return held_of(reader, [incident]).get(incident, [])
        except sqlite3.OperationalError:
            # The store of an earlier release holds nothing.
            return []


def _found(reader: Any, id: str) -> Incident:
    """The incident of an id, or of the beginning of exactly one."""
    if not id:
        # As of a variable that is not set: the beginning of every incident, and of exactly one where there is one.
        raise UsageError("expected the id of an incident (`aiops incidents list --status all`); got nothing")
    stored = incidents.get(reader, id)
    if stored is not None:
        return stored.incident
    like = reader.execute("select id from incidents where substr(id, 1, ?) = ? limit 3", (len(id), id)).fetchall()
    if len(like) > 1:
        raise UsageError(f"{id!r} is the beginning of several incidents: {', '.join(row[0] for row in like)} …")
    stored = incidents.get(reader, like[0][0]) if like else None
    if stored is None:
        raise UsageError(f"expected the id of an incident (`aiops incidents list --status all`); got {id!r}")
    return stored.incident


def send(
    verb: str,
    id: str,
    config: Path | None,
    sets: list[str] | None,
    state: Path | None,
    actor: str | None,
    note: str | None,
    entity: str | None = None,
    args: dict[str, str] | None = None,
) -> None:
    """Send an action on an incident to the daemon, and print its answer.

    Raise `AiopsError` if it was refused.
    """
    directory = state_directory(config, sets, state)
    incident = incident_of(directory, id)
    who = actor or user()
    action = Action(ts=0.0, verb=verb, actor=who, incident=incident.id, entity=entity, args=args or {}, message=note)
    feedback = act(directory, action)
    if not feedback["applied"]:
        raise AiopsError(f"{incident.id}: {verb}: {feedback['reason']}")
    console_for().print(f"{incident.id}: {feedback['reason']}", soft_wrap=True)


def user() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"
