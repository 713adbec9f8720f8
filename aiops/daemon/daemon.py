"""The daemon: the host of the engine, started and stopped in order.

start:  (state is open) pump, jobs on the disk, notifications, runs, control socket, sources
stop:   sources, control socket, pump (which finishes what it has), notifications, state
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiops.config import Config
from aiops.daemon import health
from aiops.daemon.control import ControlServer
from aiops.daemon.control_handlers import handlers_of
from aiops.daemon.decoded_types import prepare_types
from aiops.daemon.engine_questions import EngineQuestions
from aiops.daemon.figures import figures
from aiops.daemon.filled_playbooks import FilledPlaybooks
from aiops.daemon.models_in_use import ModelInUse, ModelsInUse
from aiops.daemon.parts import Core, Neighbours, Service
from aiops.daemon.status import DaemonStatus, Status
from aiops.engine.events import Feedback
from aiops.engine.firing import FiringAlert
from aiops.engine.member_explanation import MemberExplanation
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.silences import Silence
from aiops.ports import Position
from aiops.records import Action, Incident
from aiops.respond.catalogue import document_text
from aiops.respond.filled import Filled
from aiops.respond.format import Playbook
from aiops.telemetry import logs
from aiops.telemetry.logs import log
from aiops.views.lessons import LessonsList
from aiops.views.service_graph import ServiceGraph


class Daemon:
    """The host of the engine, built by `aiops.app.build`.

    What others use: `inbox` (put records), `act` (operator actions), `store` and `outbox` (read), `delivery`, `runs`,
    `health()`, `metrics_text()`.
    """

    def __init__(self, core: Core, neighbours: Neighbours) -> None:
        state = core.state
        self.config, self.clock, self.monotonic = core.config, core.clocks.wall, core.clocks.monotonic
        self.directory: Path = state.directory
        self.journal_directory: Path = state.journal_directory
        self.store, self.outbox = state.store, state.store.outbox
        self.writer, self.snapshots, self.recovered = state.writer, state.snapshots, state.recovered
        self.inbox, self.operator_actions = core.inbox, core.operator_actions
        self.sources, self.pump = core.sources, core.pump
        self.retention_job, self.scrubber, self.retrain_job = core.retention_job, core.scrubber, core.retrain_job
        self.delivery, self.runs, self.routing = neighbours.delivery, neighbours.runs, neighbours.routing
        self.services = ServiceGraph(neighbours.topology)
        self.replays = neighbours.replays
        self._core, self._neighbours = core, neighbours
        self._status = DaemonStatus(core.pump)
        self._models = ModelsInUse(core.config, core.pump)
        self._report = health.Report(core, neighbours, self._status, self._models)
        self.started_at = self.clock()
        # A signal and a request may come at once.
        self._reloading = threading.Lock()
        self._questions = EngineQuestions(core.pump, self.clock)
        self._filled = FilledPlaybooks(neighbours.catalogue.playbooks, neighbours.topology, self._questions.incident)
        self._pump_thread = threading.Thread(target=core.pump.run, name="pump", daemon=True)
        control = ControlServer(self, handlers_of(self))
        # Feeders put records into the inbox, and so end before the pump does; the other services end after it.
        feeders = (self.runs, neighbours.collecting, control)
        self._feeders: list[Service] = [one for one in feeders if one is not None]
        beside = (self.delivery, neighbours.tracing, self.replays)
        self._services: list[Service] = [one for one in beside if one is not None]

    def start(self) -> None:
        """Start all threads."""
        prepare_types()
        self._pump_thread.start()
        self.retention_job.start()
        self.scrubber.start()
        self.retrain_job.start()
        for service in (*self._services, *self._feeders):
            service.start()
        self.sources.start(self.pump.position)
        self._status.started()
        log(logging.INFO, "started", state=str(self.directory), frame=self.writer.number, record=self.writer.seq)

    def stop(self) -> None:
        """Stop in order, within `drain_s`: process and store what was taken, deliver as far as time allows."""
        deadline = self.monotonic() + self.config.drain_s
        self._status.stopping()
        # Streams of pages end at once; the server would wait for them.
        self.store.database.changes.close()
        if self.runs is not None:
            self.runs.end()
        self.sources.stop()
        for feeder in self._feeders:
            feeder.stop(self._share(deadline))
        self.sources.join(self._share(deadline))
        self.pump.stop()
        if self._status.is_started:
            self._pump_thread.join(self._share(deadline))
        for service in self._services:
            service.stop(self._share(deadline))
        self.retention_job.stop()
        self.scrubber.stop(self._share(deadline))
        self.retrain_job.stop(self._share(deadline))
        if self.runs is not None:
            # Nothing else waits for the time that is left: requests that were sent may still be answered.
            self.runs.finish(max(0.0, deadline - self.monotonic()))
        if self._pump_thread.is_alive():
            log(logging.WARNING, "stopped before all was processed; the next start processes the rest of the journal")
        else:
            self.close()
        log(logging.INFO, "stopped", frame=self.writer.number, record=self.writer.seq)

    def _share(self, deadline: float) -> float:
        """Return half of the time that is left; the services that stop later get the other half."""
        return max(0.1, (deadline - self.monotonic()) / 2)

    def close(self) -> None:
        """Close files; after `stop`, or instead of `start`."""
        if self.runs is not None:
            self.runs.close()
        self._core.state.close()

    @property
    def status(self) -> Status:
        """The daemon's state; ready only if `ok`."""
        return self._status.value

    def position(self, source: str) -> Position | None:
        """Return how far the journal holds what a source has read; None if it has nothing of it."""
        return self.pump.position(source)

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Send an operator action to the engine, through the journal; None if it was not answered in time.

        An action without a time gets the host's.
        """
        return self.operator_actions.act(action, timeout_s)

    def act_all(self, actions: Sequence[Action], timeout_s: float = 5.0) -> Mapping[str, Feedback]:
        """Send several actions to the engine at once; return the answers that came in time, by action."""
        return self.operator_actions.act_all(actions, timeout_s)

    def silences(self) -> Sequence[Silence]:
        """Return the silences in force or to come."""
        return self.pump.silences

    def all_silences(self) -> tuple[Sequence[Silence], Sequence[Silence]]:
        """Return silences in force or to come, and ended ones; raise `AiopsError` if the engine is too slow."""
        return self._questions.silences()

    def firing(self) -> Sequence[FiringAlert]:
        """Return all alerts that fire; raise `AiopsError` if the engine does not answer in time."""
        return self._questions.firing()

    def preview(self, silence: Silence) -> Preview:
        """Match a silence with what the engine knows now; raise `AiopsError` if it does not answer in time."""
        return self._questions.preview(silence)

    def explain(self, incident: str, alert: str) -> MemberExplanation | None:
        """Return why a stream is in its incident; raise `AiopsError` if the engine does not answer in time."""
        return self._questions.explain(incident, alert)

    def lessons(self) -> LessonsList:
        """Return what people taught the grouping; raise `AiopsError` if the engine does not answer in time."""
        return self._questions.lessons()

    @property
    def playbooks(self) -> Mapping[str, Playbook]:
        """The playbooks in use by name."""
        return self._filled.playbooks

    def playbook_text(self, name: str) -> str | None:
        """Return the document of a playbook in use; raise `AiopsError` if its file cannot be read."""
        return document_text(self._neighbours.catalogue, name)

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        """Return a playbook filled in for an incident; None for a name that is not in use."""
        return self._filled.fill_in(incident, playbook)

    def calibration(self) -> Mapping[str, Any] | None:
        """Return how far ranked causes were right on this site; raise `AiopsError` if the engine is too slow."""
        return self._questions.calibration()

    def reload(self, config: Config) -> None:
        """Take over the endpoints and the log level of another configuration, and the mappings of the sources.

        The rest needs a restart.
        """
        self._core.sources.reload()
        self._neighbours.reload(config)
        logs.set_up(config.log.level)
        log(
            logging.INFO,
            "reloaded endpoints, routes, inhibition rules, mappings and the log level; other changes need a restart",
        )

    def reload_file(self) -> None:
        """Read the configuration again and take it over.

        Raise `AiopsError`, and change nothing, if it does not fit.
        """
        with self._reloading:
            self.reload(self._neighbours.load())

    def model_state(self, slot: str, role: str) -> tuple[str, str]:
        """Return algorithm and state of a model; see `EngineQuestions.model_state`."""
        return self._questions.model_state(slot, role)

    def models(self) -> dict[str, ModelInUse]:
        """Return the models in use, by stage."""
        return self._models.by_stage()

    def health(self) -> dict[str, Any]:
        """See `aiops.daemon.health.Report.health`."""
        return self._report.health()

    def figures(self) -> dict[str, Any]:
        """See `aiops.daemon.figures.figures`."""
        return figures(self._core, self._neighbours, self.started_at)

    def metrics_text(self) -> str:
        """See `aiops.daemon.health.Report.metrics_text`."""
        return self._report.metrics_text()
