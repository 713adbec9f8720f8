"""Operator actions: each is answered once, and what cannot be applied changes nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.engine.operator_actions import Actions
from aiops.records import VERBS, Action, Alert

T0 = 1_795_000_000.0


def alert(at: float, name: str = "DiskFull", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name=name, entity="db-1", service="db", severity="critical", **more)


def act(engine: Engine, verb: str, at: float = 10.0, **more: Any) -> Feedback:
    args = more.pop("args", {})
    action = Action(ts=T0 + at, verb=verb, id=more.pop("id", "act-1"), actor="ann", args=args, **more)
    [answer] = [event for event in engine.step([action]) if isinstance(event, Feedback)]
    return answer


@pytest.fixture
def engine() -> Engine:
    found = Engine()
    found.step([alert(turn, name) for turn in range(3) for name in ("DiskFull", "DiskSlow", "DbDown")])
    return found


def incident_of(engine: Engine) -> str:
    [name] = [name for name, found in engine.incidents.by_id.items() if found.status != "resolved"]
    return str(name)


@pytest.mark.parametrize("verb", ["", "reboot", "x" * 5_000, "Acknowledge", "__init__"])
def test_verb_that_is_none_is_refused_with_those_there_are(engine: Engine, verb: str) -> None:
    before = engine.snapshot()
    answer = act(engine, verb)
    assert not answer.applied
    assert all(known in answer.reason for known in VERBS)
    assert len(answer.reason) < 600
    assert incident_of(engine)
    assert before != b""


@pytest.mark.parametrize(
    "verb", ["acknowledge", "resolve", "confirm_cause", "confirm_grouping", "confirm_playbook", "note"]
)
def test_action_on_an_incident_that_is_not_there_is_refused(engine: Engine, verb: str) -> None:
    answer = act(
        engine, verb, incident="inc-nobody", entity="db-1", args={"playbook": "p", "outcome": "helped", "text": "x"}
    )
    assert (answer.id, answer.verb, answer.applied) == ("act-1", verb, False)
    assert answer.reason


def test_action_is_answered_under_its_own_id(engine: Engine) -> None:
    answer = act(engine, "acknowledge", id="mine", incident=incident_of(engine))
    assert (answer.id, answer.verb, answer.applied) == ("mine", "acknowledge", True)


SILENCE = {"id": "s", "matchers": msgspec.json.encode([{"label": "entity", "op": "=", "value": "db-1"}]).decode()}


def test_silence_is_set_once_and_ended_once(engine: Engine) -> None:
    assert act(engine, "silence", args={**SILENCE, "until": str(T0 + 600)}).applied
    assert "s" in engine.silences.by_id
    ended = act(engine, "unsilence", 20.0, args={"id": "s"})
    assert ended.applied
    assert "silence s is ended" in ended.reason
    again = act(engine, "unsilence", 21.0, args={"id": "s"})
    assert not again.applied
    assert "'s'" in again.reason


@pytest.mark.parametrize(
    "change",
    [
        {"matchers": "[]"},
        {"matchers": "not json"},
        {"matchers": '[{"label": "a", "op": "=~", "value": "("}]'},
        {"matchers": '[{"label": "a", "op": "=~", "value": "(?=x)"}]'},
        {"until": "never"},
        {"until": "nan"},
        {"until": str(T0 - 5)},
        {"zone": "Mars/Olympus"},
        {"every": "hour"},
        {"until": ""},
    ],
    ids=str,
)
def test_silence_that_does_not_fit_is_refused_and_kept_among_what_is_not_in_force(
    engine: Engine, change: dict[str, str]
) -> None:
    answer = act(engine, "silence", args={**SILENCE, "until": str(T0 + 600), **change})
    assert not answer.applied
    assert engine.silences.by_id == {}
    assert "s" in engine.accounts()["silences_set_aside"]


def test_name_of_a_refused_silence_is_bounded(engine: Engine) -> None:
    act(engine, "silence", args={"id": "x" * 100_000, "matchers": "[]", "until": "1"})
    [name] = engine.accounts()["silences_set_aside"]
    assert len(name) < 1_000


def test_refused_actions_change_no_decision(engine: Engine) -> None:
    """The same alerts after a refused action are decided as without it."""
    other = Engine()
    other.step([alert(turn, name) for turn in range(3) for name in ("DiskFull", "DiskSlow", "DbDown")])
    act(engine, "resolve", 3.0, incident="inc-nobody")
    other.step([Action(ts=T0 + 3.0, verb="nothing", id="x")])
    for turn in range(20, 26):
        one, two = engine.step([alert(turn)]), other.step([alert(turn)])
        assert [type(event) for event in one] == [type(event) for event in two]
    assert incident_of(engine) == incident_of(other)


def test_stage_of_actions_is_part_of_the_engine(engine: Engine) -> None:
    assert any(isinstance(getattr(engine, name, None), Actions) for name in dir(engine) if not name.startswith("__"))
