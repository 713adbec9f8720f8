"""`aiops incidents list`: search, filter and sort incidents, as on the page and over the API."""

from __future__ import annotations

import time
from typing import Annotated, get_args

import typer

from aiops.cli.command_options import ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.incident_lines import show_lines
from aiops.cli.state import store_of
from aiops.cli.terminal import console_for
from aiops.errors import UsageError
from aiops.records import Severity, parse_severity
from aiops.search.conditions import Wanted
from aiops.search.listing import SORTS, Order
from aiops.search.suggestions import suggestions
from aiops.search.syntax import quoted, read_query
from aiops.store import incidents
from aiops.views.incident_lines import stored

# The open incidents of a daemon fit a screen; a larger number is an explicit choice.
_LIMIT = 50
_ANY = "A * at the end stands for any rest. Repeatable: any of them."

WordsArgument = Annotated[
    list[str] | None, typer.Argument(help='Words, "phrases" and field:value, as in the search field of the page.')
]
StatusOption = Annotated[
    list[str] | None,
    typer.Option(help="Status to list: open, acknowledged, resolved, merged, or all. Default: open and acknowledged."),
]


def list_command(
    words: WordsArgument = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    status: StatusOption = None,
    severity: Annotated[str, typer.Option(help="Lowest severity to list.")] = "ok",
    service: Annotated[list[str] | None, typer.Option(help=f"Service. {_ANY}")] = None,
    owner: Annotated[list[str] | None, typer.Option(help=f"Person who has it; none for nobody. {_ANY}")] = None,
    source: Annotated[list[str] | None, typer.Option(help=f"Tool that sent the alerts. {_ANY}")] = None,
    team: Annotated[list[str] | None, typer.Option(help=f"Value of the label team. {_ANY}")] = None,
    entity: Annotated[list[str] | None, typer.Option(help=f"Entity that alerts. {_ANY}")] = None,
    alert: Annotated[list[str] | None, typer.Option(help=f"Name of an alert. {_ANY}")] = None,
    label: Annotated[list[str] | None, typer.Option(help=f"Label, as name=value or name. {_ANY}")] = None,
    newer: Annotated[str | None, typer.Option(help="Opened within this time: 90s, 15m, 2h, 7d.")] = None,
    storm: Annotated[bool | None, typer.Option(help="Only those of a storm, or none of them.")] = None,
    sort: Annotated[str, typer.Option(help="Order: opened, last (alert), severity or alerts.")] = "opened",
    ascending: Annotated[bool, typer.Option("--ascending", help="Turn the order round.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=incidents.MAX_LIMIT, help="Number of incidents to list.")] = _LIMIT,
    as_json: JsonOption = False,
) -> None:
    """List incidents, last opened first; without --status those that are open or acknowledged."""
    if sort not in SORTS:
        raise UsageError(f"--sort: expected {', '.join(SORTS)}; got {sort!r}")
    lists = {"service": service, "owner": owner, "source": source, "team": team, "entity": entity, "alert": alert}
    terms = [_term(name, values) for name, values in (lists | {"label": label}).items() if values]
    terms += [f"age:<{newer}"] if newer is not None else []
    terms += [f"storm:{'yes' if storm else 'no'}"] if storm is not None else []
    text = " ".join([*(words or ()), *terms])
    query = read_query(text)
    # A status in the query stands for the default.
    has_status = any(term.field == "status" for term in query.terms)
    wanted_status = () if has_status and not status else _statuses(status)
    wanted = Wanted(now=time.time(), query=query, statuses=wanted_status, min_severity=int(_severity(severity)))
    with store_of(config, sets, state) as reader:
        found = stored(reader, wanted, Order(sort, ascending), limit=limit, before=None)  # type: ignore[arg-type]
        if as_json:
            print_json(found)
            return
        meant = suggestions(reader, query) if not found else []
    console = console_for()
    if found:
        show_lines(console, found, len(found) == limit)
        return
    which = f" that are {' or '.join(wanted_status)}" if wanted_status else ""
    console.print(f"no incidents{which}" + (f" match {text}" if text else ""))
    for one in meant:
        console.print(f"nothing has {one.got}; did you mean {one.meant}?")


def _term(name: str, values: list[str]) -> str:
    """Return the term of an option that was given; a `*` at the end of a value keeps its meaning."""
    written = (f"{quoted(one[:-1])}*" if one.endswith("*") and one != "*" else quoted(one) for one in values)
    return f"{name}:{','.join(written)}"


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
