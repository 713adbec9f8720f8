"""`aiops send`: replay archives into a running daemon."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from aiops.archive import Rejections, read
from aiops.cli.command_options import ConfigOption, SetOption
from aiops.cli.daemon_address import daemon_address
from aiops.cli.errors import print_json
from aiops.cli.replay import _progress
from aiops.cli.terminal import clean, console_for
from aiops.durations import compact
from aiops.errors import UsageError
from aiops.records import Record
from aiops.records.late import LATE_S, WAYS, sentence
from aiops.sending import Sendable, Sender, Sent, open_daemon, paced, shifted, wait_for_engine_time
from aiops.wording import plural

_MAX_SHOWN = 20
_GZIP = b"\x1f\x8b"
# The share of late records beyond which an archive is history to the daemon, not a stream with a few stragglers.
_MOST_LATE = 0.1


class Outcome(Struct):
    """The output of `--json`. `invalid` lines are no records; `left_out` are of kinds that are not sent."""

    accepted: int
    rejected: int
    late: int
    invalid: int
    left_out: int
    repeated_bodies: int
    problems: list[str]
    hint: str | None = None


def send_command(
    files: Annotated[list[str], typer.Argument(help="Archives (.jsonl, .jsonl.gz, - for stdin), merged by time.")],
    url: Annotated[
        str | None,
        typer.Option(help="Address of the daemon; default: that of the configuration, or http://127.0.0.1:8640."),
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    token: Annotated[
        str | None, typer.Option(envvar="AIOPS_TOKEN", help="Token of the scope ingest; default: $AIOPS_TOKEN.")
    ] = None,
    shift_to_now: Annotated[
        bool,
        typer.Option(
            "--shift-to-now",
            help="Shift all times: the last record happens now (for a fresh daemon), or with --speed the first.",
        ),
    ] = False,
    speed: Annotated[
        float | None, typer.Option(help="Speed as a multiple of the records' own pace; default: as fast as accepted.")
    ] = None,
    allow_late: Annotated[
        bool,
        typer.Option(
            "--allow-late", help="Send records before the daemon's time as well: incidents may be torn apart."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay archives into a running daemon in order of time.

    The exit code is 1 if a record was not accepted.
    """
    if speed is not None and not 0 < speed < float("inf"):
        raise UsageError(f"--speed: expected a number above 0 (got {speed:g})")
    post, query_time = open_daemon(daemon_address(url, config, sets), token)
    sender = Sender(post, sleep=time.sleep, monotonic=time.monotonic)
    rejections = Rejections()
    left_out = [0]
    with _readable(files) as paths, _progress("sending") as (advance, _):
        reached = None if allow_late else wait_for_engine_time(query_time, sleep=time.sleep, monotonic=time.monotonic)
        times = _times(paths) if shift_to_now or reached is not None else array("d")
        move = _mover(times, speed, time.time()) if shift_to_now else None
        if reached is not None:
            _check(times, move, reached)
        records: Iterable[Sendable] = _sendable(read(paths, rejections, progress=advance), left_out)
        if speed is not None:
            records = paced(records, speed, time.time, time.sleep, sender.flush)
        for record in records:
            sender.add(record if move is None else shifted(record, move))
        sender.flush()
    outcome = _outcome(sender.sent, rejections, left_out[0])
    _show(outcome, as_json)
    if outcome.rejected or outcome.invalid:
        raise typer.Exit(1)


@contextmanager
def _readable(files: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths to read.

    Standard input becomes a file, since it may be packed and may be read twice.
    """
    if files.count("-") > 1:
        raise UsageError("standard input can be read once (got - twice)")
    with tempfile.TemporaryDirectory(prefix="aiops-send-") as scratch:
        paths = []
        for name in files:
            if name == "-":
                name = _spooled(Path(scratch))
            elif not Path(name).is_file():
                raise UsageError(f"{name}: no such file")
            paths.append(name)
        yield paths


def _spooled(scratch: Path) -> str:
    path = scratch / "stdin.jsonl"
    with path.open("wb") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
    with path.open("rb") as spool:
        packed = spool.read(2) == _GZIP
    return str(path.rename(scratch / "stdin.jsonl.gz") if packed else path)


def _sendable(records: Iterable[Record], left_out: list[int]) -> Iterator[Sendable]:
    for record in records:
        if isinstance(record, Sendable):
            yield record
        else:
            left_out[0] += 1


def _times(paths: Sequence[str]) -> array[float]:
    """Return the times of all records that would be sent, in their order."""
    return array("d", (record.ts for record in _sendable(read(paths, Rejections()), [0])))


def _mover(times: Sequence[float], speed: float | None, now: float) -> Callable[[float], float]:
    """Return the function that shifts times: the last to now, or each to the time at which it is sent."""
    if not times:
        return lambda at: at
    first, latest = times[0], max(times)
    if speed is None:
        return lambda at: at - latest + now
    return lambda at: now + (at - first) / speed


def _check(times: Sequence[float], move: Callable[[float], float] | None, reached: float) -> None:
    """Raise `UsageError` if the archive lies before the daemon's time."""
    moved = times if move is None else [move(at) for at in times]
    late = sum(1 for at in moved if at < reached - LATE_S)
    if late > _MOST_LATE * len(moved):
        raise UsageError(
            f"nothing was sent: {late:,} of {plural(len(moved), 'record')} lie up to {compact(reached - min(moved))} "
            f"before the daemon's time and would tear incidents apart: {WAYS}; `--allow-late` sends them "
            "anyway"
        )


def _outcome(sent: Sent, rejections: Rejections, left_out: int) -> Outcome:
    problems = [*map(str, rejections.kept[:_MAX_SHOWN]), *sent.problems]
    hint = sentence(sent.late, sent.late_s) if sent.late else None
    return Outcome(sent.accepted, sent.rejected, sent.late, rejections.count, left_out, sent.repeated, problems, hint)


def _show(outcome: Outcome, as_json: bool) -> None:
    for problem in outcome.problems:
        sys.stderr.write(f"aiops: {clean(problem)}\n")
    if as_json:
        print_json(outcome)
        return
    records = plural(outcome.accepted, "record")
    summary = f"{records} accepted, {outcome.rejected} rejected, {outcome.late} late"
    if outcome.invalid:
        summary += f", {outcome.invalid} invalid lines"
    if outcome.left_out:
        summary += f", {outcome.left_out} of other kinds left out"
    if outcome.repeated_bodies:
        summary += f", {outcome.repeated_bodies} bodies repeated"
    console = console_for()
    console.print(summary)
    if outcome.hint:
        # One line: the commands in it can be copied.
        console.print(clean(outcome.hint), soft_wrap=True)
