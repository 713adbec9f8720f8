"""Alerts that fire now: held by the engine with their times, silences and incident."""

from __future__ import annotations

from typing import Any

from aiops.engine.engine import Engine
from aiops.engine.firing import RESOLVE_TIMEOUT_S, FiringAlert, firing_alerts, firing_streams
from aiops.records import Action, Alert, Tick

T0 = 1_795_000_000.0


def alert(at: float = 0.0, name: str = "DiskFull", **more: Any) -> Alert:
    given: dict[str, Any] = {"severity": "critical", "entity": "db-1", "labels": {"team": "db"}, **more}
    return Alert(ts=T0 + at, name=name, **given)


def shown(engine: Engine) -> list[FiringAlert]:
    return firing_alerts(engine, firing_streams(engine))


def test_an_alert_has_what_its_last_message_had() -> None:
    engine = Engine()
    engine.step([alert(annotations={"summary": "91 %"}, starts_at=T0 - 5, ends_at=T0 + 100, url="https://p.example")])
    engine.step([alert(30, annotations={"summary": "92 %"}, starts_at=T0 - 5, ends_at=T0 + 130)])
    [found] = shown(engine)
    assert (found.name, found.entity, found.severity, found.labels) == ("DiskFull", "db-1", "critical", {"team": "db"})
    assert (found.annotations, found.url) == ({"summary": "92 %"}, "https://p.example")
    assert (found.starts_at, found.updated_at, found.ends_at) == (T0 - 5, T0 + 30, T0 + 130)
    assert found.incident is not None


def test_an_alert_without_an_end_is_shown_to_end_later() -> None:
    engine = Engine()
    engine.step([alert()])
    [found] = shown(engine)
    assert found.ends_at >= T0 + RESOLVE_TIMEOUT_S
    assert found.starts_at == T0


def test_alerts_that_ended_are_left_out() -> None:
    engine = Engine()
    engine.step([alert(), alert(name="DiskSlow")])
    numbers = firing_streams(engine)
    engine.step([alert(1, status="resolved")])
    assert [one.name for one in shown(engine)] == ["DiskSlow"]
    # One that ended between the two questions, and one that was forgotten.
    assert [one.name for one in firing_alerts(engine, [*numbers, 99])] == ["DiskSlow"]


def test_a_silenced_alert_names_its_silences_and_is_no_incident() -> None:
    engine = Engine()
    args = {"id": "s", "matchers": "team=db", "until": str(T0 + 100)}
    engine.step([Tick(ts=T0), Action(ts=T0, verb="silence", args=args), alert(1, annotations={"summary": "x"})])
    [found] = shown(engine)
    assert (found.silenced_by, found.incident, found.annotations) == (["s"], None, {"summary": "x"})
    engine.step([Tick(ts=T0 + 101)])
    [found] = shown(engine)
    assert found.silenced_by == []
    assert found.annotations == {"summary": "x"}


def test_reading_changes_nothing() -> None:
    engine = Engine()
    engine.step([alert(), alert(name="DiskSlow", starts_at=T0 - 1)])
    before = engine.snapshot()
    shown(engine)
    assert engine.snapshot() == before
