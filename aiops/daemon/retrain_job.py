"""The retrain trigger: notes when the models should be trained again, and trains them if configured.

Drift or decay (an alarm of the engine) or a schedule makes a training due. It runs in a process of its own and makes
candidates; nothing is promoted by it. What was last trained is kept in a file of the state directory.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from aiops.config import ModelsConfig
from aiops.daemon.opening import OpenedState
from aiops.daemon.pump import Pump
from aiops.private import FILE
from aiops.store import audit
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.views.model_watch import StandingAlarm, standing

# An alarm needs twenty hours to arise: half a minute more is nothing.
EVERY_S = 30.0
FILE_NAME = "retraining.json"
TOPIC = "models"
# The slots that a change of an input or of an outcome concerns; an input concerns all.
_OF_OUTCOME = {
    "causes": "causes",
    "promises": "causes",
    "calibration": "causes",
    "playbooks": "playbooks",
    "grouping": "grouping",
    "noise": "noise",
}
_MAX_TEXT = 500


class Trained(Struct):
    """The end of the training of one slot: `done` unless it failed; `text` is the verdict or the problem."""

    slot: str
    done: bool
    text: str


class Retraining(Struct):
    """The last training that was triggered: when (host's clock and engine time), why, and how it ended."""

    at: float = 0.0
    engine_at: float = 0.0
    why: str = ""
    results: list[Trained] = field(default_factory=list)


class Trains(Protocol):
    """Trains models beside the daemon."""

    def slots(self) -> Sequence[str]:
        """Return the slots that can be trained."""
        ...

    def train(self, slot: str, stop: threading.Event) -> Trained:
        """Train one slot on the journal, within limits; end soon once `stop` is set."""
        ...


class RetrainJob:
    """A thread that looks twice a minute if a training is due; `clock` gives Unix seconds."""

    def __init__(
        self, config: ModelsConfig, state: OpenedState, pump: Pump, trains: Trains, clock: Callable[[], float]
    ) -> None:
        self._config, self._pump, self._trains, self._clock = config, pump, trains, clock
        self._database = state.store.database
        self._path = state.directory / FILE_NAME
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retraining", daemon=True)
        self._last = self._read()
        self._began_at = clock()
        self.running = ""
        self.problem = ""
        self.started = self.failed = 0

    @property
    def trained_at(self) -> float:
        """The engine time of the last training that did not fail; 0 before any."""
        last = self._last
        return last.engine_at if any(one.done for one in last.results) else 0.0

    def alarms(self) -> list[StandingAlarm]:
        """Return the alarms that no training has followed."""
        return standing(self._pump.accounts.get("drift", {}), self._pump.engine_at, self.trained_at)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread, and a training under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def step(self) -> None:
        """Train if it is due."""
        now = self._clock()
        why = self._due(now)
        if not why or (self._last.at and now - self._last.at < self._config.retrain_pause_s):
            return
        slots = self._slots()
        if not slots:
            self.problem = "retraining is due and nothing can be trained: no trainer is installed"
            return
        self._train(now, why, slots)

    def _due(self, now: float) -> str:
        """Return why a training is due; empty if none is, or none is configured."""
        if self._config.retrain == "never":
            return ""
        if alarms := self.alarms():
            return f"drift of {', '.join(dict.fromkeys(one.what for one in alarms))}"
        since = self._last.at or self._began_at
        is_time = self._config.retrain == "schedule" and now - since >= self._config.retrain_every_s
        return "schedule" if is_time else ""

    def _slots(self) -> list[str]:
        """Return the slots to train: those of the outcomes that changed, all for an input or by schedule."""
        all_slots = list(self._trains.slots())
        what = [one.what for one in self.alarms()]
        if not what or any(one not in _OF_OUTCOME for one in what):
            return all_slots
        concerned = {_OF_OUTCOME[one] for one in what}
        return [slot for slot in all_slots if slot in concerned]

    def _train(self, now: float, why: str, slots: Sequence[str]) -> None:
        self.started += 1
        last = Retraining(now, self._pump.engine_at, why)
        log(logging.INFO, "retraining started", why=why, slots=list(slots))
        self._audit(f"retraining started: {why}; {', '.join(slots)}")
        for slot in slots:
            if self._stop.is_set():
                return
            self.running = slot
            try:
                done = self._trains.train(slot, self._stop)
            except OSError as error:
                done = Trained(slot, False, str(error))
            done.text = done.text[:_MAX_TEXT]
            last.results.append(done)
        self.running = ""
        failed = [one for one in last.results if not one.done]
        self.failed += bool(failed)
        self.problem = "; ".join(f"retraining of {one.slot} failed: {one.text}" for one in failed)
        self._last = last
        self._write(last)
        for one in last.results:
            log(logging.INFO if one.done else logging.WARNING, "retraining ended", slot=one.slot, result=one.text)
            self._audit(f"retraining of {one.slot} {'ended' if one.done else 'failed'}: {one.text}")

    def advice(self) -> str:
        """Return what will be done about an alarm, or should be."""
        if self.running:
            return f"training {self.running} now"
        if self._config.retrain == "never":
            return "train again (`aiops models train --slot all --from journal`), or set `models.retrain`"
        return self.problem or "a training is due"

    def health(self) -> dict[str, Any]:
        """Return what is configured, what is under way, and how the last training ended."""
        last = self._last
        return {
            "mode": self._config.retrain,
            "is_due": bool(self.alarms()) or bool(self._due(self._clock())),
            "running": self.running,
            "problem": self.problem,
            "last": msgspec.to_builtins(last) if last.at else None,
        }

    def families(self) -> list[Family]:
        """Return the metrics of the trigger."""
        return [
            Family("aiops_retrain_due", "gauge", "1 while the models should be trained again.").add(
                float(self.health()["is_due"])
            ),
            Family("aiops_retrainings_total", "counter", "Trainings that were triggered, by result.")
            .add(self.started - self.failed, result="done")
            .add(self.failed, result="failed"),
        ]

    def _audit(self, text: str) -> None:
        try:
            with self._database.transaction() as connection:
                audit.write(connection, audit.NO_RECORD, self._clock(), TOPIC, None, None, None, text)
        except sqlite3.Error as error:
            # The log has it, and the disk's own warning is the one that matters then.
            log(logging.WARNING, "the audit could not be written", error=str(error))

    def _read(self) -> Retraining:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Retraining)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            # None yet, or damaged: the worst that can happen is a training too many.
            return Retraining()

    def _write(self, last: Retraining) -> None:
        beside = self._path.with_suffix(".new")
        try:
            beside.touch(mode=FILE)
            beside.write_bytes(msgspec.json.encode(last))
            os.replace(beside, self._path)
        except OSError as error:
            log(logging.WARNING, "the end of a training could not be kept", error=str(error))

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.step()
