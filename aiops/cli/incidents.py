"""`aiops incidents`: list and show incidents, and send feedback on them."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

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
from aiops.cli.playbook_view import show_plan
from aiops.cli.render import show_incident, show_incidents
from aiops.cli.terminal import console_for
from aiops.config import load_config
from aiops.daemon.control import act, send_request
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Incident, Severity, parse_severity
from aiops.respond.runs import Plan
from aiops.store import incidents
from aiops.store.database import open_reader
from aiops.store.store import FILE_NAME

incidents_app = typer.Typer(
    help="List and show incidents; acknowledge, resolve and confirm them.", no_args_is_help=True
)

# The open incidents of a daemon fit a screen; a larger number is an explicit choice.
_LIMIT = 50


@incidents_app.command("list")
def list_command(
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Status to list: open, acknowledged, resolved, merged, or all. Default: open and acknowledged."
        ),
    ] = None,
    severity: Annotated[str, typer.Option(help="Lowest severity to list.")] = "ok",
    limit: Annotated[int, typer.Option(min=1, max=incidents.MAX_LIMIT, help="Number of incidents to list.")] = _LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List incidents, last opened first; without --status those that are open or acknowledged."""
    wanted = _statuses(status)
    with _store(config, sets, state) as reader:
        found = incidents.listed(reader, statuses=wanted, min_severity=int(_severity(severity)), limit=limit)
        if as_json:
            print_json(found)
            return
        whole = [stored.incident for line in found if (stored := incidents.get(reader, line.id)) is not None]
    console = console_for()
    if whole:
        show_incidents(console, whole, limit)
    else:
        console.print("no incidents" if wanted == () else f"no incidents that are {' or '.join(wanted)}")


@incidents_app.command("show")
def show_command(
    id: IdArgument,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one incident: causes, why its alerts belong together, timeline, playbooks."""
    directory = state_directory(config, sets, state)
    incident = incident_of(directory, id)
    if as_json:
        print_json(incident)
        return
    console = console_for()
    show_incident(console, incident)
    plan = dry_run_of(directory, incident)
    if plan is not None:
        show_plan(console, plan)


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
    _send("acknowledge", id, config, sets, state, actor, note)


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
    _send("resolve", id, config, sets, state, actor, note)


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
    """Confirm the cause or a used playbook, from which rankings learn; judge the grouping, for the record."""
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
        _send(verb, id, config, sets, state, actor, note, entity=entity, args=args)


def state_directory(config: Path | None, sets: list[str] | None, state: Path | None) -> Path:
    """Return the state directory that the options name."""
    return state if state is not None else load_config(config, sets or ()).state.path()


def incident_of(directory: Path, id: str) -> Incident:
    """Return the incident of an id, or of its beginning; raise `UsageError` if there is none, or several."""
    with _store(None, None, directory) as reader:
        return _found(reader, id)


def dry_run_of(directory: Path, incident: Incident) -> Plan | None:
    """Return the dry run of the first suggestion if it has executable steps and a daemon answers."""
    if not incident.playbooks or incident.status in ("resolved", "merged"):
        return None
    try:
        plan = send_request(directory, {"ask": "plan", "incident": incident.id, "executable": True})["plan"]
    except AiopsError:
        return None
    return msgspec.convert(plan, Plan) if plan is not None else None


@contextmanager
def _store(config: Path | None, sets: list[str] | None, state: Path | None) -> Iterator[Any]:
    reader = open_reader(state_directory(config, sets, state) / FILE_NAME)
    try:
        yield reader
    finally:
        reader.close()


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


def _send(
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
    directory = state_directory(config, sets, state)
    incident = incident_of(directory, id)
    who = actor or user()
    action = Action(ts=0.0, verb=verb, actor=who, incident=incident.id, entity=entity, args=args or {}, message=note)
    feedback = act(directory, action)
    if not feedback["applied"]:
        raise AiopsError(f"{incident.id}: {verb}: {feedback['reason']}")
    console_for().print(f"{incident.id}: {feedback['reason']}")


def user() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def _statuses(status: list[str] | None) -> tuple[incidents.Status, ...]:
    known: tuple[incidents.Status, ...] = get_args(incidents.Status)
    if not status:
        return ("open", "acknowledged")
    if "all" in status:
        return ()
    wrong = [word for word in status if word not in known]
    if wrong:
        raise UsageError(f"--status: expected one of {', '.join(known)}, all; got {wrong[0]!r}")
    return tuple(word for word in known if word in status)


def _severity(text: str) -> Severity:
    if text.upper() not in Severity.__members__:
        raise UsageError(f"--severity: expected critical, high, warning, info or ok; got {text!r}")
    return parse_severity(text)
