"""`aiops outbox`: list notifications, retry or drop them, and enable endpoints.

Messages are listed, retried and dropped with or without a running daemon, which reads the outbox every few seconds.
Endpoints are those of the running daemon.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ActorOption, ConfigOption, NoteOption, SetOption, StateOption, TableJsonOption
from aiops.cli.completion import endpoint_names
from aiops.cli.errors import print_json
from aiops.cli.incidents import user
from aiops.cli.terminal import clean, console_for, moment
from aiops.config import load_config
from aiops.daemon.control import send_request
from aiops.durations import compact
from aiops.errors import AiopsError, UsageError
from aiops.records.decode import format_time
from aiops.store.database import Database
from aiops.store.held import Hold
from aiops.store.outbox import STATES, OutboxTable, Row, State
from aiops.store.store import FILE_NAME

outbox_app = typer.Typer(
    name="outbox",
    help="List notifications, retry or drop them; list and enable endpoints.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help="Endpoint whose messages are listed or changed; default: all.",
        autocompletion=endpoint_names,
    ),
]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of messages, as `list` shows them.")]
# A message that waits for longer than a minute is in a mute interval, or between two digests.
LONG_S = 60.0
# A program that needs more rows sets its own limit.
_MAX_ROWS = 100_000


@outbox_app.command("list")
def list_command(
    status: Annotated[
        str | None,
        typer.Option("--status", help=f"State to list: {', '.join(STATES)}; repeatable. Default: due and dead."),
    ] = None,
    endpoint: Endpoint = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=_MAX_ROWS, help="Number of messages to list, newest first.")
    ] = 100,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """List messages, newest first.

    Without --status those that are due and those that could not be delivered.
    """
    database, table = _open(config, sets, state)
    try:
        states: tuple[State, ...] = ("due", "dead") if status is None else (_status(status),)
        rows = [row for one in states for row in table.rows(one, limit, endpoint)]
        counts = table.counts()
    finally:
        database.close()
    rows = sorted(rows, key=lambda row: -row.id)[:limit]
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    _print(rows, time.time())
    totals = {one: sum(count for (_, found), count in counts.items() if found == one) for one in STATES}
    console_for().print(", ".join(f"{count} {one}" for one, count in totals.items() if count) or "the outbox is empty")


@outbox_app.command("retry")
def retry_command(
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Retry all dead messages (of --endpoint).")] = False,
    endpoint: Endpoint = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Retry dead messages as if they were new. A message that a newer one supersedes is left out."""
    database, table = _open(config, sets, state)
    try:
        chosen = _chosen(table, ids, every, "dead", endpoint)
        moved = table.retry_dead(time.time(), chosen, actor=actor or user())
    finally:
        database.close()
    _report("retried", moved, ids, as_json)


