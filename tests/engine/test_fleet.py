"""How many entities alert and are known, and how certain a first suspect is; reading changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from aiops.engine.engine import Engine
from aiops.engine.fleet import SEEN_S, certainty_of, fleet_of
from aiops.engine.incident_view import current_incident
from aiops.records import Action, Alert, Cause
from aiops.topology import Node, Topology

T0 = 1_795_000_000.0


@pytest.fixture
def engine() -> Engine:
    found = Engine(topology=Topology.build([Node("web"), Node("db-1")], []))
    found.step([Alert(ts=T0, name="DiskFull", entity="db-1", severity="critical")])
    return found


class Ranker:
    """A ranker that measured something."""

    def __init__(self, first: Any) -> None:
        self.first = first

    def candidate_set(self, causes: list[Cause]) -> Mapping[str, Any]:
        if isinstance(self.first, Exception):
            raise self.first
        return {"entities": [], "first": self.first}

    def calibration(self) -> Mapping[str, Any]:
        return {"outcomes": 40}


def test_topology_and_alerts_of_the_last_day_are_known(engine: Engine) -> None:
    engine.step([Alert(ts=T0 + 1, name="Slow", entity="cache-7", severity="info")])
    found = fleet_of(engine, T0 + 10)
    assert (found.alerting, found.known, found.storm) == (1, 3, "")
    assert fleet_of(engine, T0 + 2 * SEEN_S).known == 2


def test_resolved_incidents_do_not_alert(engine: Engine) -> None:
    [name] = list(engine.incidents.by_id)
    engine.step([Action(ts=T0 + 5, verb="resolve", id="a", incident=name, actor="ann")])
    assert fleet_of(engine, T0 + 10).alerting == 0


@pytest.mark.parametrize(
    ("first", "bound"),
    [(0.93, 0.93), (None, None), (2.0, None), (float("nan"), None), ("sure", None), (ValueError("x"), None)],
)
def test_only_a_measured_bound_is_a_certainty(engine: Engine, first: Any, bound: float | None) -> None:
    [state] = engine.incidents.by_id.values()
    assert certainty_of(engine, state) is None, "without a suspect"
    state.causes = [Cause("db-1", confidence="high")]
    assert certainty_of(engine, state) is None, "without a ranker that measures itself"
    engine.ranking.calibrated = Ranker(first)
    found = certainty_of(engine, state)
    assert (found.bound if found is not None else None) == bound
    assert engine.ranking.faults.counts == {}


def test_what_a_person_confirmed_is_certain(engine: Engine) -> None:
    [name] = list(engine.incidents.by_id)
    engine.step([Action(ts=T0 + 5, verb="confirm_cause", id="a", incident=name, entity="db-1", actor="ann")])
    found = current_incident(engine, name, T0 + 10)
    assert found is not None
    assert found.certainty is not None
    assert (found.certainty.bound, found.person) == (1.0, "")


def test_who_works_on_it_and_what_was_rejected(engine: Engine) -> None:
    [name] = list(engine.incidents.by_id)
    args = {"playbook": "restart"}
    engine.step(
        [
            Action(ts=T0 + 5, verb="acknowledge", id="a", incident=name, actor="ann"),
            Action(ts=T0 + 6, verb="reject_playbook", id="b", incident=name, actor="ann", args=args, message="no"),
        ]
    )
    found = current_incident(engine, name, T0 + 10)
    assert found is not None
    assert (found.person, found.rejected) == ("ann", frozenset({"restart"}))
    assert [(one.entity, one.name) for one in found.streams] == [("db-1", "DiskFull")]
