"""The function `aiops.replay`: process an archive, records or a frame, and return the result."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiops.app.engine import build_engine
from aiops.archive import Rejections
from aiops.backtest import RecordFault, Replay, make_report, setting_aside, without
from aiops.backtest import replay as process
from aiops.config import Config, load_config
from aiops.errors import UsageError
from aiops.notebook.alert_columns import AlertColumns
from aiops.notebook.members import MemberHistory
from aiops.notebook.result import Result, Run
from aiops.notebook.sources import Input, Source, Time, input_of
from aiops.notebook.sources import Path as AnyPath
from aiops.topology import Topology, load_topology, topology_of

Graph = AnyPath | Topology | Mapping[str, Any]


def replay(
    source: Source,
    *,
    topology: Graph | None = None,
    settings: Mapping[str, Any] | None = None,
    config: AnyPath | None = None,
    strict: bool = False,
    since: Time | None = None,
    until: Time | None = None,
) -> Result:
    """Process alerts and return their incidents: the same decisions as `aiops replay` and the daemon make.

    `source` is the path of an archive (`.jsonl`, `.jsonl.gz`), several paths (merged by time), an iterable of records
    (`aiops.Alert` …, or mappings of their fields), or a pandas frame with a row an alert. `topology` is the dependency
    graph: a path, an `aiops.Topology`, or a mapping with nodes and edges. `settings` are configuration values by
    dotted key, over those of the file `config` (`aiops.toml`). Lines that are no records are in `Result.rejected`;
    with `strict` the first one raises `UsageError`. `source` may be the folder of a daemon's journal, too: `since` and
    `until` then select a stretch of it.

    >>> result = replay([{"ts": 0, "name": "DiskFull", "severity": "high", "entity": "db-1"}])
    >>> result.report["incidents"]
    1
    >>> replay([], settings={"correlate.sensitivity": 2})
    Traceback (most recent call last):
        ...
    aiops.errors.UsageError: settings: Expected `float` < 1.0 - at `$.correlate.sensitivity`
    """
    loaded = configured(config, settings)
    graph = graph_of(topology, loaded)
    given = input_of(source, since, until)

    def attempt(reasons: Mapping[int, str]) -> Result:
        return _attempt(given, loaded, graph, strict, reasons)

    return setting_aside(attempt, _warn)


def _warn(fault: RecordFault) -> None:
    # At the line of the program that called `replay`.
    warnings.warn(f"{fault}; it was set aside", RuntimeWarning, stacklevel=4)


def _attempt(given: Input, config: Config, graph: Topology, strict: bool, reasons: Mapping[int, str]) -> Result:
    rejections = Rejections()
    engine = build_engine(config, graph)
    alerts = AlertColumns(engine.dedup.ignored)
    history = MemberHistory()
    records = without(given.read(rejections, strict), reasons)
    done: Replay = process(alerts.noting(records), engine, history.watch, history.at_end)
    incidents = done.incidents()
    return Result(
        Run(done, incidents, make_report(done, rejections, graph, incidents), alerts, rejections, graph, history)
    )


def configured(config: AnyPath | None, settings: Mapping[str, Any] | None) -> Config:
    """Return the configuration of a file with settings over it; raise `UsageError` for what does not fit.

    >>> configured(None, {"correlate.sensitivity": 0.4}).correlate.sensitivity
    0.4
    """
    path = Path(config).expanduser() if config is not None else None
    return load_config(path, settings=_flat(settings or {}))


def _flat(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in settings:
        if not isinstance(key, str):
            raise UsageError(f"settings: expected keys like 'correlate.sensitivity' (got {key!r})")
    return settings


def graph_of(topology: Graph | None, config: Config) -> Topology:
    """Return the dependency graph that is given, else the one of the configuration.

    >>> list(graph_of({"nodes": [{"id": "web"}]}, configured(None, None)).nodes)
    ['web']
    """
    if isinstance(topology, Topology):
        return topology
    if isinstance(topology, Mapping):
        return topology_of(topology)
    path = topology if topology is not None else config.topology
    return load_topology(Path(path).expanduser()) if path else Topology()
