"""`aiops replay --sweep`: replay under many settings, compare them, and suggest one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from aiops.cli.errors import print_json
from aiops.cli.sweep_view import show_sweep
from aiops.errors import UsageError
from aiops.notebook.sweep_picture import check_lines, draw
from aiops.sweep import Outcome, Plan, Request, Sweep, execute, plan
from aiops.sweep.processes import Progress as Watch
from aiops.sweep.processes import cores
from aiops.wording import plural


class Outputs(Struct, frozen=True):
    """Files to write results to; without any, a table is printed."""

    svg: Path | None = None
    paged: Path | None = None
    as_json: bool = False


def sweep(request: Request, outputs: Outputs) -> None:
    """Do a sweep, and write what was wanted."""
    if "-" in request.source.files:
        raise UsageError("--sweep reads the input once for each setting: expected files, not standard input")
    _check_files(request)
    planned = plan(request)
    if outputs.svg is not None:
        check_lines(task.setting.values for task in planned.tasks)
    for path in (outputs.svg, outputs.paged):
        _check_folder(path)
    with _progress(planned) as advance:
        done = execute(planned, advance)
    if outputs.svg is not None:
        draw(done.report).save(outputs.svg)
    if outputs.paged is not None:
        _write_pages(outputs.paged, done)
    if outputs.as_json:
        print_json(done.report)
    else:
        show_sweep(done.report)


def jobs_of(jobs: int | None) -> int:
    """Return the number of processes: as given, else one a processor."""
    return cores() if jobs is None else jobs


def _check_files(request: Request) -> None:
    """Raise `UsageError` for a file that is not there: else each process would find out for itself."""
    for name in (*request.source.files, request.source.journal, request.topology, request.warm):
        if name is not None and not os.path.exists(name):
            raise UsageError(f"{name}: No such file or directory")


def _check_folder(path: Path | None) -> None:
    """Raise `UsageError` for a file that cannot be written: better before the replays than after them."""
    if path is not None and not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: the folder does not exist or cannot be written")


@contextmanager
def _progress(planned: Plan) -> Iterator[Watch]:
    """Announce the replays on standard error, and show their progress on a terminal."""
    count, jobs = len(planned.tasks), min(planned.request.jobs, len(planned.tasks))
    sys.stderr.write(f"{plural(count, 'replay')} in {plural(jobs, 'process', 'processes')}\n")
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda outcome: None
        return
    columns = (
        TextColumn("replaying"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replaying", total=count)

        def advance(outcome: Outcome) -> None:
            bar.advance(task)

        yield advance


def _write_pages(path: Path, done: Sweep) -> None:
    """Write each page of each setting as a line, by time."""
    try:
        with open(path, "wb") as handle:
            for outcome in done.measured.outcomes:
                for page in sorted(outcome.pages, key=lambda one: (one.at, one.endpoint, one.incident)):
                    line = {"setting": outcome.setting.label, **msgspec.to_builtins(page)}
                    handle.write(msgspec.json.encode(line) + b"\n")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
