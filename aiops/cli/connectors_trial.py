"""`aiops connectors test`: records of recorded requests, their identities and pairs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct, field, to_builtins
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import TableJsonOption
from aiops.cli.connectors import catalogues, read_request
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for, moment
from aiops.engine.dedup.config import DedupConfig
from aiops.engine.dedup.stream import fingerprint_of, identity_entity, identity_of
from aiops.errors import UsageError
from aiops.records import Alert, Record, has_explicit_severity, parse_severity


class Seen(Struct):
    """One alert of a file: the words of its sender beside ours, and what its identity is made of.

    `severity` is on our scale: critical, high, warning, info or ok.
    """

    record: int
    status: str
    severity: str
    status_sent: str | None
    severity_sent: str | None
    fingerprint: str
    identity: dict[str, Any]


class Tried(Struct):
    """One file: the request it stands for, its records, and what in it is none."""

    file: str
    method: str
    content_type: str
    records: list[Record] = field(default_factory=list)
    alerts: list[Seen] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


class Meeting(Struct):
    """The files in which one alert fires and in which it ends."""

    fingerprint: str
    name: str
    fires: list[str] = field(default_factory=list)
    resolves: list[str] = field(default_factory=list)


def trial_command(
    files: Annotated[list[Path], typer.Argument(help="Files with a body, or a whole request; - for standard input.")],
    connector: Annotated[str, typer.Option("--connector", "-c", help="Connector, or path of a mapping (.yaml).")],
    content_type: Annotated[
        str | None, typer.Option(help="Content type of the bodies; default: by a look at each.")
    ] = None,
    method: Annotated[str, typer.Option(help="Method of the requests; default: that of the file, else POST.")] = "",
    query: Annotated[str, typer.Option(help="Query of the URL, encoded, without the question mark.")] = "",
    zone: Annotated[
        str | None, typer.Option(help="Zone of times that state none, such as Europe/Berlin; default: UTC.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", help="Header NAME: VALUE of the requests; repeatable.")
    ] = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show the records of recorded requests, their identities and pairs.

    A file holds a body, or a whole request: request line, headers, a blank line and the body. Give the messages of an
    alert that fires and of its end to see if they meet. The exit code is 1 if anything is rejected, or if an end meets
    no alert of the files.
    """
    given = {"content_type": content_type, "method": method.upper(), "query": query, "zone": zone}
    tried = [_try(connector, file, _headers(header or []), given) for file in files]
    pairs = meetings(tried)
    if as_json:
        print_json(_plain(tried, pairs))
    else:
        _print(console_for(), tried, pairs)
    fires = any(pair.fires for pair in pairs)
    if any(not problem["warning"] for one in tried for problem in one.problems) or (
        fires and any(not pair.fires for pair in pairs)
    ):
        raise typer.Exit(1)


def meetings(tried: Sequence[Tried]) -> list[Meeting]:
    """Return each alert of all files with the files in which it fires and ends, in their order."""
    found: dict[str, Meeting] = {}
    for one in tried:
        for seen in one.alerts:
            name = str(getattr(one.records[seen.record], "name", ""))
            meeting = found.setdefault(seen.fingerprint, Meeting(seen.fingerprint, name))
            (meeting.fires if seen.status == "firing" else meeting.resolves).append(one.file)
    return list(found.values())


def _try(connector: str, file: Path, headers: Mapping[str, str], given: Mapping[str, Any]) -> Tried:
    error = UsageError(f"connector {connector!r}: no catalogue is installed")
    raw = read_request(file)
    for catalogue in catalogues():
        try:
            found = catalogue.trial(connector, raw, headers, time.time(), **given)
        except UsageError as unknown:
            error = unknown
            continue
        problems = [
            {"place": one.place, "reason": one.reason, "warning": one.warning, "file": str(file)}
            for one in found.problems
        ]
        alerts = list(_seen(found.records, found.sent))
        problems += [{**one, "file": str(file)} for one in _unknown_severities(found.records, alerts)]
        return Tried(str(file), found.method, found.content_type, list(found.records), alerts, problems)
    raise error


def _seen(records: Sequence[Record], sent: Sequence[Any]) -> Iterator[Seen]:
    words = iter(sent)
    for number, record in enumerate(records):
        if isinstance(record, Alert):
            word = next(words)
            ignored = frozenset((*DedupConfig().ignore_labels, "runbook_url"))
            source, name, entity, service, labels = identity = identity_of(record, identity_entity(record), ignored)
            parts = {"source": source, "key": name} if record.key else {"source": source, "name": name}
            if not record.key:
                parts |= {"entity": entity, "service": service, "labels": dict(labels)}
            level = parse_severity(record.severity).label
            status = record.status or "firing"
            yield Seen(number, status, level, word.status, word.severity, fingerprint_of(identity), parts)


