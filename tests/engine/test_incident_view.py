"""An incident as the engine holds it now, for a host that plans a run."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.incident_view import current_incident, members_of
from aiops.records import Action, Alert, Change

T0 = 1_795_000_000.0


@pytest.fixture
def engine() -> Engine:
    found = Engine()
    found.step(
        [
            Alert(
                ts=T0 + turn + n / 10, name=name, entity="db-1", service="db", severity=severity, labels={"job": "pg"}
            )
            for turn in range(3)
            for n, (name, severity) in enumerate(
                (("DiskSlow", "warning"), ("DiskFull", "critical"), ("DbDown", "high"))
            )
        ]
    )
    return found


def incident_of(engine: Engine) -> str:
    [name] = list(engine.incidents.by_id)
    return str(name)


def test_incident_has_its_streams_and_is_not_over(engine: Engine) -> None:
    found = current_incident(engine, incident_of(engine), T0 + 10)
    assert found is not None
    assert (found.is_over, found.open_incidents, found.maintenance) == (False, 1, None)
    assert {(one.entity, one.is_firing) for one in found.streams} == {("db-1", True)}
    assert {fact.name for fact in found.view.facts} == {"DiskSlow", "DiskFull", "DbDown"}


@pytest.mark.parametrize("name", ["", "inc-gone", "x" * 10_000])
def test_unknown_incident_is_none(engine: Engine, name: str) -> None:
    assert current_incident(engine, name, T0) is None
    assert members_of(engine, name) == []


def test_members_are_all_of_them_the_most_severe_first(engine: Engine) -> None:
    found = members_of(engine, incident_of(engine))
    assert [member.name for member in found] == ["DiskFull", "DbDown", "DiskSlow"]


def test_confirmed_cause_comes_first(engine: Engine) -> None:
    name = incident_of(engine)
    engine.step([Action(ts=T0 + 5, verb="confirm_cause", id="a", incident=name, entity="db-1", actor="ann")])
    found = current_incident(engine, name, T0 + 10)
    assert found is not None
    assert (found.view.causes[0].entity, found.view.causes[0].confidence) == ("db-1", "high")
    assert [cause.entity for cause in found.view.causes].count("db-1") == 1


def test_incident_that_is_resolved_is_over(engine: Engine) -> None:
    name = incident_of(engine)
    engine.step([Action(ts=T0 + 5, verb="resolve", id="a", incident=name, actor="ann")])
    found = current_incident(engine, name, T0 + 10)
    assert found is None or found.is_over


def test_silence_over_the_suspected_cause_is_maintenance(engine: Engine) -> None:
    name = incident_of(engine)
    engine.step(
        [
            Action(ts=T0 + 5, verb="confirm_cause", id="a", incident=name, entity="db-1", actor="ann"),
            Action(ts=T0 + 6, verb="silence", id="s", args={"id": "s", "matchers": "job=pg", "until": str(T0 + 600)}),
        ]
    )
    found = current_incident(engine, name, T0 + 10)
    assert found is not None
    assert "silence s covers" in (found.maintenance or "")
    assert "silence s covers" in found.silenced["db-1"]
    later = current_incident(engine, name, T0 + 700)
    assert later is not None
    assert (later.maintenance, later.silenced) == (None, {})


def test_reading_changes_nothing(engine: Engine) -> None:
    before = engine.snapshot()
    current_incident(engine, incident_of(engine), T0 + 10)
    members_of(engine, incident_of(engine))
    assert engine.snapshot() == before


def test_silence_over_a_replica_of_a_suspected_workload_is_maintenance() -> None:
    pod = "pod/cart-7d9f8c6b5d-x2x4z"
    engine = Engine()
    engine.step([Alert(ts=T0, name="OOMKilled", entity=pod, severity="critical")])
    name = incident_of(engine)
    confirmed = Action(ts=T0 + 1, verb="confirm_cause", id="a", incident=name, entity="cart", actor="ann")
    silence = {"id": "s", "matchers": f'entity="{pod}"', "until": repr(T0 + 500)}
    engine.step([confirmed, Action(ts=T0 + 2, verb="silence", id="b", actor="ann", args=silence)])
    found = current_incident(engine, name, T0 + 10)
    assert found is not None
    assert found.view.causes[0].entity == "cart"
    assert "silence s covers OOMKilled" in (found.maintenance or "")


@pytest.mark.parametrize(
    ("change", "person"),
    [
        (Change(ts=T0 - 60, entity="db-1", name="Maintenance"), "whoever announced Maintenance on db-1"),
        (
            Change(ts=T0 - 60, entity="db-1", name="CHG-7", labels={"kind": "maintenance"}),
            "whoever announced CHG-7 on db-1",
        ),
        (Change(ts=T0 - 60, entity="db-2", name="maintenance"), ""),
        (Change(ts=T0 - 60, entity="db-1", name="deploy"), ""),
        (Change(ts=T0 - 2 * 86_400, entity="db-1", name="maintenance"), ""),
    ],
)
def test_whoever_announced_maintenance_of_what_alerts_works_on_it(change: Change, person: str) -> None:
    engine = Engine()
    engine.step([change, Alert(ts=T0, name="DbDown", entity="db-1", service="db", severity="critical")])
    found = current_incident(engine, incident_of(engine), T0 + 10)
    assert found is not None
    assert found.person == person
