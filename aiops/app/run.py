"""Run the daemon: build it from a configuration, obey signals, end with an exit code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from aiops.app.build import build, guard_of, sources_of
from aiops.app.signals import Signals, notify_systemd
from aiops.config import Config, load_config
from aiops.daemon.daemon import Daemon
from aiops.daemon.disk_wait import TROUBLE, until_there_is_room
from aiops.daemon.gc_tuning import held_back, settle
from aiops.daemon.process_limits import raise_open_files
from aiops.daemon.unconfigured import unconfigured
from aiops.errors import AiopsError
from aiops.telemetry import logs
from aiops.telemetry.logs import log
from aiops.wording import listed

# How often the pump's state is checked between signals.
_CHECK_S = 0.5


class Runner:
    """Runs a daemon until a signal, or until its pump fails."""

    def __init__(self, path: Path | None, sets: Sequence[str], show: Callable[[str], None] = lambda line: None) -> None:
        """`show` gets a few lines for people about what was started."""
        self._path = path
        self._sets = sets
        self._show = show
        self._signals = Signals()

    def run(self) -> None:
        """Return after SIGTERM or SIGINT; raise `AiopsError` if the daemon cannot start or continue."""
        config = self._load()
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
        self._signals.install()
        daemon.start()
        for line in introduction(config, urls):
            self._show(line)
        notify_systemd("READY=1")
        self._serve(daemon)

    def _serve(self, daemon: Daemon) -> None:
        """Wait for signals and obey them; stop the daemon in any case."""
        signals = self._signals
        try:
            while not signals.ended.wait(_CHECK_S) and daemon.status != "failed":
                if signals.reload.is_set():
                    signals.reload.clear()
                    self._reload(daemon)
        finally:
            notify_systemd("STOPPING=1")
            failure = daemon.pump.reason if daemon.status == "failed" else ""
            daemon.stop()
        if failure:
            raise AiopsError(f"the engine failed and the journal is safe: {failure}")

    def _built(self, config: Config) -> Daemon | None:
        """Return the daemon, once the disk has room for it to start; None if a signal came first."""
        while True:
            try:
                with held_back():
                    return build(config, self._load, self._arguments())
            except AiopsError as error:
                failure = error
            except TROUBLE as error:
                failure = AiopsError(f"state {config.state.path()}: {error}")
                failure.__cause__ = error
            self._signals.install()
            notify_systemd("READY=1")
            if not until_there_is_room(config, lambda: guard_of(sources_of(config)), failure, self._signals.ended):
                return None

    def _arguments(self) -> list[str]:
        """Return the options of a command that uses the same configuration."""
        named = ["--config", str(self._path.absolute())] if self._path is not None else []
        return [*named, *(word for one in self._sets for word in ("--set", one))]

    def _load(self) -> Config:
        return load_config(self._path, self._sets)

    def _reload(self, daemon: Daemon) -> None:
        notify_systemd("RELOADING=1")
        try:
            daemon.reload_file()
        except AiopsError as error:
            log(logging.ERROR, f"nothing was reloaded: {error}")
        notify_systemd("READY=1")


def introduction(config: Config, urls: Sequence[str]) -> list[str]:
    """Return lines for people: addresses, state, and what is not configured with its costs."""
    lines = [f"state in {config.state.path()}"]
    if urls:
        lines = [
            f"page and API at {', '.join(urls)}",
            f"alerts to {urls[0]}ingest/NAME (`aiops connectors setup NAME` prints what to enter in a tool)",
            *lines,
            *_access(config),
        ]
    else:
        lines.insert(0, "no page: http.enabled is false")
    return [*lines, *(f"not configured: {one}" for one in unconfigured(config))]


def _access(config: Config) -> list[str]:
    tokens = config.http.options.get("tokens")
    if not tokens:
        return []
    readers = [str(one.get("name", "")) for one in tokens if {"read", "write"} & set(one.get("scopes", ["read"]))]
    return [f"sign in with a token of {listed(readers, 5)}" if readers else "nobody can sign in: no token may read"]
