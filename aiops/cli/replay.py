"""`aiops replay`: process archives, or a part of the journal, and report the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast, get_args

import msgspec
import typer
from msgspec import structs
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aiops.app.engine import build_engine, load_statistics, save_statistics
from aiops.app.runs import shipped_or_named
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
from aiops.backtest.remediation import LiveRuns, Shadow, live_runs, run_shadow
from aiops.backtest.set_aside import MAX_FAULTS
from aiops.cli.errors import print_json
from aiops.cli.remediation_view import show_remediation
from aiops.cli.summary import show_comparison, show_summary
from aiops.cli.sweep import Outputs, jobs_of, sweep
from aiops.cli.terminal import console_for
from aiops.config import Config, EndpointConfig, load_config
from aiops.daemon.gc_tuning import settle
from aiops.errors import UsageError
from aiops.journal.reader import read as read_journal
from aiops.notify.routes import routes_of
from aiops.records import Incident, Logged
from aiops.records.decode import parse_time
from aiops.replay_keys import PAGER_NAME
from aiops.sweep import Base, Objective, Request, Source
from aiops.sweep.pages import Pager
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
    sweeps: Annotated[
        list[str] | None,
        typer.Option("--sweep", help="Key to vary, KEY=from:to:step or KEY=value,value; repeatable: all combinations."),
    ] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Suggest a value of --sweep, with its doubt.")] = False,
    objective: Annotated[
        str, typer.Option(help="Aim of --suggest: f1, or pages (fewest among the values as good as the best).")
    ] = "f1",
    diff: Annotated[
        list[str] | None,
        typer.Option(
            help="Value of --sweep whose pages are compared with the current ones; of several keys KEY=VALUE."
        ),
    ] = None,
    paged: Annotated[Path | None, typer.Option(help="File to write the pages of each setting of --sweep to.")] = None,
    svg: Annotated[Path | None, typer.Option(help="File to write a picture of --sweep to.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes of --sweep; default: one a processor.")] = None,
    remediation: Annotated[
        bool,
        typer.Option("--remediation", help="Show which playbooks would have run, and what refused others."),
    ] = False,
    assume_certainty: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Certainty of first suspects for --remediation where none was measured."),
    ] = None,
) -> None:
    """Replay archives of alerts, metrics, changes and incidents; write incidents, decisions and scores."""
    if sweeps:
        _refuse(
            {"--out": out, "--decisions": decisions, "--report": report, "--against": against, "--learned": learned}
        )
        wanted = Request(
            _input(files or [], journal, since, until, strict),
            Base(_text(config), tuple(sets or ()), topology is not None),
            tuple(sweeps),
            _text(topology),
            _text(warm),
            tuple(diff or ()),
            suggest,
            _objective(objective),
            jobs_of(jobs),
        )
        sweep(wanted, Outputs(svg, paged, as_json))
        return
    _need_sweep({"--suggest": suggest, "--diff": diff, "--paged": paged, "--svg": svg, "--jobs": jobs})
    source = _source(files or [], journal, since, until, strict)
    settings = load_config(config, sets or ())
    graph = _topology(topology, settings)
    is_once = "-" in (files or [])
    paging = against is not None
    live = _live(journal, settings) if remediation and journal is not None else None
    if remediation and not any((learned, out, decisions, report)):
        # The report has a pass of its own; another one is made for what is written of the replay.
        _remediate(source, settings, graph, warm, assume_certainty, live, as_json=as_json, is_once=is_once)
        return
    done, incidents, made, pages = _fold(source, settings, graph, "folding", warm, is_once=is_once, paging=paging)
    _write(learned, [save_statistics(done.engine)] if learned is not None else [])
    _write(out, incident_lines(incidents))
    _write(decisions, (msgspec.json.encode(each) + b"\n" for each in done.decisions()))
    printed = report is not None and str(report) == "-"
    if report is not None and not printed:
        _write(report, [msgspec.json.format(msgspec.json.encode(made), indent=2), b"\n"])
    if printed or (as_json and not remediation):
        print_json(made)
    if remediation:
        _remediate(source, settings, graph, warm, assume_certainty, live, as_json=as_json, is_once=is_once)
        return
    if against is None:
        if not (as_json or printed):
            show_summary(made, incidents)
        return
    if is_once:
        raise UsageError("--against reads the input twice: expected files, not standard input")
    other = load_config(against, sets or ())
    _, others, second, more = _fold(source, other, graph, "replaying again", warm, is_once=is_once, paging=paging)
    comparison = compare(incidents, others, made, second)
    if pages != more:
        comparison.scores["pages"] = (pages, more)
    if as_json or printed:
        print_json(comparison)
    else:
        show_summary(made, incidents)
        show_comparison(comparison)


def _remediate(
    source: Opener,
    settings: Config,
    graph: Topology,
    warm: Path | None,
    certainty: float | None,
    live: LiveRuns | None,
    *,
    as_json: bool,
    is_once: bool,
) -> None:
    """Process the input once more as a daemon would in shadow mode, and show what would have run."""
    if is_once:
        raise UsageError("--remediation reads the input twice: expected files, not standard input")
    engine = build_engine(settings, graph)
    if warm is not None:
        load_statistics(engine, warm)
    shadow = Shadow(engine, shipped_or_named(settings).playbooks, graph, settings.respond, certainty)
    with _progress("deciding") as (advance, total):
        records, size = source(Rejections(), advance)
        total(size)
        report = shadow.report(run_shadow(records, engine, shadow), graph, live)
    if as_json:
        print_json(report)
    else:
        show_remediation(console_for(), report)


def _live(journal: Path, settings: Config) -> LiveRuns:
    """Return the runs of the daemon with a journal, from its audit trail."""
    chosen = settings.respond.directory
    return live_runs((Path(chosen).expanduser() if chosen else journal.resolve().parent / "runs") / "audit.jsonl")


def _refuse(given: Mapping[str, Path | None]) -> None:
    """Raise `UsageError` for an option that is about one replay."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} is about one replay, --sweep makes many; use --json, --paged or --svg")


