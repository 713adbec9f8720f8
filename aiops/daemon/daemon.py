"""The daemon: everything put together, started and stopped in order.

start:  lock, store, snapshot and journal, pump, delivery, HTTP, sources
stop:   sources, HTTP, pump (which finishes what it has), delivery, store
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Protocol

from aiops.config import Config, engine_digest
from aiops.daemon import health as telltale
from aiops.daemon.clock_health import clock_families, clock_health
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.inbox import Inbox
from aiops.daemon.lock import StateLock
from aiops.daemon.models_in_use import InUse, detector_of, models_of
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.pump import Pump
from aiops.daemon.recovery import recover
from aiops.daemon.retention_job import RetentionJob
from aiops.daemon.runs import Runs
from aiops.daemon.scrubber import Scrubber
from aiops.daemon.snapshots import Snapshots
from aiops.daemon.sources import Sources
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback
from aiops.engine.silences.preview import Preview, preview
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.journal import Writer
from aiops.journal.segment import Torn
from aiops.journal.snapshot import frame_of, snapshot_paths
from aiops.notify.policy import EndpointPolicy
from aiops.ports import Position, Source
from aiops.records import Action
from aiops.store.repair import MISSING, Repaired, lost, move_damaged, salvage
from aiops.store.store import FILE_NAME, Store
from aiops.telemetry import logs
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.telemetry.trace import OFF, Tracer

Status = Literal["starting", "ok", "degraded", "stopping", "failed"]

# A look at all streams takes a fraction of a second; the pump may be busy with a frame before it.
PREVIEW_TIMEOUT_S = 5.0


class Service(Protocol):
    """Something that works beside the pump: the delivery worker, the HTTP server."""

    def start(self) -> None:
        """Begin, in threads of its own."""
        ...

    def stop(self, timeout_s: float) -> None:
        """Finish what is under way within the time, and end."""
        ...


class Delivery(Protocol):
    """What others ask of the delivery worker."""

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """The state of each endpoint by name."""
        ...

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Tell a disabled endpoint again; False when it was not disabled."""
        ...


