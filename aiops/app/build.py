"""Build the daemon of a configuration: state, engine, pump and neighbours. Nothing is started here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec.structs import astuple

from aiops.app.collecting import open_collecting, open_readers, read_playbooks
from aiops.app.dispatcher import open_dispatcher, open_queues
from aiops.app.engine import build_engine
from aiops.app.routing import described, open_inhibition, open_policy
from aiops.app.runs import open_runs, secret_warnings, shipped_or_named
from aiops.config import Config, SourceConfig
from aiops.daemon.clocks import SteadyClock
from aiops.daemon.collect_queue import CollectQueue
from aiops.daemon.daemon import Daemon
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.inbox import Inbox
from aiops.daemon.model_times import ModelTimes
from aiops.daemon.opening import Clocks, OpenedState, open_state
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.parts import Core, Neighbours, load_nothing
from aiops.daemon.pump import Pump
from aiops.daemon.replay_jobs import ReplayJobs
from aiops.daemon.retention_job import RetentionJob
from aiops.daemon.retrain_job import RetrainJob, Trains
from aiops.daemon.retrain_process import TrainingProcesses
from aiops.daemon.scrubber import Scrubber
from aiops.daemon.sources import Sources, build_source
from aiops.engine.engine import Engine
from aiops.engine.events import Event
from aiops.engine.rank import Models
from aiops.errors import UsageError
from aiops.http.auth import Guard
from aiops.http.redaction import origin_of
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.held_openings import HeldOpenings
from aiops.notify.policy import EndpointPolicy
from aiops.notify.routes import routes_of
from aiops.notify.routing_view import RoutingView
from aiops.pages.routes import page_routes
from aiops.ports import Source
from aiops.respond.catalogue import Catalogue
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


def build(config: Config, load: Callable[[], Config] = load_nothing, arguments: Sequence[str] = ()) -> Daemon:
    """Return the daemon of a configuration, not started; raise `AiopsError` for what cannot work.

    `load` reads the configuration again, for a reload. `arguments` name it on a command line, for processes.
    """
    topology = topology_of(config)
    make = partial(build_engine, config, topology, meter=ModelTimes())
    return build_daemon(
        config,
        make,
        sources_of(config),
        Clocks(SteadyClock()),
        topology=topology,
        tracing=open_tracing(config.tracing),
        load=load,
        arguments=arguments,
    )


def build_daemon(
    config: Config,
    make: Callable[[], HostedEngine],
    sources: Sequence[Source],
    clocks: Clocks,
    *,
    topology: Topology,
    tracing: Tracing | None = None,
    load: Callable[[], Config] = load_nothing,
    arguments: Sequence[str] = (),
) -> Daemon:
    """Return a daemon of these parts; `make` builds an empty engine.

    Raise `AiopsError` for what cannot work.
    """
    tracer = OFF if tracing is None else tracing
    policy = open_policy(config, topology, tracer)
    openings = HeldOpenings(policy)
    with ExitStack() as opened:
        state = open_state(config, make, policy, clocks, openings.observe)
        opened.callback(state.close)
        catalogue = shipped_or_named(config)
        left_out = report_left_out(config, state.recovered.engine, catalogue)
        dispatcher = open_dispatcher(
            state.store,
            config.endpoints,
            clock=clocks.wall,
            monotonic=clocks.monotonic,
            tracer=tracer,
            zone=config.notify.time_zone,
            policy=policy,
        )
        readers = open_readers(config.respond, clocks.wall)
        queue = CollectQueue(read_playbooks(catalogue, readers))
        core = assemble(
            config,
            state,
            sources,
            clocks,
            tracer=tracer,
            wake=dispatcher.wake,
            openings=openings,
            trains=TrainingProcesses(config, state.directory, arguments),
            watch=queue.see,
        )
        runs, problem = open_runs(core, topology, catalogue)
        if runs is not None:
            opened.callback(runs.close)
        routing = RoutingView(config, topology)
        reload = partial(_reload_endpoints, dispatcher, policy, routing, clocks, topology)
        beside = Neighbours(
            dispatcher,
            runs,
            problem,
            tracing,
            left_out,
            reload,
            load,
            routing,
            topology,
            catalogue=catalogue,
            replays=ReplayJobs(state.directory / "replays", state.journal_directory, config, clocks.wall),
            collecting=open_collecting(core, topology, catalogue, readers, queue),
        )
        daemon = Daemon(core, beside)
        _serve_pages(daemon, sources, config.http.max_streams)
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
    openings: HeldOpenings | None = None,
    trains: Trains | None = None,
    watch: Callable[[Sequence[Event]], None] = lambda events: None,
) -> Core:
    """Return the parts of every daemon on an opened state.

    `wake` is called after a transaction that adds outbox rows. `openings` looks again at openings that wait.
    `trains` trains models where that is configured. `watch` sees events that are stored.
    """
    inbox = Inbox(config.inbox.max_records, clocks.monotonic)
    actions = OperatorActions(inbox, clocks.wall)
    running = Sources(sources, inbox)

    def stored(events: list[Event], rows: int) -> None:
        actions.answer(events)
        watch(events)
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
        sources=running.health,
        openings=openings,
    )
    retention = RetentionJob(config, state, clocks.wall)
    trains = trains or TrainingProcesses(config, state.directory)
    retrain = RetrainJob(config.models, state, pump, trains, clocks.wall)
    scrubber = Scrubber(state.journal_directory)
    return Core(config, clocks, state, inbox, actions, running, pump, retention, scrubber, retrain)


def _reload_endpoints(
    dispatcher: Dispatcher,
    policy: EndpointPolicy,
    routing: RoutingView,
    clocks: Clocks,
    topology: Topology,
    config: Config,
) -> None:
    # All of it is read before any of it is used.
    routes, inhibition = routes_of(config, topology), open_inhibition(config, topology)
    dispatcher.replace(open_queues(config.endpoints, clocks.monotonic, config.notify.time_zone, routes.reminds))
    policy.replace(config.endpoints, routes, inhibition)
    routing.replace(config, topology)


def _serve_pages(daemon: Daemon, sources: Sequence[Source], max_streams: int) -> None:
    """Serve the API, the probes and the pages beside the HTTP ingest, if there is one."""
    for source in sources:
        if source.name == "http" and isinstance(source, Serves):
            app = create_app(daemon, source.guard, pages=page_routes, clock=daemon.clock, max_streams=max_streams)
            source.mount(app)


def _trace(sources: Sequence[Source], tracing: Tracing | None) -> None:
    for source in sources:
        if tracing is not None and isinstance(source, Traced):
            source.trace(tracing)


def guard_of(sources: Sequence[Source]) -> Guard | None:
    """Return the guard of the HTTP server; None if there is none."""
    return next((source.guard for source in sources if source.name == "http" and isinstance(source, Serves)), None)


def left_out(config: Config, engine: object, catalogue: Catalogue | None = None) -> list[str]:
    """Return the things that a configuration names and that cannot be used, such as a missing folder."""
    models = engine.ranking.models if isinstance(engine, Engine) else Models()
    found = [str(text) for model in astuple(models) for text in getattr(model, "problems", ())]
    if config.respond.enabled:
        found += (catalogue if catalogue is not None else shipped_or_named(config)).problems
    return list(dict.fromkeys(found))


def report_left_out(config: Config, engine: object, catalogue: Catalogue) -> list[str]:
    """Log and return what was left out: the daemon works without it, but not as it was meant to."""
    problems = left_out(config, engine, catalogue)
    for text in problems:
        log(logging.WARNING, f"left out: {text}")
    return problems


def check(config: Config) -> list[str]:
    """Build all that a configuration names, start nothing, and return a summary.

    Nothing is connected to and no state is opened. Raise `AiopsError` for what cannot work.
    """
    topology = topology_of(config)
    sources = sources_of(config)
    queues = open_queues(config.endpoints, zone=config.notify.time_zone)
    problems = left_out(config, build_engine(config, topology))
    if problems:
        more = f"; and {len(problems) - _MAX_SHOWN} more" if len(problems) > _MAX_SHOWN else ""
        raise UsageError("; ".join(problems[:_MAX_SHOWN]) + more)
    readers = open_readers(config.respond, time.time)
    for reader in readers.values():
        reader.close()
    tracing = open_tracing(config.tracing)
    if tracing is not None:
        tracing.stop(config.drain_s)
    return [
        f"topology: {plural(len(topology.nodes), 'entity', 'entities')}, {plural(len(topology.edges), 'edge')}",
        *(f"topology: warning: {text}" for text in topology.warnings),
        f"sources: {', '.join(source.name for source in sources) or 'none'}",
        f"endpoints: {', '.join(queue.name for queue in queues) or 'none'}",
        *described(config, topology),
        *([f"systems: {', '.join(readers)}"] if readers else []),
        *secret_warnings(config, shipped_or_named(config)),
        *([f"traces: {origin_of(config.tracing.endpoint)}"] if config.tracing.enabled else []),
        f"state: {config.state.path()}",
    ]
