"""`aiops change`: report a change to a running daemon, as evidence for causes."""

from __future__ import annotations

import re
import sys
import time
from typing import Annotated

import typer

from aiops.cli.command_options import ConfigOption, JsonOption, SetOption
from aiops.cli.daemon_address import daemon_address
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for
from aiops.durations import compact, seconds
from aiops.errors import RecordError, UsageError
from aiops.records import MAX_AHEAD_S, Change
from aiops.records.decode import parse_time
from aiops.records.late import sentence
from aiops.sending import Sender, open_daemon
from aiops.wording import plural

_AGO = re.compile(r"[0-9]{1,5}(ms|s|m|h|d)", re.ASCII)
_MAX_NAME = 1_024


def change_command(
    service: Annotated[str, typer.Argument(help="Service that was changed, as alerts or the topology name it.")],
    text: Annotated[str, typer.Argument(help='The change in a few words, such as "deploy 1.42".')],
    entity: Annotated[
        str | None, typer.Option(help="Host, pod or part that was changed; default: the service.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Kind that playbooks match: deploy, config, flag, scale …; default: as the text begins."),
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version or revision that is in use now.")] = None,
    link: Annotated[str | None, typer.Option(help="Page about it: the pipeline, the pull request.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it took effect: RFC 3339, Unix seconds, or so long ago (10m); default: now."),
    ] = None,
    labels: Annotated[list[str] | None, typer.Option("--label", help="Label NAME=VALUE; repeatable.")] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Address of the daemon; default: that of the configuration, or http://127.0.0.1:8640."),
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    token: Annotated[
        str | None, typer.Option(envvar="AIOPS_TOKEN", help="Token of the scope ingest; default: $AIOPS_TOKEN.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Report a change of a service to a running daemon.

    An incident that follows shows it among its suspected causes. The exit code is 1 if it was not accepted.
    """
    now = time.time()
    own = {**_labels(labels or []), **{name: value for name, value in (("kind", kind), ("version", version)) if value}}
    change = Change(
        ts=now if at is None else moment_of(at, now),
        entity=_name("SERVICE", service) if entity is None else _name("--entity", entity),
        name=_name("TEXT", text),
        labels=own,
        service=_name("SERVICE", service),
        url=_link(link),
    )
    post, _ = open_daemon(daemon_address(url, config, sets), token)
    sender = Sender(post, sleep=time.sleep, monotonic=time.monotonic)
    sender.add(change)
    sender.flush()
    for problem in sender.sent.problems:
        sys.stderr.write(f"aiops: {clean(problem)}\n")
    if as_json:
        print_json({"accepted": sender.sent.accepted, "rejected": sender.sent.rejected, "late": sender.sent.late})
    else:
        _show(change, sender, now)
    if not sender.sent.accepted:
        raise typer.Exit(1)


def _show(change: Change, sender: Sender, now: float) -> None:
    console = console_for()
    if sender.sent.accepted:
        age = f", {compact(now - change.ts)} ago" if now - change.ts >= 1 else ""
        console.print(clean(f"reported: {change.name} on {change.entity}{age}"), soft_wrap=True)
    if sender.sent.late:
        console.print(clean(sentence(sender.sent.late, sender.sent.late_s)), soft_wrap=True)


def moment_of(text: str, now: float) -> float:
    """Return Unix seconds for RFC 3339, Unix seconds, or a duration before `now`; raise `UsageError`.

    >>> moment_of("10m", 2e9), moment_of("2026-01-01T00:00:00Z", 2e9), moment_of("1767225600", 2e9)
    (1999999400.0, 1767225600.0, 1767225600.0)
    """
    if _AGO.fullmatch(text):
        return now - seconds(text)
    try:
        found = float(text) if text.replace(".", "", 1).isdecimal() else parse_time(text)
    except RecordError:
        raise UsageError(
            f"--at: expected RFC 3339, Unix seconds or a duration such as 10m (got {text[:80]!r})"
        ) from None
    if not 0 <= found <= now + MAX_AHEAD_S:
        raise UsageError(f"--at: expected a time up to now (got {text[:80]!r}); a change counts once it took effect")
    return found


def _name(place: str, value: str) -> str:
    worded = " ".join(value.split())
    if not worded or len(worded) > _MAX_NAME:
        raise UsageError(f"{place}: expected 1 to {_MAX_NAME} characters (got {len(worded)})")
    return worded


def _link(value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise UsageError(f"--link: expected an address that begins with http:// or https:// (got {value[:80]!r})")
    return value


def _labels(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"--label: expected NAME=VALUE (got {pair[:80]!r})")
        found[name.strip()] = value.strip()
    if len(found) > 64:
        raise UsageError(f"--label: expected at most 64 labels (got {plural(len(found), 'label')})")
    return found
