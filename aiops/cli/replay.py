"""`aiops replay`: process archives, or a part of the journal, and report the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aiops.app.engine import build_engine, load_statistics, save_statistics
from aiops.archive import Rejections, read
from aiops.backtest import (
    RecordFault,
    Replay,
    Report,
    compare,
    incident_lines,
    make_report,
    replay,
    setting_aside,
    without,
)
from aiops.backtest.set_aside import MAX_FAULTS
from aiops.cli.errors import print_json
from aiops.cli.summary import show_comparison, show_summary
from aiops.config import Config, load_config
from aiops.daemon.gc_tuning import settle
from aiops.errors import UsageError
from aiops.journal.reader import read as read_journal
from aiops.records import Incident, Logged
from aiops.records.decode import parse_time
from aiops.topology import Topology, load_topology


def replay_command(
    files: Annotated[list[str] | None, typer.Argument(help="Archives (.jsonl, .jsonl.gz, - for stdin).")] = None,
    topology: Annotated[
        Path | None, typer.Option(help="Dependency graph (JSON or YAML); default: that of --config.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration, TOML.")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="Setting section.key=value; repeatable.")] = None,
    out: Annotated[Path | None, typer.Option(help="Archive to write the incidents to.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="File to write the decision about each alert to, one line each.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="File to write report.json to; - prints it.")] = None,
    against: Annotated[Path | None, typer.Option(help="Second configuration to compare with.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first invalid line.")] = False,
    journal: Annotated[Path | None, typer.Option(help="Journal directory of a daemon, read instead of files.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Start of the part of the journal (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End of the part of the journal (RFC 3339).")] = None,
    warm: Annotated[Path | None, typer.Option(help="File with statistics that --learned wrote, to start from.")] = None,
    learned: Annotated[Path | None, typer.Option(help="File to write the learned statistics of streams to.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Replay archives of alerts, metrics, changes and incidents; write incidents, decisions and scores."""
    source = _source(files or [], journal, since, until, strict)
    settings = load_config(config, sets or ())
    graph = _topology(topology, settings)
    is_once = "-" in (files or [])
    done, incidents, made = _fold(source, settings, graph, "folding", warm, is_once)
    _write(learned, [save_statistics(done.engine)] if learned is not None else [])
    _write(out, incident_lines(incidents))
    _write(decisions, (msgspec.json.encode(each) + b"\n" for each in done.decisions()))
    printed = report is not None and str(report) == "-"
    if report is not None and not printed:
        _write(report, [msgspec.json.format(msgspec.json.encode(made), indent=2), b"\n"])
    if as_json or printed:
        print_json(made)
    if against is None:
        if not (as_json or printed):
            show_summary(made, incidents)
        return
    if is_once:
        raise UsageError("--against reads the input twice: expected files, not standard input")
    _, others, second = _fold(source, load_config(against, sets or ()), graph, "replaying again", warm, is_once)
    comparison = compare(incidents, others, made, second)
    if as_json or printed:
        print_json(comparison)
    else:
        show_summary(made, incidents)
        show_comparison(comparison)


def _topology(path: Path | None, settings: Config) -> Topology:
    """Return the graph that the command names, else the one of the configuration."""
    if path is None and settings.topology:
        path = Path(settings.topology)
    return load_topology(path) if path is not None else Topology()


Source = Callable[[Rejections, Callable[[int], None]], tuple[Iterable[Logged], int]]


def _source(files: list[str], journal: Path | None, since: str | None, until: str | None, strict: bool) -> Source:
    """Return a function that opens the input: records, and their size in bytes (0 if unknown)."""
    if (not files) == (journal is None):
        raise UsageError("expected either archives or --journal DIR")
    if journal is None and (since or until):
        raise UsageError("--from and --to select a part of a --journal")
    start, end = (_moment(since), _moment(until))

    def from_journal(rejections: Rejections, progress: Callable[[int], None]) -> tuple[Iterable[Logged], int]:
        assert journal is not None
        return read_journal(journal, start, end), 0

    def from_files(rejections: Rejections, progress: Callable[[int], None]) -> tuple[Iterable[Logged], int]:
        plain = [name for name in files if name != "-" and not name.endswith(".gz")]
        known = len(plain) == len(files)
        size = sum(os.path.getsize(name) for name in plain if os.path.exists(name)) if known else 0
        return read(files, rejections, strict=strict, progress=progress), size

    return from_files if journal is None else from_journal


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return parse_time(text, "--from/--to")


def _fold(
    source: Source, settings: Config, graph: Topology, what: str, warm: Path | None, is_once: bool
) -> tuple[Replay, list[Incident], Report]:
    def attempt(reasons: Mapping[int, str]) -> tuple[Replay, Rejections]:
        rejections = Rejections()
        with _progress(what) as (advance, total):
            records, size = source(rejections, advance)
            total(size)
            engine = build_engine(settings, graph)
            if warm is not None:
                load_statistics(engine, warm)
            settle()
            return replay(without(records, reasons) if reasons else records, engine), rejections

    def report(fault: RecordFault) -> None:
        sys.stderr.write(f"aiops: {fault}: the record is skipped\n")

    done, rejections = setting_aside(attempt, report, 0 if is_once else MAX_FAULTS)
    incidents = done.incidents()
    return done, incidents, make_report(done, rejections, graph, incidents)


@contextmanager
def _progress(what: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """Show a progress bar on a terminal, nothing in a pipe."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield (lambda _: None), (lambda _: None)
        return
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:,.0f} bytes"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        pending = [0]

        def advance(count: int) -> None:
            # Once in 64 KiB: drawing more often would cost more than the replay.
            pending[0] += count
            if pending[0] >= 1 << 16:
                bar.advance(task, pending[0])
                pending[0] = 0

        yield advance, lambda size: bar.update(task, total=size or None)


def _write(path: Path | None, lines: Iterable[bytes]) -> None:
    if path is None:
        return
    try:
        with open(path, "wb") as handle:
            handle.writelines(lines)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
