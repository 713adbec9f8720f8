"""Joins the daemon with its neighbours: the delivery worker, the API and its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from aiops.config import Config
from aiops.daemon.daemon import Daemon
from aiops.deliver.assembly import open_lanes, open_worker
from aiops.deliver.worker import Worker
from aiops.engine.events import Event
from aiops.ports import Source
from aiops.web.app import create_app
from aiops.web.auth import Guard


@runtime_checkable
class Serves(Protocol):
    """A source that has an HTTP server and serves another application beside its own routes."""

    guard: Guard

    def mount(self, app: object) -> None:
        """Serve `app` for all paths that are not the source's own."""
        ...


def add_delivery(daemon: Daemon) -> Worker:
    """Deliver the outbox to the configured endpoints, woken by each transaction that adds to it."""
    worker = open_worker(daemon.store, daemon.config.endpoints, clock=daemon.clock, monotonic=daemon.monotonic)

    def wake(events: list[Event], rows: int) -> None:
        if rows:
            worker.wake()

    def reload(config: Config) -> None:
        worker.replace(open_lanes(config.endpoints, daemon.monotonic))

    daemon.listen(wake)
    daemon.reloaders.append(reload)
    daemon.extra_metrics.append(worker.metrics)
    daemon.extra_health["delivery"] = worker.health
    daemon.add(worker)
    return worker


def add_pages(daemon: Daemon, sources: Sequence[Source]) -> None:
    """Serve the API, the probes and the pages beside the HTTP ingest, where there is one."""
    for source in sources:
        if source.name == "http" and isinstance(source, Serves):
            source.mount(create_app(daemon, source.guard, clock=daemon.clock))