class Daemon:
    """The host of the engine.

    `make` builds the engine; `sources` bring records. Services are added with `add` before `start`. What others use:
    `inbox` (put records), `act` (operator actions), `store` and `outbox` (read), `health()`, `metrics_text()`.
    """

    def __init__(
        self,
        config: Config,
        make: Callable[[], HostedEngine],
        sources: Sequence[Source] = (),
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        tracer: Tracer = OFF,
    ) -> None:
        """Open the state and fold up to the end of the journal; raise `AiopsError` for a state that cannot be used."""
        self.config = config
        self.clock = clock
        self.monotonic = monotonic
        self.tracer = tracer
        self.started_at = monotonic()
        self.problems: list[str] = []
        # What the start found of the journal and the snapshots, and when.
        self.recovered_warnings: list[str] = []
        self.recovered_at = clock()
        self.reloaders: list[Callable[[Config], None]] = []
        self.extra_metrics: list[Callable[[], Iterable[Family]]] = []
        # What neighbours say of themselves, by the key under which health shows it: `{"ok": bool, "detail": str, …}`.
        self.extra_health: dict[str, Callable[[], dict[str, Any]]] = {}
        # What neighbours answer over the control socket, by what is asked; an `AiopsError` is told to who asked.
        self.asked: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        # The delivery worker, where there is one.
        self.delivery: Delivery | None = None
        # Guarded runs, where they are enabled and their audit trail is whole.
        self.runs: Runs | None = None
        self.directory = config.state.path()
        self.journal_directory = self.directory / "journal"
        self._feeders: list[Service] = []
        self._services: list[Service] = []
        self._listeners: list[Callable[[list[Event], int], None]] = []
        self._stopping = False
        self._started = False
        with ExitStack() as opened:
            lock = StateLock(self.directory)
            opened.callback(lock.release)
            self._lost = lost(self.directory)
            self.repaired = _moved(self.directory)
            self.policy = EndpointPolicy(config.endpoints, config.http.external_url, tracer)
            self.store = Store(self.directory, self.policy)
            opened.callback(self.store.close)
            self._open(make, list(sources))
            self._closing = opened.pop_all()

    def _open(self, make: Callable[[], HostedEngine], sources: list[Source]) -> None:
        config, digest = self.config, engine_digest(self.config)
        self.outbox = self.store.outbox
        paths = snapshot_paths(self.directory / "snapshots")
        if self.repaired is not None:
            salvage(self.repaired, self.store.database)
        applied = max(self.store.applied(), (self.repaired.applied or 0) if self.repaired is not None else 0)
        known = max(applied, frame_of(paths[-1]) if paths else 0)
        self.writer = Writer(self.journal_directory, segment_bytes=config.journal.segment_bytes, known=known)
        if self.repaired is not None:
            self._say_repaired(self.repaired)
        elif self._lost:
            self._say_lost(f"{FILE_NAME} {self._lost}", bool(paths))
        self.snapshots = Snapshots(self.directory / "snapshots", config.snapshot, self.monotonic)
        self.recovered = recover(self.journal_directory, self.snapshots.directory, self.store, make, digest)
        if self.recovered.gap and "store" not in self.extra_health:
            self._say_lost(self.recovered.gap, True)
        self.snapshots.processed(self.recovered.seconds)
        self._models = models_of(config, self.recovered.engine)
        # Faults of models before this start, by port; health shows those since.
        self.faults_before: dict[str, int] = self.recovered.engine.accounts().get("faults", {})
        self.inbox = Inbox(config.inbox.max_records, self.monotonic)
        self.operator_actions = OperatorActions(self.inbox, self.clock)
        self.pump = Pump(
            self.recovered,
            self.writer,
            self.store,
            self.inbox,
            self.snapshots,
            config=config.inbox,
            digest=digest,
            clock=self.clock,
            monotonic=self.monotonic,
            on_events=self._tell_listeners,
            tracer=self.tracer,
        )
        self.extra_health["late"] = lambda: self.pump.lateness.health(self.clock())
        self.extra_metrics.append(lambda: self.pump.lateness.metrics(self.sources.falls))
        self.sources = Sources(sources, self.inbox, self.position)
        self.pump.has_backlog = self.sources.have_backlog
        self.retention_job = RetentionJob(self)
        self.scrubber = Scrubber(self.journal_directory)
        self.extra_metrics.append(self.scrubber.families)
        self.extra_metrics.append(lambda: clock_families(self))
        self.extra_health["clock"] = lambda: clock_health(self)
        self._pump_thread = threading.Thread(target=self.pump.run, name="pump", daemon=True)
        self._say_recovered()

    def add(self, service: Service, *, feeds: bool = False) -> None:
        """Start and stop `service` with the daemon: one that feeds the inbox before the pump ends, others after it."""
        (self._feeders if feeds else self._services).append(service)

    def listen(self, listener: Callable[[list[Event], int], None]) -> None:
        """Call `listener(events, new outbox rows)` in the pump's thread, quickly, after each store transaction."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Start all threads."""
        self._pump_thread.start()
        self.retention_job.start()
        self.scrubber.start()
        for service in (*self._services, *self._feeders):
            service.start()
        self.sources.start()
        self._started = True
        log(logging.INFO, "started", state=str(self.directory), frame=self.writer.number, record=self.writer.seq)

    def stop(self) -> None:
        """Stop in order, within `drain_s`: what was taken is folded, stored and, as far as time allows, delivered."""
        deadline = self.monotonic() + self.config.drain_s
        self._stopping = True
        if self.runs is not None:
            self.runs.end()
        self.sources.stop()
        for feeder in self._feeders:
            feeder.stop(self._share(deadline))
        self.sources.join(self._share(deadline))
        self.pump.stop()
        if self._started:
            self._pump_thread.join(self._share(deadline))
        for service in self._services:
            service.stop(self._share(deadline))
        self.retention_job.stop()
        self.scrubber.stop(self._share(deadline))
        if self.runs is not None:
            # Nobody comes later: what was sent may be answered until the time is over.
            self.runs.finish(max(0.0, deadline - self.monotonic()))
        if self._pump_thread.is_alive():
            log(logging.WARNING, "the time to drain is over: the next start folds the rest from the journal")
        else:
            self.close()
        log(logging.INFO, "stopped", frame=self.writer.number, record=self.writer.seq)

    def _share(self, deadline: float) -> float:
        """Half of the time that is left, so that whoever comes later has some as well."""
        return max(0.1, (deadline - self.monotonic()) / 2)

    def close(self) -> None:
        """Close files; after `stop`, or instead of `start`."""
        if self.runs is not None:
            self.runs.close()
        self.writer.close()
        self._closing.close()

    @property
    def status(self) -> Status:
        """What the daemon is doing. Only `ok` is ready."""
        if self.pump.state == "failed":
            return "failed"
        if self._stopping:
            return "stopping"
        if not self._started:
            return "starting"
        return "ok" if self.pump.state == "running" else "degraded"

    def position(self, source: str) -> Position | None:
        """How far the journal holds what a source has read; None when it has nothing of it."""
        at = self.pump.meta.positions.get(source)
        return None if at is None else Position(source, dict(at))

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Tell the engine what an operator wants, through the journal; None when it could not be taken in time.

        An action without a time gets the host's.
        """
        return self.operator_actions.act(action, timeout_s)

    def silences(self) -> list[Silence]:
        """The silences in force or to come."""
        return self.pump.silences

    def preview(self, silence: Silence) -> Preview:
        """Match a silence with what the engine knows now; raise `AiopsError` when it does not answer in time."""

        def question(engine: object) -> Preview:
            if not isinstance(engine, Engine):
                raise AiopsError("preview: this engine knows no silences")
            return preview(engine, silence, self.clock())

        try:
            found: Preview = self.pump.ask(question).result(PREVIEW_TIMEOUT_S)
        except FutureTimeout:
            raise AiopsError(f"preview: the engine did not answer in {PREVIEW_TIMEOUT_S:g} s; try again") from None
        return found

    def reload(self, config: Config) -> None:
        """Take over what can change while running: endpoints and the log level. The rest needs a restart."""
        for reload in self.reloaders:
            reload(config)
        logs.set_up(config.log.level)
        self.policy.replace(config.endpoints)
        log(logging.INFO, "reloaded the endpoints and the log level; other changes need a restart")

    def models(self) -> dict[str, InUse]:
        """The models in use, by stage."""
        return {**self._models, **detector_of(self.pump.accounts)}

    def health(self) -> dict[str, object]:
        """See `aiops.daemon.health.health`."""
        return telltale.health(self)

    def metrics_text(self) -> str:
        """See `aiops.daemon.health.metrics_text`."""
        return telltale.metrics_text(self)

    def _tell_listeners(self, events: list[Event], rows: int) -> None:
        self.operator_actions.answer(events)
        for listener in self._listeners:
            listener(events, rows)

    def _say_repaired(self, repaired: Repaired) -> None:
        """Report a store that is made again, and keep from where on people are notified, whatever comes between."""
        log(logging.ERROR, repaired.sentence, file=str(repaired.moved), rows=repaired.rows)
        is_known = repaired.is_whole and repaired.applied is not None
        self.store.assumes = not is_known
        self.store.begin_again(
            repaired.applied or 0 if is_known else self.writer.number, self.clock(), repaired.sentence
        )
        self.extra_health["store"] = lambda: {"ok": False, "detail": repaired.sentence}

    def _say_lost(self, what: str, has_snapshot: bool) -> None:
        """Report a store that lacks what it had; without a snapshot, all that the journal holds was notified of."""
        sentence = f"{what}: what it lacked was made again from the journal{MISSING}"
        log(logging.ERROR, sentence)
        if not has_snapshot:
            self.store.begin_again(self.writer.number, self.clock(), sentence)
        self.extra_health["store"] = lambda: {"ok": False, "detail": sentence}

    def _warn_of_start(self, warning: str) -> None:
        self.recovered_warnings.append(warning)
        log(logging.WARNING, warning)

    def _say_recovered(self) -> None:
        found = self.recovered
        if self.writer.torn is not None:
            self._warn_of_start(_cut_away(self.writer.torn))
        for problem in found.problems:
            self._warn_of_start(problem)
        log(logging.INFO, "folded", seconds=round(found.seconds, 3), frames=found.frames, records=found.records)


def _cut_away(torn: Torn) -> str:
    return (
        f"the journal's last commit was cut off, and is cut away ({torn.lost_bytes:,} bytes at byte {torn.offset} of "
        f"{torn.path}): after a crash it was never acknowledged, else alerts that the disk lost are missing"
    )


def _moved(directory: Path) -> Repaired | None:
    try:
        return move_damaged(directory)
    except OSError as error:
        raise AiopsError(f"store {directory}: damaged, and cannot be moved aside: {error.strerror or error}") from error
