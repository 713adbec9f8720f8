"""Queries of the engine through the pump: answers, an engine of another kind, and a pump that is busy."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from aiops_models.causes import CauseRanker

from aiops.config import Config, StateConfig
from aiops.daemon.engine_questions import EngineQuestions
from aiops.daemon.pump import Pump
from aiops.engine.engine import Engine
from aiops.engine.rank import Models
from aiops.engine.silences.actions import parse_silence
from aiops.errors import AiopsError
from aiops.ports import Received
from aiops.records import Action, Alert
from aiops.topology import Topology
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0
SILENCE = parse_silence(
    Action(ts=NOW, verb="silence", args={"matchers": 'name="DiskFull"', "until": str(NOW + 3600), "id": "s"}), NOW
)


class Immediate:
    """A pump that answers in the thread of the query."""

    def __init__(self, engine: object) -> None:
        self.engine = engine

    def query(self, question: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        try:
            answer.set_result(question(self.engine))
        except Exception as error:
            answer.set_exception(error)
        return answer


class Busy:
    """A pump that never comes to a query."""

    def query(self, question: Any) -> Future[Any]:
        return Future()


def asking(pump: object, timeout_s: float = 60.0) -> EngineQuestions:
    return EngineQuestions(cast(Pump, pump), lambda: NOW, timeout_s)


@pytest.fixture
def pump(tmp_path: Path) -> Iterator[Pump]:
    """A pump that runs, with one critical alert in its engine."""
    daemon = bare_daemon(Config(state=StateConfig(str(tmp_path))), Engine, clock=lambda: NOW)
    thread = Thread(target=daemon.pump.run, daemon=True)
    thread.start()
    alert = Alert(ts=NOW, name="DiskFull", entity="db-1", service="db", severity="critical", id="a-1")
    assert daemon.inbox.put(Received([alert]), 60.0)
    yield daemon.pump
    daemon.pump.stop()
    thread.join(60.0)
    daemon.close()


def test_an_incident_is_found_by_its_id(pump: Pump) -> None:
    [name] = cast(Engine, pump.engine).incidents.by_id
    found = asking(pump).incident(name)
    assert found is not None
    assert [stream.entity for stream in found.streams] == ["db-1"]
    assert asking(pump).incident("i-unknown") is None


def test_a_preview_matches_what_fires_now(pump: Pump) -> None:
    assert asking(pump).preview(SILENCE).firing == 1


def test_an_engine_without_silences_is_an_error_and_has_no_incidents() -> None:
    other = asking(Immediate(object()))
    assert other.incident("i-1") is None
    with pytest.raises(AiopsError, match="holds no silences"):
        other.preview(SILENCE)


def test_measure_of_causes_is_that_of_the_ranker() -> None:
    assert asking(Immediate(Engine())).calibration() is None
    measured = asking(Immediate(Engine(models=Models(ranker=CauseRanker(Topology()))))).calibration()
    assert measured is not None
    assert measured["outcomes"] == 0
    with pytest.raises(AiopsError, match="calibration: the engine did not answer"):
        asking(Busy(), 0.0).calibration()


def test_a_pump_that_is_busy_is_an_error_with_advice() -> None:
    busy = asking(Busy(), 0.0)
    with pytest.raises(AiopsError, match="did not answer in 0 s; try again"):
        busy.incident("i-1")


def test_an_explanation_names_the_incident_of_a_stream(pump: Pump) -> None:
    [name] = cast(Engine, pump.engine).incidents.by_id
    found = asking(pump).explain(name, "a-1")
    assert found is not None
    assert (found.incident, found.name, found.entity) == (name, "DiskFull", "db-1")
    assert asking(pump).explain(name, "a-unknown") is None
    assert asking(Immediate(object())).explain(name, "a-1") is None


def test_all_alerts_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.daemon.engine_questions.PART", 2)
    engine = Engine()
    engine.step([Alert(ts=NOW, name="DiskFull", entity=f"db-{n}", severity="critical") for n in range(5)])
    found = asking(Immediate(engine)).firing()
    assert [alert.entity for alert in found] == [f"db-{n}" for n in range(5)]


def test_silences_are_those_in_force_and_those_that_ended() -> None:
    engine = Engine()
    engine.silences.add(SILENCE)
    assert asking(Immediate(engine)).silences() == ([SILENCE], [])
    engine.silences.remove("s", NOW)
    held, [ended] = asking(Immediate(engine)).silences()
    assert (held, ended.id, ended.end) == ([], "s", NOW)


@pytest.mark.parametrize("question", ["firing", "silences"])
def test_an_engine_of_another_kind_holds_no_alerts(question: str) -> None:
    with pytest.raises(AiopsError, match="holds no alerts"):
        getattr(asking(Immediate(object())), question)()
    with pytest.raises(AiopsError, match="did not answer"):
        getattr(asking(Busy(), 0.01), question)()
