"""Notes: sentences of the host that whoever is notified of an incident must read."""

from __future__ import annotations

import pytest

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, IncidentChanged
from aiops.records import Action, Alert, Record

T = 1_772_400_000.0


@pytest.fixture
def engine() -> Engine:
    made = Engine(EngineConfig())
    alerts: list[Record] = [
        Alert(ts=T + number, name=name, entity="checkout", service="checkout", severity="critical", id=name)
        for number, name in enumerate(("Errors", "Latency"))
    ]
    made.step(alerts)
    return made


def noted(engine: Engine, text: str) -> tuple[Feedback, list[IncidentChanged]]:
    [incident] = engine.incidents.by_id
    events = engine.step([Action(ts=T + 10, verb="note", incident=incident, args={"text": text}, id="n")])
    [feedback] = [event for event in events if isinstance(event, Feedback)]
    return feedback, [event for event in events if isinstance(event, IncidentChanged) and "note" in event.what]


def test_note_is_the_last_sentence_of_the_explanation(engine: Engine) -> None:
    feedback, [changed] = noted(engine, "run r1 stopped")
    assert feedback.applied
    assert (changed.change, changed.what) == ("updated", ["note"])
    assert changed.incident.explanation[-1] == "run r1 stopped"


def test_note_is_cut_and_needs_a_text(engine: Engine) -> None:
    feedback, changed = noted(engine, "")
    assert (feedback.applied, changed) == (False, [])
    assert "expected a sentence" in feedback.reason
    _, [cut] = noted(engine, "x" * 5_000)
    assert len(cut.incident.explanation[-1]) == 1_000


def test_note_on_an_incident_that_is_over_is_refused(engine: Engine) -> None:
    [incident] = engine.incidents.by_id
    engine.step([Action(ts=T + 5, verb="resolve", incident=incident, id="r")])
    feedback, changed = noted(engine, "too late")
    assert (feedback.applied, changed) == (False, [])
    assert "not over" in feedback.reason
