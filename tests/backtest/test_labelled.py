"""Labelled incidents summed up as a ranker sees them."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.backtest import labelled as module
from aiops.backtest.labelled import Labelled
from aiops.engine.config import EngineConfig
from aiops.records import Alert, Incident, RootCause
from aiops.topology import Edge, Node, Topology

T0 = 1_795_000_000.0
TOPOLOGY = Topology.build([Node("web", "service"), Node("db", "database")], [Edge("web", "db", "calls")])


def alert(at: float, entity: str = "db", name: str = "DiskFull", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name=name, entity=entity, severity="critical", **more)


def test_alerts_of_one_kind_are_one_fact() -> None:
    labelled = Labelled()
    labelled.take(alert(0, message="first"), "i1")
    labelled.take(alert(9, message="last"), "i1")
    labelled.take(alert(10), "i1")
    [fact] = labelled.facts["i1"].values()
    assert (fact.count, fact.first_at, fact.last_at, fact.message) == (3, T0, T0 + 10, "last")


def test_callers_names_and_entities_are_told_apart() -> None:
    labelled = Labelled()
    for labels in ({"caller": "a"}, {"caller": "b"}, {}):
        labelled.take(alert(0, labels=labels), "i1")
    labelled.take(alert(0, name="Other"), "i1")
    labelled.take(alert(0, "web"), "i1")
    assert len(labelled.facts["i1"]) == 5


def test_resolution_says_nothing_of_a_cause() -> None:
    labelled = Labelled()
    labelled.take(alert(0, status="resolved"), "i1")
    assert labelled.facts == {}


@pytest.mark.parametrize(("z", "magnitude"), [("3.5", 3.5), ("-2", -2.0), ("high", None), ("", None)])
def test_magnitude_is_a_number_or_none(z: str, magnitude: float | None) -> None:
    labelled = Labelled()
    labelled.take(alert(0, labels={"z": z}), "i1")
    [fact] = labelled.facts["i1"].values()
    assert fact.magnitude == magnitude


def test_incidents_and_facts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INCIDENTS", 2)
    monkeypatch.setattr(module, "MAX_FACTS", 3)
    labelled = Labelled()
    for number in range(5):
        for name in "abcdef":
            labelled.take(alert(0, name=name), f"i{number}")
    assert list(labelled.facts) == ["i0", "i1"]
    assert [len(facts) for facts in labelled.facts.values()] == [3, 3]


def test_each_labelled_cause_is_a_case_and_silent_ones_stay_in_the_denominator() -> None:
    labelled = Labelled()
    labelled.take(alert(100, "web", "HighRequestLatency"), "late")
    labelled.take(alert(0), "early")
    truths = {name: _truth(name) for name in ("early", "late", "silent")}
    cases = labelled.cases(truths, EngineConfig(), TOPOLOGY)
    assert len(cases) == 3
    assert not any(cases[-1].right), "nothing is ranked where nothing alerts"


def _truth(name: str) -> Incident:
    return Incident(id=name, root_cause=RootCause("db"))


def test_label_without_a_cause_is_no_case() -> None:
    labelled = Labelled()
    labelled.take(alert(0), "i1")
    assert labelled.cases({"i1": Incident(id="i1")}, EngineConfig(), TOPOLOGY) == []
    assert labelled.cases({}, EngineConfig(), TOPOLOGY) == []