def _unknown_severities(records: Sequence[Record], alerts: Sequence[Seen]) -> Iterator[dict[str, Any]]:
    """Yield a note for each severity that is no word of ours, and none that the mapping translates."""
    for alert in alerts:
        text = getattr(records[alert.record], "severity", None)
        if text is not None and not has_explicit_severity(text):
            reason = f"unknown severity {text[:80]!r} counts as {alert.severity}; add it to a table of the mapping"
            yield {"place": f"record {alert.record}", "reason": reason, "warning": True}


def _plain(tried: Sequence[Tried], pairs: Sequence[Meeting]) -> dict[str, Any]:
    return {
        "records": [to_builtins(record) for one in tried for record in one.records],
        "problems": [problem for one in tried for problem in one.problems],
        "files": [
            {
                "file": one.file,
                "method": one.method,
                "content_type": one.content_type,
                "records": len(one.records),
                "alerts": to_builtins(one.alerts),
            }
            for one in tried
        ],
        "pairs": to_builtins([pair for pair in pairs if pair.fires and pair.resolves]),
        "unmet": to_builtins([pair for pair in pairs if not (pair.fires and pair.resolves)]),
    }


def _print(console: Console, tried: Sequence[Tried], pairs: Sequence[Meeting]) -> None:
    for one in tried:
        if len(tried) > 1 or one.content_type or one.method != "POST":
            kind = f", {clean(one.content_type, 100)}" if one.content_type else ""
            console.print(Text(f"{clean(one.file, 200)}: {one.method}{kind}", style="bold"), soft_wrap=True)
        seen = {alert.record: alert for alert in one.alerts}
        for number, record in enumerate(one.records):
            _show(console, record, seen.get(number))
        for problem in one.problems:
            word, style = ("note", "yellow") if problem["warning"] else ("refused", "red")
            text = f"{word} {clean(problem['place'])}: {clean(problem['reason'], 300)}"
            console.print(Text(text, style=style), soft_wrap=True)
    _print_pairs(console, pairs)
    problems = [problem for one in tried for problem in one.problems]
    refused = sum(not problem["warning"] for problem in problems)
    console.print(f"{sum(len(one.records) for one in tried)} taken, {refused} refused")


def _print_pairs(console: Console, pairs: Sequence[Meeting]) -> None:
    for pair in pairs:
        name = clean(pair.name, 100)
        if pair.fires and pair.resolves:
            where = f"fires in {', '.join(pair.fires[:3])}, resolves in {', '.join(pair.resolves[:3])}"
            console.print(Text(f"pair: {name} {clean(where, 400)}", style="green"), soft_wrap=True)
        elif pair.resolves:
            where = f"the end in {', '.join(pair.resolves[:3])} meets no alert of these files"
            console.print(Text(f"no pair: {name}: {clean(where, 400)}", style="yellow"), soft_wrap=True)


def _show(console: Console, record: Record, seen: Seen | None) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in to_builtins(record).items():
        if isinstance(value, dict):
            for key, inner in value.items():
                table.add_row(f"{name}.{clean(key, 60)}", Text(clean(str(inner), 200)))
        elif seen is None or name not in ("severity", "status"):
            shown = moment(value) if name in ("ts", "starts_at", "ends_at") else str(value)
            table.add_row(name, Text(clean(shown, 300)))
    if seen is not None:
        table.add_row("severity", Text(_with_sent(seen.severity, seen.severity_sent)))
        table.add_row("status", Text(_with_sent(seen.status, seen.status_sent)))
        made = ", ".join(f"{name}={value}" for name, value in seen.identity.items() if value)
        table.add_row("identity", Text(clean(f"{seen.fingerprint} of {made}", 400)))
    console.print(table)
    console.print()


def _with_sent(ours: str, sent: str | None) -> str:
    return f"{ours} (sent: {clean(sent, 60)})" if sent is not None else f"{ours} (nothing was sent)"


def _headers(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        marks = [mark for mark in (pair.find(":"), pair.find("=")) if mark > 0]
        if not marks:
            raise UsageError(f"--header: expected NAME: VALUE or NAME=VALUE; got {pair!r}")
        found[pair[: min(marks)].strip().lower()] = pair[min(marks) + 1 :].strip()
    return found
