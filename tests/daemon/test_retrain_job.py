"""The retrain trigger: due by drift or schedule, at most once in a while, and what it did is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from aiops.config import Config, ModelsConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.retrain_job import FILE_NAME, RetrainJob, Trained
from aiops.engine.drift.stage import Alarm
from aiops.engine.engine import Engine
from aiops.records import Tick
from aiops.store import audit
from aiops.telemetry.metrics import render
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0
DAY_S = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Trains:
    """Trains nothing, and notes what it was asked for."""

    def __init__(self, fails: Sequence[str] = (), slots: Sequence[str] = ("causes", "grouping", "noise")) -> None:
        self.fails, self.known = fails, slots
        self.asked: list[str] = []

    def slots(self) -> Sequence[str]:
        return self.known

    def train(self, slot: str, stop: threading.Event) -> Trained:
        self.asked.append(slot)
        if slot == "missing":
            raise OSError("no such program")
        return Trained(slot, slot not in self.fails, f"{slot}-1: not better than the one in use")


Make = Callable[..., RetrainJob]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    def make() -> Engine:
        engine = Engine()
        engine.step([Tick(ts=NOW)])
        return engine

    found = bare_daemon(Config(state=StateConfig(str(tmp_path))), make, clock=lambda: NOW)
    yield found
    found.close()


@pytest.fixture
def made(daemon: Daemon) -> Make:
    def make(mode: str, trains: Trains, clock: Clock) -> RetrainJob:
        config = ModelsConfig(retrain=mode)  # type: ignore[arg-type]
        return RetrainJob(config, daemon._core.state, daemon.pump, trains, clock)

    return make


def drift(daemon: Daemon, what: str) -> None:
    """Let the engine have raised an alarm half an hour ago."""
    engine = daemon.pump.engine
    assert isinstance(engine, Engine)
    engine.drift.alarms.append(Alarm(NOW - 1_800.0, what, "it changed"))
    daemon.pump._account()


def test_nothing_is_trained_without_drift_and_nothing_where_it_is_not_configured(daemon: Daemon, made: Make) -> None:
    clock, trains = Clock(), Trains()
    quiet = made("drift", trains, clock)
    quiet.step()
    drift(daemon, "rate")
    never = made("never", trains, clock)
    never.step()
    assert trains.asked == []
    assert never.health()["is_due"]
    assert "set `models.retrain`" in never.advice()
    assert "aiops_retrain_due 1" in render(never.families())


@pytest.mark.parametrize(
    ("what", "slots"), [("rate", ["causes", "grouping", "noise"]), ("promises", ["causes"]), ("noise", ["noise"])]
)
def test_drift_trains_what_it_concerns_and_is_answered_by_that(
    daemon: Daemon, made: Make, what: str, slots: list[str]
) -> None:
    clock, trains = Clock(), Trains()
    job = made("drift", trains, clock)
    drift(daemon, what)
    job.step()
    assert trains.asked == slots
    assert job.alarms() == []
    assert job.health()["last"]["why"] == f"drift of {what}"
    job.step()
    assert trains.asked == slots
    texts = [one.text for one in audit.entries(daemon.store.database.reader) if one.topic == "models"]
    assert texts[0] == f"retraining started: drift of {what}; {', '.join(slots)}"
    assert texts[1] == f"retraining of {slots[0]} ended: {slots[0]}-1: not better than the one in use"


def test_a_failed_training_leaves_the_alarm_and_is_tried_again_after_the_pause(daemon: Daemon, made: Make) -> None:
    clock, trains = Clock(), Trains(fails=["noise"])
    job = made("drift", trains, clock)
    drift(daemon, "noise")
    job.step()
    assert [one.what for one in job.alarms()] == ["noise"]
    assert job.problem.startswith("retraining of noise failed: ")
    clock.now += DAY_S - 1
    job.step()
    assert trains.asked == ["noise"]
    clock.now += 2
    job.step()
    assert trains.asked == ["noise", "noise"]
    assert 'aiops_retrainings_total{result="failed"} 2' in render(job.families())


def test_a_schedule_counts_from_the_start_and_from_the_last_training(made: Make) -> None:
    clock, trains = Clock(), Trains(slots=["causes"])
    job = made("schedule", trains, clock)
    job.step()
    clock.now += 7 * DAY_S
    job.step()
    job.step()
    assert trains.asked == ["causes"]
    clock.now += 7 * DAY_S
    job.step()
    assert trains.asked == ["causes", "causes"]
    assert job.health()["last"]["why"] == "schedule"


def test_a_program_that_is_missing_or_no_trainer_is_a_problem_and_no_fault(daemon: Daemon, made: Make) -> None:
    drift(daemon, "rate")
    gone = made("drift", Trains(slots=["missing"]), Clock())
    gone.step()
    assert gone.problem == "retraining of missing failed: no such program"
    empty = made("drift", Trains(slots=[]), Clock())
    empty._last.at = 0.0
    empty.step()
    assert empty.problem == "retraining is due and nothing can be trained: no trainer is installed"


def test_the_last_training_outlives_a_restart_and_a_damaged_file_is_none(daemon: Daemon, made: Make) -> None:
    drift(daemon, "rate")
    clock = Clock()
    made("drift", Trains(), clock).step()
    again, trains = made("drift", trained := Trains(), clock), trained
    again.step()
    assert trains.asked == []
    assert again.trained_at == NOW
    (daemon.directory / FILE_NAME).write_bytes(b"\xff{")
    assert made("drift", Trains(), clock).trained_at == 0.0


def test_a_stop_ends_the_thread_between_two_slots(daemon: Daemon, made: Make) -> None:
    drift(daemon, "rate")
    trains = Trains()
    job = made("drift", trains, Clock())
    job._stop.set()
    job.step()
    assert trains.asked == []
    idle = made("never", trains, Clock())
    idle.start()
    idle.stop(5.0)
    assert not idle._thread.is_alive()
