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
from aiops.errors import AiopsError
from aiops.telemetry import logs
from aiops.telemetry.logs import log

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
                    return build(config)
            except AiopsError as error:
                failure = error
            except TROUBLE as error:
                failure = AiopsError(f"state {config.state.path()}: {error}")
                failure.__cause__ = error
            self._signals.install()
            notify_systemd("READY=1")
            if not until_there_is_room(config, lambda: guard_of(sources_of(config)), failure, self._signals.ended):
                return None

    def _reload(self, daemon: Daemon) -> None:
        notify_systemd("RELOADING=1")
        try:
            daemon.reload(load_config(self._path, self._sets))
        except AiopsError as error:
            log(logging.ERROR, f"nothing was reloaded: {error}")
        notify_systemd("READY=1")


def introduction(config: Config, urls: Sequence[str]) -> list[str]:
    """Return lines for people about what was started: where the page is, and what is not configured."""
    where = f"page and API at {', '.join(urls)}" if urls else "no page: http.enabled is false"
    lacking = []
    if not config.endpoints:
        lacking.append("no endpoint: nobody is notified")
    if not config.topology:
        lacking.append("no topology: causes come from the alerts alone")
    lines = [f"{where}; state in {config.state.path()}"]
    return [*lines, f"not configured: {'; '.join(lacking)}"] if lacking else lines
