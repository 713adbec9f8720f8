"""A person rejects a suggested playbook: kept with the reason, quiet, and undone."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged
from aiops.engine.incidents.handling import MAX_REJECTIONS
from aiops.engine.rank import Models
from aiops.records import Action, Incident, Tick
from tests.engine.test_incident_actions import Library, T, engine_with, only


@pytest.fixture
def engine() -> Engine:
    return engine_with(Tick(ts=T + 30), models=Models(suggester=Library()))


def act(
    engine: Engine, verb: str = "reject_playbook", message: str | None = "schema changed", **args: str
) -> list[Event]:
    at = max(T + 60, engine.timeline.now + 1)
    engine.step([Tick(ts=at)])
    name = only(engine)
    action = Action(ts=at, verb=verb, incident=name, args=args, id=f"act-{at}", actor="alice", message=message)
    return engine.step([action])


def answer(events: list[Event]) -> tuple[bool, str]:
    [feedback] = [event for event in events if isinstance(event, Feedback)]
    return feedback.applied, feedback.reason


def record(engine: Engine) -> Incident:
    found = engine.present(only(engine))
    assert found is not None
    return found[0]


def test_rejection_is_kept_with_person_and_reason(engine: Engine) -> None:
    events = act(engine, playbook="restart")
    assert answer(events) == (True, "restart rejected: schema changed")
    [one] = record(engine).rejected
    assert (one.playbook, one.actor, one.reason, one.at) == ("restart", "alice", "schema changed", T + 60)
    [change] = [event for event in events if isinstance(event, IncidentChanged)]
    assert (change.change, change.what) == ("updated", ["rejected"])
    assert [one.name for one in record(engine).playbooks] == ["restart"], "the suggestion itself stays"


@pytest.mark.parametrize(
    ("args", "message", "reason"),
    [
        ({}, "why", "expected the name of a playbook"),
        ({"playbook": "restart"}, None, "expected the reason; got none"),
        ({"playbook": "restart"}, "  ", "expected the reason; got none"),
        ({"playbook": "nonexistent"}, "why", "of the catalogue (suggested: restart); got 'nonexistent'"),
    ],
)
def test_what_cannot_be_rejected_has_its_reason(
    engine: Engine, args: dict[str, str], message: str | None, reason: str
) -> None:
    applied, text = answer(act(engine, message=message, **args))
    assert not applied
    assert reason in text
    assert record(engine).rejected == []


def test_ended_incident_has_nothing_to_reject(engine: Engine) -> None:
    act(engine, "resolve")
    applied, text = answer(act(engine, playbook="restart"))
    assert (applied, "nothing is suggested for it any more" in text) == (False, True)


def test_rejection_is_undone(engine: Engine) -> None:
    act(engine, playbook="restart")
    assert answer(act(engine, "undo")) == (True, "restart is suggested again")
    assert record(engine).rejected == []


def test_later_rejection_of_a_playbook_replaces_the_one_before(engine: Engine) -> None:
    act(engine, playbook="restart")
    act(engine, message="x" * 5_000, playbook="restart")
    [one] = record(engine).rejected
    assert len(one.reason) == 500


def test_rejections_are_bounded_and_survive_a_snapshot(engine: Engine) -> None:
    for number in range(MAX_REJECTIONS + 5):
        engine.incidents.handling.reject(only(engine), f"p-{number}", T, "alice", "no")
    assert len(record(engine).rejected) == MAX_REJECTIONS
    dump = engine.incidents.handling.dump()
    other = Engine()
    other.incidents.handling.load(dump)
    assert other.incidents.handling.of(only(engine)).rejections == dump["handled"][0].rejections
