"""The sources, each in a thread of its own: started where the journal ends, restarted after a failure."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops import registry
from aiops.backoff import Backoff
from aiops.config import SourceConfig
from aiops.errors import AiopsError
from aiops.ports import Inbox, Listens, Position, Reloads, Source
from aiops.telemetry.logs import log

GROUP = "aiops.sources"
_RETRY_FIRST_S = 1.0
# A source that fails again and again has a fault that only a new release mends: one cheap attempt a minute.
_RETRY_CAP_S = 60.0
Positions = Callable[[str], Position | None]


def build_source(config: SourceConfig) -> Source:
    """Return the source of a configuration; raise `UsageError` for an unknown type or wrong options."""
    source: Source = registry.load(GROUP, config.type)(config.name, config.options)
    return source


class Sources:
    """Runs sources until `stop`, each in a thread of its own."""

    def __init__(self, sources: Sequence[Source], inbox: Inbox) -> None:
        self._sources = {source.name: source for source in sources}
        self._inbox = inbox
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.falls: dict[str, int] = dict.fromkeys(self._sources, 0)
        # The reason why a source does not run at the moment.
        self._down: dict[str, str] = {}

    def bind(self) -> list[str]:
        """Bind the addresses of sources that listen, and return them; raise `UsageError` for one in use."""
        listening = [source for source in self._sources.values() if isinstance(source, Listens)]
        try:
            for source in listening:
                source.bind()
        except BaseException:
            for source in listening:
                source.unbind()
            raise
        return [source.url for source in listening]

    def start(self, positions: Positions) -> None:
        """Start all threads; `positions` returns how far the journal holds what a source has read."""
        for source in self._sources.values():
            thread = threading.Thread(
                target=self._run, args=(source, positions), name=f"source {source.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def reload(self) -> None:
        """Read the files of all sources again; raise `UsageError`, with nothing changed, if one is wrong."""
        for take_over in [source.reload() for source in self._sources.values() if isinstance(source, Reloads)]:
            take_over()

    def stop(self) -> None:
        """Signal all to end."""
        self._stop.set()
        for source in self._sources.values():
            source.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for all to end; return True if they did."""
        share_s = timeout_s / max(1, len(self._threads))
        for thread in self._threads:
            thread.join(share_s)
        return not any(thread.is_alive() for thread in self._threads)

    def health(self) -> dict[str, Mapping[str, Any]]:
        """Return the health of each source."""
        return {name: self._health(source) for name, source in self._sources.items()}

    def have_backlog(self) -> bool:
        """Return True if one has still to bring a backlog, or cannot know yet, as its broker is away."""
        return any(_has_backlog(health) for health in self.health().values())

    def _health(self, source: Source) -> Mapping[str, Any]:
        falls = self.falls[source.name]
        try:
            found = dict(source.health())
        except Exception as error:
            found = {"ok": False, "detail": f"health: {type(error).__name__}: {error}"}
        down = self._down.get(source.name)
        return {**found, "falls": falls} if down is None else {**found, "ok": False, "detail": down, "falls": falls}

    def _run(self, source: Source, positions: Positions) -> None:
        backoff = Backoff(_RETRY_FIRST_S, _RETRY_CAP_S)
        while not self._stop.is_set():
            self._down.pop(source.name, None)
            reason = self._attempt(source, positions)
            if self._stop.is_set():
                return
            log(logging.WARNING, "a source ended and is restarted", source=source.name, reason=reason)
            self._down[source.name] = reason
            self.falls[source.name] += 1
            self._stop.wait(backoff.next_s())

    def _attempt(self, source: Source, positions: Positions) -> str:
        """Run a source; return the reason why it ended."""
        try:
            source.run(self._inbox, positions(source.name))
        except AiopsError as error:
            return str(error)
        except Exception as error:
            logging.getLogger("aiops").exception("source %s failed", source.name)
            return f"{type(error).__name__}: {error}"
        return "ended without an error"


def _has_backlog(health: Mapping[str, Any]) -> bool:
    """Return True for a source of partitions that has none yet, or unread messages; others keep none."""
    if health.get("connected") is False or health.get("partitions") == 0:
        return True
    lag = health.get("lag")
    return isinstance(lag, Mapping) and any(lag.values())
