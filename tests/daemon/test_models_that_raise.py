"""A model that raises costs an incident its part, and never a record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aiops.engine.detect.stage import SLOT
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged, Notice
from aiops.engine.rank import Models
from aiops.journal.skips import read_skips
from aiops.ports import IncidentView
from aiops.records import Action, Alert, Cause, Evidence, Suggestion
from tests.daemon.test_frame_processing import NOW, POISON, alert, alerts, feed, open_daemon, snapshot, state_of


class Raising:
    """A ranker, suggester and memory that raise for some incidents; what they learn is counted."""

    def __init__(self) -> None:
        self.learned = 0

    def _look(self, view: IncidentView) -> None:
        if any(fact.name.startswith(POISON) for fact in view.facts):
            raise ValueError("no idea")

    def rank(self, view: IncidentView) -> list[Cause]:
        self._look(view)
        return [Cause("db-1", 1.0)]

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        self._look(view)
        return [Suggestion("restart", 1.0)]

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        self._look(view)
        return ["not evidence"]  # type: ignore[list-item]

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        self._look(view)

    def learn(self, view: IncidentView, *rest: Any) -> None:
        self._look(view)
        self.learned += 1


def raising() -> Engine:
    plugin = Raising()
    return Engine(models=Models(plugin, plugin, plugin))


def test_a_model_that_raises_costs_its_part_and_no_record(tmp_path: Path) -> None:
    now = [NOW + 100.0]
    daemon = open_daemon(tmp_path, raising, lambda: now[0])
    feed(daemon, alerts(0, 30))
    feed(daemon, [alert(30 + number, POISON) for number in range(20)])
    now[0] = NOW + 3_600
    feed(daemon, [Alert(ts=NOW + 3_600, name="Later", entity="x", severity="critical", id="late")])
    assert read_skips(tmp_path / "journal") == {}
    accounts = daemon.pump.engine.accounts()
    assert accounts["faults"]["causes"] >= 1
    assert accounts["faults"]["similar"] >= 1
    assert accounts["conserved"]
    reader = daemon.store.database.reader
    texts = [text for (text,) in reader.execute("select text from audit where topic = 'plugin'")]
    assert any(text.startswith("causes: the model failed, its part is left out: ValueError: no idea") for text in texts)
    # The first, the tenth and so on: a model that always fails does not fill the audit.
    assert len(texts) <= 2 * len(accounts["faults"])
    daemon.pump._account()
    health: dict[str, Any] = dict(daemon.health())
    assert any("the model of causes failed" in warning for warning in health["warnings"])
    assert 'aiops_model_faults_total{port="causes"}' in daemon.metrics_text()
    state = state_of(daemon)
    daemon.close()
    daemon = open_daemon(tmp_path, raising)
    assert state_of(daemon) == state
    assert not any("the model of" in warning for warning in dict(daemon.health())["warnings"])
    daemon.close()


def test_an_incident_of_a_model_that_raises_has_no_causes() -> None:
    engine = raising()
    for number in range(5):
        engine.step([alert(number, POISON)])
    events = engine.finish()
    incidents = [event.incident for event in events if isinstance(event, IncidentChanged)]
    assert incidents
    assert not any(incident.causes for incident in incidents)
    assert engine.accounts()["faults"]["causes"] >= 1


class Detector:
    """A scorer that fails once it sees rows of real alerts, in one of several ways."""

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def score(self, rows: Any) -> list[float]:
        if not any(any(row) for row in rows):
            return [0.0] * len(rows)
        if self.fault == "raises":
            raise ValueError("no idea")
        return [float("nan")] * len(rows) if self.fault == "nan" else [1.0]


@pytest.mark.parametrize("fault", ["raises", "nan", "too few"])
def test_a_detector_that_fails_costs_its_verdicts_only(fault: str) -> None:
    engine = Engine(scorers={"fragile": lambda state: Detector(fault)})
    swap = Action(ts=NOW, verb="swap_model", args={"slot": SLOT, "algorithm": "fragile", "state": "{}"})
    out = engine.step([swap])
    for window in range(400):
        moment = NOW + 60.0 * window
        batch = [Alert(ts=moment, name=f"N{n}", entity=f"e{n}", id=f"{window}-{n}") for n in range(4)]
        out += engine.step(batch)
    accounts = engine.accounts()
    assert accounts["conserved"]
    assert accounts["faults"]["detect"] >= 1
    assert any(isinstance(event, Notice) and event.topic == "plugin" for event in out)


def test_a_model_whose_state_cannot_be_taken_costs_a_snapshot_only(tmp_path: Path) -> None:
    class Silent(Raising):
        def dump(self) -> Any:
            raise ValueError("cannot say")

        def load(self, state: Any) -> None:
            raise AssertionError

    daemon = open_daemon(tmp_path, lambda: Engine(models=Models(ranker=Silent())))
    feed(daemon, alerts(0, 10))
    snapshot(daemon)
    assert daemon.snapshots.failed == 1
    assert "the state cannot be taken: ValueError: cannot say" in daemon.snapshots.error
    feed(daemon, alerts(10, 10))
    assert daemon.pump.state == "running"
    daemon.close()
