"""People work on incidents: they own, snooze, reopen and note them, and nobody is called for it."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, IncidentChanged
from aiops.engine.work_actions import MAX_NOTE_CHARS, MAX_SNOOZE_S, UPDATED
from aiops.records import Action, Alert, Incident, Record, Tick
from aiops.records.decode import format_time

T = 1_772_400_000.0


def engine_with(*records: Record, severity: str = "high") -> Engine:
    engine = Engine(EngineConfig())
    first = Alert(ts=T, name="Errors", entity="checkout", severity=severity, id="a-1", starts_at=T)
    engine.step([first, *records])
    return engine


def only(engine: Engine) -> str:
    [name] = engine.incidents.by_id
    return name


def act(engine: Engine, verb: str, at: float = T + 60, **args: str) -> tuple[bool, str, list[IncidentChanged]]:
    """Whether an action of alice was applied, its answer, and the changes."""
    action = Action(ts=at, verb=verb, incident=only(engine), args=args, id=f"act-{verb}-{at}", actor="alice")
    engine.step([Tick(ts=at)])
    events = engine.step([action])
    [feedback] = [event for event in events if isinstance(event, Feedback)]
    return feedback.applied, feedback.reason, [event for event in events if isinstance(event, IncidentChanged)]


def shown(engine: Engine) -> Incident:
    found = engine.present(only(engine))
    assert found is not None
    return found[0]


def test_an_assigned_incident_is_a_persons_and_acknowledged() -> None:
    engine = engine_with()
    applied, reason, [change] = act(engine, "assign", to="bob")
    assert (applied, reason) == (True, f"assigned to bob, and acknowledged; {UPDATED}")
    assert (change.change, change.incident.assigned_to, change.incident.acknowledged_by) == (
        "acknowledged",
        "bob",
        "alice",
    )
    assert act(engine, "assign", T + 61, to="bob")[1] == "assigned to bob before: nothing changed"
    applied, reason, [change] = act(engine, "assign", T + 62)
    assert (applied, reason) == (True, f"assigned to nobody; {UPDATED}")
    assert (change.change, change.said, change.incident.status) == (
        "updated",
        "assigned to nobody by alice",
        "acknowledged",
    )
    assert shown(engine).assigned_to is None


def test_a_long_name_is_refused() -> None:
    applied, reason, changes = act(engine_with(), "assign", to="x" * 257)
    assert (applied, reason, changes) == (False, "$.args.to: expected at most 256 characters; got 257", [])


def test_a_snooze_acknowledges_and_ends_with_one_message_while_it_fires() -> None:
    engine = engine_with()
    until = T + 3_600
    applied, reason, [change] = act(engine, "snooze", until=repr(until))
    assert applied
    assert reason.startswith(f"snoozed until {format_time(until)}; no news until then")
    assert (change.change, change.incident.snoozed_until) == ("acknowledged", until)
    assert not [one for one in engine.step([Tick(ts=until - 1)]) if isinstance(one, IncidentChanged)]
    [woken] = [one for one in engine.step([Tick(ts=until)]) if isinstance(one, IncidentChanged)]
    assert (woken.change, woken.what) == ("updated", ["status", "snoozed"])
    assert woken.said == "the snooze has ended: 1 alert stream still firing"
    assert (woken.incident.status, woken.incident.snoozed_until, woken.incident.acknowledged_by) == ("open", None, None)


def test_a_snooze_of_what_has_ended_calls_nobody_back() -> None:
    end = Alert(ts=T + 100, name="Errors", entity="checkout", severity="high", id="a-2", status="resolved", starts_at=T)
    engine = engine_with()
    act(engine, "snooze", until=repr(T + 200))
    engine.step([end])
    changes = [one for one in engine.step([Tick(ts=T + 200)]) if isinstance(one, IncidentChanged)]
    assert [(one.what, one.said, one.incident.status) for one in changes] == [(["snoozed"], "", "acknowledged")]


def test_what_becomes_critical_ends_the_snooze() -> None:
    engine = engine_with()
    act(engine, "snooze", until=repr(T + 3_600))
    worse = Alert(ts=T + 90, name="Errors", entity="checkout", severity="critical", id="a-2", starts_at=T)
    [change] = [one for one in engine.step([worse]) if isinstance(one, IncidentChanged)]
    assert (change.what, change.incident.snoozed_until) == (["severity", "snoozed"], None)
    assert not [one for one in engine.step([Tick(ts=T + 3_700)]) if isinstance(one, IncidentChanged) and one.said]


@pytest.mark.parametrize("until", ["", "soon", repr(T), repr(T + 60), repr(T + 60 + MAX_SNOOZE_S + 1)])
def test_a_snooze_ends_within_a_week(until: str) -> None:
    applied, reason, changes = act(engine_with(), "snooze", until=until)
    assert not applied
    assert "$.args.until: expected a time" in reason
    assert not changes


def test_a_snooze_ends_early_on_demand() -> None:
    engine = engine_with()
    assert act(engine, "unsnooze")[1] == "is not snoozed: nothing changed"
    act(engine, "snooze", T + 61, until=repr(T + 3_600))
    applied, _, [change] = act(engine, "unsnooze", T + 62)
    assert (applied, change.said, change.incident.status) == (True, "snooze ended by alice", "acknowledged")


def test_a_resolved_incident_is_reopened_quietly_and_resolves_when_its_alerts_end() -> None:
    engine = engine_with()
    assert act(engine, "reopen")[1] == "is open already: nothing changed"
    act(engine, "resolve", T + 61)
    applied, reason, [change] = act(engine, "reopen", T + 62)
    assert applied
    assert reason.startswith("reopened, with 1 alert stream firing; ")
    assert (change.change, change.by_person, change.incident.status) == ("reopened", True, "open")
    assert change.incident.resolved_at is None


def test_a_reopened_incident_of_which_nothing_fires_resolves_again() -> None:
    engine = engine_with()
    end = Alert(ts=T + 10, name="Errors", entity="checkout", severity="high", id="a-2", status="resolved", starts_at=T)
    engine.step([end])
    act(engine, "resolve", T + 61)
    act(engine, "reopen", T + 62)
    engine.step([Tick(ts=T + 62 + engine.config.incidents.resolve_after_s + 1)])
    assert shown(engine).status == "resolved"


@pytest.mark.parametrize("verb", ["assign", "snooze"])
def test_a_resolved_incident_has_no_work(verb: str) -> None:
    engine = engine_with()
    act(engine, "resolve")
    applied, reason, changes = act(engine, verb, T + 61, to="bob", until=repr(T + 3_600))
    assert not applied
    assert "is resolved: only an open incident can be" in reason
    assert not changes


def test_a_quiet_note_is_kept_and_notifies_nobody() -> None:
    engine = engine_with()
    applied, reason, [change] = act(engine, "note", text="called the vendor", notify="no")
    assert (applied, reason) == (True, "noted; nobody is notified")
    assert change.what == ["remark"]
    assert [(one.at, one.actor, one.text) for one in change.incident.notes] == [(T + 60, "alice", "called the vendor")]


def test_notes_are_bounded() -> None:
    engine = engine_with()
    for turn in range(60):
        act(engine, "note", T + 60 + turn, text=f"{turn} " + "x" * 2_000, notify="no")
    notes = shown(engine).notes
    assert len(notes) == 50
    assert notes[0].text.startswith("10 ")
    assert len(notes[0].text) == MAX_NOTE_CHARS


def test_owner_snooze_and_notes_survive_a_restart() -> None:
    engine = engine_with()
    args: list[dict[str, Any]] = [{"to": "bob"}, {"until": repr(T + 3_600)}, {"text": "looking", "notify": "no"}]
    for turn, (verb, one) in enumerate(zip(("assign", "snooze", "note"), args, strict=True)):
        act(engine, verb, T + 60 + turn, **one)
    again = Engine(EngineConfig())
    again.restore_parts(engine.snapshot_parts())
    assert shown(again) == shown(engine)
    assert again.step([Tick(ts=T + 3_600)]) == engine.step([Tick(ts=T + 3_600)])