@outbox_app.command("drop")
def drop_command(
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Drop all messages of --status (and --endpoint).")] = False,
    status: Annotated[str, typer.Option("--status", help="State to drop: dead or due.")] = "dead",
    endpoint: Endpoint = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Drop messages: they are not sent, and are kept for the record."""
    if status not in ("dead", "due"):
        raise UsageError(f"--status: expected dead or due; got {status!r}")
    database, table = _open(config, sets, state)
    try:
        found = _status(status)
        chosen = _chosen(table, ids, every, found, endpoint)
        moved = table.drop(time.time(), chosen, state=found, actor=actor or user())
    finally:
        database.close()
    _report("dropped", moved, ids, as_json)


@outbox_app.command("endpoints")
def endpoints_command(
    config: ConfigOption = None, sets: SetOption = None, state: StateOption = None, as_json: TableJsonOption = False
) -> None:
    """List the endpoints of the running daemon, with their state and the reason."""
    found = send_request(_directory(config, sets, state), {"ask": "endpoints"})["endpoints"]
    if as_json:
        print_json(found)
        return
    table = Table("endpoint", "state", "sent", "why", box=None, header_style="bold", pad_edge=False)
    for name, one in found.items():
        shown = "disabled" if one["disabled"] else "ok" if one["ok"] else f"breaker {one['breaker']}"
        table.add_row(name, shown, str(one["results"]["sent"]), Text(clean(one["detail"])))
    console_for().print(table if found else "no endpoints")


@outbox_app.command("enable")
def enable_command(
    endpoint: Annotated[
        str, typer.Argument(help="The endpoint's name, as `endpoints` shows it.", autocompletion=endpoint_names)
    ],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
    note: NoteOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Enable an endpoint that was disabled after it answered 410 Gone."""
    request = {"ask": "enable", "endpoint": endpoint, "actor": actor or user(), "reason": note or ""}
    enabled = send_request(_directory(config, sets, state), request)["enabled"]
    if as_json:
        print_json({"enabled": enabled})
        return
    console = console_for()
    if not enabled:
        console.print(f"{clean(endpoint)} was not disabled")
        return
    console.print(f"{clean(endpoint)} is notified again")
    retry = f"aiops outbox retry --all --endpoint {clean(endpoint)}"
    console.print(f"its missed messages are dead letters: `{retry}` sends them", soft_wrap=True)


@outbox_app.command("test")
def trial_command(
    endpoint: Annotated[
        str, typer.Argument(help="The endpoint's name, as `endpoints` shows it.", autocompletion=endpoint_names)
    ],
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    actor: ActorOption = None,
) -> None:
    """Send a test message to an endpoint: of the severity info, marked as a test, and resolved at once."""
    request = {"ask": "test", "endpoint": endpoint, "actor": actor or user()}
    answer = send_request(_directory(config, sets, state), request)["answer"]
    if not answer["ok"]:
        raise AiopsError(f"{clean(endpoint)} did not accept a test message: {clean(answer['reason'])}")
    console_for().print(f"{clean(endpoint)} accepted a test message")


def _directory(config: Path | None, sets: list[str] | None, state: Path | None) -> Path:
    return state or load_config(config, sets or []).state.path()


def open_store(config: Path | None, sets: list[str] | None, state: Path | None) -> Database:
    """Open the store of a state directory; raise `UsageError` if there is none."""
    path = _directory(config, sets, state) / FILE_NAME
    if not path.is_file():
        raise UsageError(f"{path}: there is no store: expected the state directory of a daemon that has run")
    return Database(path)


def _open(config: Path | None, sets: list[str] | None, state: Path | None) -> tuple[Database, OutboxTable]:
    database = open_store(config, sets, state)
    return database, OutboxTable(database)


def _status(text: str) -> State:
    for state in STATES:
        if state == text:
            return state
    raise UsageError(f"--status: expected one of {', '.join(STATES)}; got {text!r}")


def _chosen(table: OutboxTable, ids: list[int] | None, every: bool, state: State, endpoint: str | None) -> list[int]:
    if bool(ids) == every:
        raise UsageError("expected numbers of messages, or --all")
    if ids and endpoint is not None:
        raise UsageError("--endpoint: expected with --all only; numbers identify their messages already")
    if ids:
        return ids
    return [row.id for row in table.rows(state, _MAX_ROWS, endpoint)]


def _report(done: str, moved: int, ids: list[int] | None, as_json: bool) -> None:
    if as_json:
        print_json({done: moved})
        return
    missing = len(set(ids or [])) - moved
    more = f"; {missing} not found in that state" if ids and missing > 0 else ""
    console_for().print(f"{moved} {done}{more}")


def _plain(row: Row) -> dict[str, Any]:
    """Convert a row to plain values, without the incident itself.

    Errors were redacted when they were stored.
    """
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in Row.__struct_fields__ if name not in ("body", "traceparent")
    }
    for name in ("at", "due_at", "created_at", "changed_at"):
        plain[name] = format_time(plain[name])
    plain["held"] = held = _held(row)
    if held is not None:
        plain["due_at"] = None
    return plain


def _waits(row: Row, now: float) -> str:
    """Return until when a message waits that has not left, if that is longer than it settles."""
    is_late = row.state == "due" and row.attempt == 0 and row.due_at > now + LONG_S
    return f"waits until {moment(row.due_at)}" if is_late else ""


def _held(row: Row) -> str | None:
    """Return why a message waits for the end of an inhibition; None if it does not."""
    return msgspec.json.decode(row.held, type=Hold).text if row.held is not None and row.state == "due" else None


def _print(rows: list[Row], now: float) -> None:
    if not rows:
        return
    titles = ("id", "endpoint", "incident", "change", "state", "tries", "age", "last answer")
    table = Table(*titles, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        cells = (row.endpoint, row.incident, f"{row.change} v{row.version}", row.state, str(row.attempt))
        texts = [Text(clean(cell)) for cell in cells]
        age = Text(compact(now - row.created_at))
        table.add_row(str(row.id), *texts, age, Text(clean(_held(row) or row.last_error or _waits(row, now))))
    console_for().print(table)