def _need_sweep(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} needs --sweep KEY=VALUES")


def _objective(text: str) -> Objective:
    if text not in get_args(Objective):
        raise UsageError(f"--objective: expected one of {', '.join(get_args(Objective))}; got {text[:80]!r}")
    return cast(Objective, text)


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def _input(files: list[str], journal: Path | None, since: str | None, until: str | None, strict: bool) -> Source:
    """Return the input of a sweep, after the checks of a replay."""
    _check_input(files, journal, since, until)
    return Source(tuple(files), _text(journal), _moment(since), _moment(until), strict)


def _check_input(files: list[str], journal: Path | None, since: str | None, until: str | None) -> None:
    if (not files) == (journal is None):
        raise UsageError("expected either archives or --journal DIR")
    if journal is None and (since or until):
        raise UsageError("--from and --to select a part of a --journal")


def _topology(path: Path | None, settings: Config) -> Topology:
    """Return the graph that the command names, else the one of the configuration."""
    if path is None and settings.topology:
        path = Path(settings.topology)
    return load_topology(path) if path is not None else Topology()


Opener = Callable[[Rejections, Callable[[int], None]], tuple[Iterable[Logged], int]]


def _source(files: list[str], journal: Path | None, since: str | None, until: str | None, strict: bool) -> Opener:
    """Return a function that opens the input: records, and their size in bytes (0 if unknown)."""
    _check_input(files, journal, since, until)
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
    source: Opener,
    settings: Config,
    graph: Topology,
    what: str,
    warm: Path | None,
    *,
    is_once: bool,
    paging: bool,
) -> tuple[Replay, list[Incident], Report, int]:
    """Replay the input; with `paging`, count the pages as well (else 0)."""
    pagers: list[Pager] = []

    def attempt(reasons: Mapping[int, str]) -> tuple[Replay, Rejections]:
        rejections = Rejections()
        with _progress(what) as (advance, total):
            records, size = source(rejections, advance)
            total(size)
            engine = build_engine(settings, graph)
            if warm is not None:
                load_statistics(engine, warm)
            settle()
            given = without(records, reasons) if reasons else records
            if not paging:
                return replay(given, engine), rejections
            pagers[:] = [_pager(settings, graph)]
            [pager] = pagers
            return replay(given, engine, pager.watch, lambda one: pager.stop(one.timeline.now)), rejections

    def report(fault: RecordFault) -> None:
        sys.stderr.write(f"aiops: {fault}: the record is skipped\n")

    done, rejections = setting_aside(attempt, report, 0 if is_once else MAX_FAULTS)
    for pager in pagers:
        pager.finish()
    incidents = done.incidents()
    pages = sum(len(pager.pages) for pager in pagers)
    return done, incidents, make_report(done, rejections, graph, incidents), pages


def _pager(settings: Config, graph: Topology) -> Pager:
    """Return the pager of a configuration; one without endpoints gets one with the default policy."""
    if not settings.endpoints:
        settings = structs.replace(settings, endpoints=[EndpointConfig(PAGER_NAME, "webhook")])
    return Pager(settings.endpoints, routes_of(settings, graph))


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
