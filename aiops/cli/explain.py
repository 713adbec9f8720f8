"""`aiops explain`: why an alert is where it is, and why not elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aiops.app.build import topology_of
from aiops.app.engine import build_engine
from aiops.backtest.explain import Question, explain
from aiops.backtest.explained import Explanation
from aiops.backtest.history import Start, archive, journal
from aiops.cli.command_options import ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.explain_view import show_explanation
from aiops.cli.terminal import console_for
from aiops.config import Config, engine_digest, load_config
from aiops.errors import UsageError
from aiops.records import Evidence
from aiops.store import incidents
from aiops.store.database import open_reader
from aiops.store.store import FILE_NAME
from aiops.topology import load_topology

DIFFERENT = (
    "The daemon decided by other figures: with another configuration or dependency graph. Name them with --config and "
    "--topology."
)


def explain_command(
    alert: Annotated[str, typer.Argument(help="Id of the alert, or its stream's fingerprint (see `incidents show`).")],
    against: Annotated[
        str | None, typer.Option(help="Incident that the alert is not in, or a cluster such as c17: why not there.")
    ] = None,
    archives: Annotated[
        list[str] | None, typer.Option("--archive", help="Archive (.jsonl, .jsonl.gz); repeatable.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--journal", help="Journal directory; default: that of the state directory.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    topology: Annotated[
        Path | None, typer.Option(help="Dependency graph (JSON or YAML); default: that of --config.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain why an alert is in its incident, and why not in another one."""
    settings = load_config(config, sets or ())
    graph = load_topology(topology) if topology is not None else topology_of(settings)
    is_daemon = not archives and directory is None
    starts = _starts(archives or [], directory, state, settings)
    made = explain(starts, partial(build_engine, settings, graph), Question(alert, against), engine_digest(settings))
    if is_daemon:
        made.notes += _doubts(state if state is not None else settings.state.path(), made)
    if as_json:
        print_json(made)
    else:
        show_explanation(console_for(), made)


def _starts(archives: list[str], directory: Path | None, state: Path | None, settings: Config) -> Iterable[Start]:
    if sum((bool(archives), directory is not None, state is not None)) > 1:
        raise UsageError("expected one of --archive, --journal and --state")
    if "-" in archives:
        raise UsageError("--archive is read twice: expected files, not standard input")
    if archives:
        return archive(archives)
    if directory is not None:
        return journal(directory)
    root = state if state is not None else settings.state.path()
    return journal(root / "journal", root / "snapshots")


def _doubts(root: Path, made: Explanation) -> list[str]:
    """Return a note if the daemon's store has other figures: those of the decision itself.

    The configuration and the graph that it was made with are not in the journal.
    """
    incident = made.incident or made.later
    if incident is None or not (root / FILE_NAME).exists():
        return []
    with closing(open_reader(root / FILE_NAME)) as reader:
        stored = incidents.get(reader, incident)
    members = [one for one in stored.incident.members if one.fingerprint == made.fingerprint] if stored else []
    if stored is not None and (made.chosen is None or not members):
        return []
    mine = _figures(made.chosen.evidence) if made.chosen is not None else []
    return [] if stored is not None and any(_figures(one.evidence) == mine for one in members) else [DIFFERENT]


def _figures(evidence: Sequence[Evidence]) -> list[tuple[str, float]]:
    return [(each.name, round(each.value, 6)) for each in evidence]
