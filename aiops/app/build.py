"""Joins the daemon with its neighbours: the delivery worker, guarded runs, the API and its pages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec.structs import astuple

from aiops.app.dispatcher import open_dispatcher, open_queues
from aiops.config import Config
from aiops.daemon.control_handlers import answers, endpoint_answers
from aiops.daemon.daemon import Daemon
from aiops.daemon.runs import Runs, playbook_places, usable
from aiops.daemon.trail_anchor import StoreTrailAnchor
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.engine.incident_view import Look, look
from aiops.engine.rank import Models
from aiops.errors import AiopsError
from aiops.http.auth import Guard
from aiops.notify.dispatcher import Dispatcher
from aiops.ports import Source
from aiops.private import private_directory
from aiops.records import Action
from aiops.respond.audit import AuditError, Trail
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.transport import RunTransport
from aiops.telemetry.logs import log
from aiops.topology import Topology
from aiops.web.app import create_app

# The engine answers between two frames, within milliseconds; a disk that hangs holds it up.
LOOK_TIMEOUT_S = 5.0


@runtime_checkable
class Serves(Protocol):
    """A source that has an HTTP server and serves another application beside its own routes."""

    guard: Guard

    def mount(self, app: object) -> None:
        """Serve `app` for all paths that are not the source's own."""
        ...


def add_delivery(daemon: Daemon) -> Dispatcher:
    """Deliver the outbox to the configured endpoints, woken by each transaction that adds to it."""
    worker = open_dispatcher(
        daemon.store,
        daemon.config.endpoints,
        clock=daemon.clock,
        monotonic=daemon.monotonic,
        tracer=daemon.tracer,
    )

    def wake(events: list[Event], rows: int) -> None:
        if rows:
            worker.wake()

    def reload(config: Config) -> None:
        worker.replace(open_queues(config.endpoints, daemon.monotonic))

    daemon.listen(wake)
    daemon.reloaders.append(reload)
    daemon.extra_metrics.append(worker.metrics)
    daemon.extra_health["delivery"] = worker.health
    daemon.delivery = worker
    daemon.asked |= endpoint_answers(worker)
    daemon.add(worker)
    return worker


def left_out(config: Config, engine: object) -> list[str]:
    """What a configuration names and nobody can use, such as a folder of playbooks that is not there."""
    models = engine.ranking.models if isinstance(engine, Engine) else Models()
    told = [str(text) for model in astuple(models) for text in getattr(model, "problems", ())]
    if config.respond.enabled:
        told += usable(read_catalogue(_playbooks(config))).problems
    return list(dict.fromkeys(told))


def add_problems(daemon: Daemon) -> None:
    """Show what was left out in the log and the health: the daemon works without it, but not as it was meant to."""
    problems = left_out(daemon.config, daemon.recovered.engine)
    for text in problems:
        log(logging.WARNING, f"left out: {text}")
    if problems:
        daemon.extra_health["left_out"] = lambda: {"ok": False, "detail": "; ".join(problems)}


def _playbooks(config: Config) -> list[Path]:
    return [Path(place) for place in playbook_places(config.playbooks.options)] or [shipped()]


def add_runs(daemon: Daemon, topology: Topology) -> None:
    """Guarded runs of playbooks, where they are enabled.

    An audit trail that was changed, or cannot be had, stops runs and nothing else: alerts go on being correlated.
    """
    config = daemon.config.respond
    daemon.asked |= answers(daemon)
    if not config.enabled:
        return
    transport = RunTransport(config.secrets, allow_private=config.allow_private, clock=daemon.clock)
    directory = Path(config.directory).expanduser() if config.directory else daemon.directory / "runs"
    try:
        if not config.directory:
            private_directory(directory)
        trail = Trail(directory / "audit.jsonl", StoreTrailAnchor(daemon.store.database))
    except (AiopsError, OSError) as error:
        _none(daemon, error)
        transport.close()
        return
    catalogue = usable(read_catalogue(_playbooks(daemon.config)))

    def learn(incident: str, playbook: str, outcome: str) -> None:
        args = {"playbook": playbook, "outcome": outcome}
        daemon.act(Action(ts=0.0, verb="confirm_playbook", actor="aiops", incident=incident, args=args))

    def notify(incident: str, text: str) -> bool:
        args = {"text": text}
        found = daemon.act(Action(ts=0.0, verb="note", actor="aiops", incident=incident, args=args))
        if found is not None and not found.applied:
            log(logging.WARNING, f"{text}: nobody was notified: {found.reason}", incident=incident)
        return found is not None

    def look_at(name: str) -> Look | None:
        return _look(daemon, name)

    try:
        runs = Runs(config, catalogue, topology, trail, transport, look_at, learn, daemon.clock, notify)
    except AuditError as error:
        trail.close()
        _none(daemon, error)
        transport.close()
        return
    daemon.runs = runs
    daemon.extra_health["runs"] = runs.health
    daemon.extra_metrics.append(runs.metrics)
    daemon.add(runs, feeds=True)


def _none(daemon: Daemon, error: Exception) -> None:
    reason = f"nothing can be run: {error}"
    log(logging.ERROR, reason)
    daemon.extra_health["runs"] = lambda: {"ok": False, "detail": reason}


def _look(daemon: Daemon, incident: str) -> Look | None:
    def question(engine: object) -> Look | None:
        return look(engine, incident, daemon.clock()) if isinstance(engine, Engine) else None

    try:
        found: Look | None = daemon.pump.ask(question).result(LOOK_TIMEOUT_S)
    except FutureTimeout:
        raise AiopsError(f"the engine did not answer in {LOOK_TIMEOUT_S:g} s: try again") from None
    return found


def guard_of(sources: Sequence[Source]) -> Guard | None:
    """Who may ask the HTTP server; None where there is none."""
    return next((source.guard for source in sources if source.name == "http" and isinstance(source, Serves)), None)


def add_pages(daemon: Daemon, sources: Sequence[Source]) -> None:
    """Serve the API, the probes and the pages beside the HTTP ingest, where there is one."""
    for source in sources:
        if source.name == "http" and isinstance(source, Serves):
            source.mount(create_app(daemon, source.guard, clock=daemon.clock))
