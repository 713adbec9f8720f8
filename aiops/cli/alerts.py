"""`aiops alerts`: what fired, where it went, and who was notified of it."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from aiops.cli.command_options import ActorOption, ConfigOption, JsonOption, NoteOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.state import state_directory, store_of
from aiops.cli.terminal import clean, console_for, moment
from aiops.daemon.control import act
from aiops.durations import compact, seconds
from aiops.errors import AiopsError, UsageError
from aiops.records import Action
from aiops.store.alert_history import MAX_LIMIT, AlertQuery
from aiops.store.alert_terms import terms_of
from aiops.store.alert_values import Meant, meant
from aiops.views.alert_trail import NotifiedOf, Trail, Trails, read_key, trails

alerts_app = typer.Typer(help="Search the history of alerts; open background ones.", no_args_is_help=True)
_LIMIT = 50
_DURATION = re.compile(r"[0-9]{1,5}(s|m|h|d)")
_KEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?~[0-9]{1,18}")
WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(help='Words, "phrases" and field:value, such as entity:db-1, label:team=data or went:silenced.'),
]


@alerts_app.callback()
def root() -> None:
    """Search the history of alerts."""


@alerts_app.command("history")
def history_command(
    words: WordsArgument = None,
    newer: Annotated[
        str, typer.Option("--newer", help="Began to fire within this time: 15m, 24h, 7d; all for all that is kept.")
    ] = "24h",
    incident: Annotated[str | None, typer.Option(help="Incident that the alerts belong to.")] = None,
    before: Annotated[str | None, typer.Option(help="Continue after a page: the value that it printed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="Number of alerts to list.")] = _LIMIT,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what fired, newest first, where each alert went, and who was notified of it."""
    query = terms_of(" ".join(words or ()))
    wanted = AlertQuery(
        query=query, incident=incident or "", since=_since(newer), before=_key(before or ""), limit=limit
    )
    with store_of(config, sets, state) as reader:
        found = trails(reader, wanted, {})
        other = meant(reader, query) if not found.alerts and not as_json else []
    if as_json:
        print_json(found)
        return
    _show(console_for(), found, other, newer)


@alerts_app.command("open")
def open_command(
    alert: Annotated[str, typer.Argument(help="Fingerprint of a background alert (`aiops alerts history --json`).")],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
) -> None:
    """Make an incident of a background alert; its alerts are not held as noise again."""
    action = Action(ts=0.0, verb="open", actor=actor or user(), args={"alert": alert}, message=note)
    feedback = act(state_directory(config, sets, state), action)
    if not feedback["applied"]:
        raise AiopsError(f"{alert}: open: {feedback['reason']}")
    console_for().print(f"{alert}: {feedback['reason']}", soft_wrap=True)


def _since(newer: str) -> float | None:
    if newer == "all":
        return None
    if not _DURATION.fullmatch(newer):
        raise UsageError(f"--newer: expected a duration such as 15m, 24h or 7d, or all; got {newer[:40]!r}")
    return time.time() - seconds(newer)


def _key(before: str) -> tuple[float, int] | None:
    if before and not _KEY.fullmatch(before):
        raise UsageError(f"--before: expected the value that a page before printed; got {before[:40]!r}")
    return read_key(before) if before else None


def _show(console: Console, found: Trails, other: list[Meant], newer: str) -> None:
    if not found.alerts:
        console.print("no alerts match" if newer == "all" else f"no alerts of the last {newer} match")
        for term in other:
            console.print(clean(f"nothing has {term.got}; did you mean {term.meant}?"))
        return
    table = Table(box=None, header_style="dim")
    for name in ("fired", "lasted", "severity", "alert", "entity", "alerts", "went to", "notified"):
        table.add_column(name, overflow="fold")
    for one in found.alerts:
        lasted = "still fires" if one.ended_at is None else compact(one.ended_at - one.started_at)
        names = (clean(one.name), clean(one.entity), str(one.count))
        notified = ", ".join(_notified(note) for note in one.notified) or "nobody"
        table.add_row(moment(one.started_at), lasted, one.severity, *names, clean(_went(one)), clean(notified))
    console.print(table)
    if found.next is not None:
        console.print(f"older ones: --before {found.next}")


def _went(one: Trail) -> str:
    if one.went == "incident":
        return one.incident or ""
    if one.went == "silenced":
        return f"silenced by {one.silence}"
    return f"{one.went}: {one.why}" if one.why else one.went


def _notified(note: NotifiedOf) -> str:
    if note.state == "sent":
        return f"{note.endpoint} {'knew since ' if note.is_earlier else ''}{moment(note.at)}"
    words = {"dead": "not delivered", "held": "held back", "due": "waits", "dropped": "dropped"}
    return f"{note.endpoint} {words[note.state]}"
