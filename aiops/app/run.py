"""`aiops run`: builds the daemon from a configuration, obeys signals, ends with an exit code."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from aiops.app.build import add_delivery, add_pages, add_problems, add_runs, guard_of, left_out
from aiops.app.dispatcher import open_queues
from aiops.app.engine import build_engine
from aiops.config import Config, SourceConfig, load_config
from aiops.daemon.clocks import SteadyClock
from aiops.daemon.control import Control
from aiops.daemon.daemon import Daemon
from aiops.daemon.disk_wait import TROUBLE, until_there_is_room
from aiops.daemon.gc_tuning import held_back, settle
from aiops.daemon.process_limits import raise_open_files
from aiops.daemon.sources import build_source
from aiops.errors import AiopsError, UsageError
from aiops.http.redaction import origin_of
from aiops.ports import Source
from aiops.telemetry import logs
from aiops.telemetry.logs import log
from aiops.telemetry.tracing import add_tracing, open_tracing, tracer_of
from aiops.topology import Topology, load_topology
from aiops.wording import plural

# Problems that one line holds; the rest is counted.
_MAX_TOLD = 5
# How often the pump is looked at while nothing is asked of us.
_LOOK_S = 0.5


def topology_of(config: Config) -> Topology:
    """The dependency graph that a configuration names."""
    return load_topology(Path(config.topology)) if config.topology else Topology()


def sources_of(config: Config) -> list[Source]:
    """The sources of a configuration; with `http.enabled`, the HTTP ingest among them.

    Raise `UsageError` for an unknown type, options that do not fit, or a name used twice.
    """
    wanted = list(config.sources)
    if config.http.enabled:
        options = {"host": config.http.host, "port": config.http.port, **config.http.options}
        if config.http.external_url:
            options["external_url"] = config.http.external_url
        wanted.append(SourceConfig("http", "http", options))
    if len({source.name for source in wanted}) < len(wanted):
        raise UsageError("sources: the name http is that of the HTTP ingest (http.enabled): use another one")
    return [build_source(source) for source in wanted]


def build(config: Config) -> Daemon:
    """The daemon of a configuration, not started; raise `AiopsError` for what cannot work."""
    topology = topology_of(config)
    sources = sources_of(config)
    tracing = open_tracing(config.tracing)
    daemon = Daemon(
        config, lambda: build_engine(config, topology), sources, clock=SteadyClock(), tracer=tracer_of(tracing)
    )
    try:
        add_problems(daemon)
        add_delivery(daemon)
        add_runs(daemon, topology)
        add_pages(daemon, sources)
        daemon.add(Control(daemon), feeds=True)
        if tracing is not None:
            add_tracing(daemon, tracing, sources)
    except BaseException:
        daemon.close()
        raise
    return daemon


def check(config: Config) -> list[str]:
    """Build all that a configuration names, and start nothing; return what there is.

    Raise `AiopsError` for what cannot work.
    """
    topology = topology_of(config)
    sources = sources_of(config)
    queues = open_queues(config.endpoints)
    problems = left_out(config, build_engine(config, topology))
    if problems:
        more = f"; and {len(problems) - _MAX_TOLD} more" if len(problems) > _MAX_TOLD else ""
        raise UsageError("; ".join(problems[:_MAX_TOLD]) + more)
    tracing = open_tracing(config.tracing)
    if tracing is not None:
        tracing.stop(config.drain_s)
    return [
        f"topology: {plural(len(topology.nodes), 'entity', 'entities')}, {plural(len(topology.edges), 'edge')}",
        *(f"topology: warning: {text}" for text in topology.warnings),
        f"sources: {', '.join(source.name for source in sources) or 'none'}",
        f"endpoints: {', '.join(queue.name for queue in queues) or 'none'}",
        *([f"traces: {origin_of(config.tracing.endpoint)}"] if config.tracing.enabled else []),
        f"state: {config.state.path()}",
    ]


class Runner:
    """Runs a daemon until a signal, or until its pump fails."""

    def __init__(self, path: Path | None, sets: Sequence[str], show: Callable[[str], None] = lambda line: None) -> None:
        """`show` is given a few lines for people about what was started."""
        self._path = path
        self._sets = sets
        self._show = show
        self._ended = threading.Event()
        self._reload = threading.Event()

    def run(self) -> None:
        """Return after SIGTERM or SIGINT; raise `AiopsError` when the daemon could not start or go on."""
        config = load_config(self._path, self._sets)
        logs.set_up(config.log.level)
        raise_open_files()
        daemon = self._built(config)
        if daemon is None:
            return
        try:
            urls = daemon.sources.bind()
        except AiopsError:
            daemon.close()
            raise
        settle()
        self._obey()
        daemon.start()
        for line in introduction(config, urls):
            self._show(line)
        notify("READY=1")
        try:
            while not self._ended.wait(_LOOK_S) and daemon.status != "failed":
                if self._reload.is_set():
                    self._reload.clear()
                    self._load_again(daemon)
        finally:
            notify("STOPPING=1")
            failure = daemon.pump.reason if daemon.status == "failed" else ""
            daemon.stop()
        if failure:
            raise AiopsError(f"the engine failed and the journal is safe: {failure}")

    def _built(self, config: Config) -> Daemon | None:
        """The daemon, once the disk has room for it to start; None when a signal came first."""
        while True:
            try:
                with held_back():
                    return build(config)
            except AiopsError as error:
                failure = error
            except TROUBLE as error:
                failure = AiopsError(f"state {config.state.path()}: {error}")
                failure.__cause__ = error
            self._obey()
            notify("READY=1")
            if not until_there_is_room(config, lambda: guard_of(sources_of(config)), failure, self._ended):
                return None

    def _obey(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGHUP, lambda number, frame: self._reload.set())

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self._ended.is_set():
            # Asked twice: the state is safe at any moment.
            os._exit(128 + number)
        self._ended.set()

    def _load_again(self, daemon: Daemon) -> None:
        notify("RELOADING=1")
        try:
            daemon.reload(load_config(self._path, self._sets))
        except AiopsError as error:
            log(logging.ERROR, f"nothing was reloaded: {error}")
        notify("READY=1")


def introduction(config: Config, urls: Sequence[str]) -> list[str]:
    """What was started, for people: where the page is, and what is not configured."""
    where = f"page and API at {', '.join(urls)}" if urls else "no page: http.enabled is false"
    lacking = []
    if not config.endpoints:
        lacking.append("no endpoint: nobody is notified")
    if not config.topology:
        lacking.append("no topology: causes come from the alerts alone")
    lines = [f"{where}; state in {config.state.path()}"]
    return [*lines, f"not configured: {'; '.join(lacking)}"] if lacking else lines


def notify(text: str) -> None:
    """Tell systemd (sd_notify(3)); does nothing where it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        try:
            connection.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log(logging.WARNING, f"systemd could not be told: {error}")
