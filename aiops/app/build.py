"""Build the daemon of a configuration: state, engine, pump and neighbours. Nothing is started here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec.structs import astuple

from aiops.app.dispatcher import open_dispatcher, open_queues
from aiops.app.engine import build_engine
from aiops.app.runs import open_runs, shipped_or_named
from aiops.config import Config, SourceConfig
from aiops.daemon.clocks import SteadyClock
from aiops.daemon.daemon import Daemon
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.inbox import Inbox
from aiops.daemon.opening import Clocks, OpenedState, open_state
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.parts import Core, Neighbours
from aiops.daemon.pump import Pump
from aiops.daemon.retention_job import RetentionJob
from aiops.daemon.scrubber import Scrubber
from aiops.daemon.sources import Sources, build_source
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.engine.rank import Models
from aiops.errors import UsageError
from aiops.http.auth import Guard
from aiops.http.redaction import origin_of
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.policy import EndpointPolicy
from aiops.ports import Source
from aiops.telemetry.logs import log
from aiops.telemetry.trace import OFF, Tracer
from aiops.telemetry.tracing import Traced, Tracing, open_tracing
from aiops.topology import Topology, load_topology
from aiops.web.app import create_app
from aiops.wording import plural

# Problems that one line holds; the rest is counted.
_MAX_SHOWN = 5


@runtime_checkable
class Serves(Protocol):
    """A source that has an HTTP server and serves another application beside its own routes."""

    guard: Guard

    def mount(self, app: object) -> None:
        """Serve `app` for all paths that are not the source's own."""
        ...


def topology_of(config: Config) -> Topology:
    """Return the dependency graph that a configuration names; an empty one if it names none."""
    return load_topology(Path(config.topology)) if config.topology else Topology()


def sources_of(config: Config) -> list[Source]:
    """Return the sources of a configuration; with `http.enabled`, the HTTP ingest among them.

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
    """Return the daemon of a configuration, not started; raise `AiopsError` for what cannot work."""
    topology = topology_of(config)
    make = partial(build_engine, config, topology)
    return build_daemon(
        config, make, sources_of(config), Clocks(SteadyClock()), topology=topology, tracing=open_tracing(config.tracing)
    )


def build_daemon(
    config: Config,
    make: Callable[[], HostedEngine],
    sources: Sequence[Source],
    clocks: Clocks,
    *,
    topology: Topology,
    tracing: Tracing | None = None,
) -> Daemon:
    """Return a daemon of these parts; `make` builds an empty engine.

    Raise `AiopsError` for what cannot work.
    """
    tracer = OFF if tracing is None else tracing
    policy = EndpointPolicy(config.endpoints, config.http.external_url, tracer)
    with ExitStack() as opened:
        state = open_state(config, make, policy, clocks)
        opened.callback(state.close)
        left_out = report_left_out(config, state.recovered.engine)
        dispatcher = open_dispatcher(
            state.store, config.endpoints, clock=clocks.wall, monotonic=clocks.monotonic, tracer=tracer
        )
        core = assemble(config, state, sources, clocks, tracer=tracer, wake=dispatcher.wake)
        runs, problem = open_runs(core, topology)
        if runs is not None:
            opened.callback(runs.close)
        reload = partial(_reload_endpoints, dispatcher, policy, clocks)
        daemon = Daemon(core, Neighbours(dispatcher, runs, problem, tracing, left_out, reload))
        _serve_pages(daemon, sources)
        _trace(sources, tracing)
        # The daemon closes what was opened, from here on.
        opened.pop_all()
        return daemon


def assemble(
    config: Config,
    state: OpenedState,
    sources: Sequence[Source],
    clocks: Clocks,
    *,
    tracer: Tracer = OFF,
    wake: Callable[[], None] = lambda: None,
) -> Core:
    """Return the parts of every daemon on an opened state.

    `wake` is called after a transaction that adds outbox rows.
    """
    inbox = Inbox(config.inbox.max_records, clocks.monotonic)
    actions = OperatorActions(inbox, clocks.wall)
    running = Sources(sources, inbox)

    def stored(events: list[Event], rows: int) -> None:
        actions.answer(events)
        if rows:
            wake()

    pump = Pump(
        state.recovered,
        state.writer,
        state.store,
        inbox,
        state.snapshots,
        config=config.inbox,
        digest=state.digest,
        clock=clocks.wall,
        monotonic=clocks.monotonic,
        on_events=stored,
        tracer=tracer,
        has_backlog=running.have_backlog,
    )
    retention = RetentionJob(config, state, clocks.wall)
    return Core(config, clocks, state, inbox, actions, running, pump, retention, Scrubber(state.journal_directory))


def _reload_endpoints(dispatcher: Dispatcher, policy: EndpointPolicy, clocks: Clocks, config: Config) -> None:
    dispatcher.replace(open_queues(config.endpoints, clocks.monotonic))
    policy.replace(config.endpoints)


def _serve_pages(daemon: Daemon, sources: Sequence[Source]) -> None:
    """Serve the API, the probes and the pages beside the HTTP ingest, if there is one."""
    for source in sources:
        if source.name == "http" and isinstance(source, Serves):
            source.mount(create_app(daemon, source.guard, clock=daemon.clock))


def _trace(sources: Sequence[Source], tracing: Tracing | None) -> None:
    for source in sources:
        if tracing is not None and isinstance(source, Traced):
            source.trace(tracing)


def guard_of(sources: Sequence[Source]) -> Guard | None:
    """Return the guard of the HTTP server; None if there is none."""
    return next((source.guard for source in sources if source.name == "http" and isinstance(source, Serves)), None)


def left_out(config: Config, engine: object) -> list[str]:
    """Return the things that a configuration names and that cannot be used, such as a missing folder."""
    models = engine.ranking.models if isinstance(engine, Engine) else Models()
    found = [str(text) for model in astuple(models) for text in getattr(model, "problems", ())]
    if config.respond.enabled:
        found += shipped_or_named(config).problems
    return list(dict.fromkeys(found))


def report_left_out(config: Config, engine: object) -> list[str]:
    """Log and return what was left out: the daemon works without it, but not as it was meant to."""
    problems = left_out(config, engine)
    for text in problems:
        log(logging.WARNING, f"left out: {text}")
    return problems


def check(config: Config) -> list[str]:
    """Build all that a configuration names, start nothing, and return a summary.

    Nothing is connected to and no state is opened. Raise `AiopsError` for what cannot work.
    """
    topology = topology_of(config)
    sources = sources_of(config)
    queues = open_queues(config.endpoints)
    problems = left_out(config, build_engine(config, topology))
    if problems:
        more = f"; and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise UsageError("; ".join(problems[:_MAX_SHOWN]) + more)
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
