"""Feedback on incidents: applied, or refused with a reason that says what is possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from aiops.engine.arrival import Moment
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, IncidentChanged
from aiops.engine.rank import Models
from aiops.engine.work_actions import UPDATED
from aiops.ports import IncidentView
from aiops.records import Action, Alert, Change, Incident, Record, Suggestion, Tick
from aiops.topology import Edge, Node, Topology

T = 1_772_400_000.0
GRAPH = Topology.build([Node("checkout"), Node("db")], [Edge("checkout", "db", "uses")])


class Library:
    """A suggester that knows two playbooks and suggests one of them."""

    def __init__(self) -> None:
        self.learned: list[tuple[str, str]] = []

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        return [Suggestion("restart", 1.0)]

    def learn(self, view: IncidentView, playbook: str, outcome: str) -> None:
        self.learned.append((playbook, outcome))

    def knows(self, playbook: str) -> bool:
        return playbook in ("restart", "scale-out")


def alert(name: str, entity: str, at: float = T, **more: Any) -> Alert:
    fields = {"severity": "critical", "service": entity, "id": f"{name}-{entity}", **more}
    return Alert(ts=at, name=name, entity=entity, **fields)


def engine_with(*records: Record, models: Models | None = None) -> Engine:
    engine = Engine(EngineConfig(), GRAPH, models)
    engine.step([alert("Errors", "checkout"), alert("Latency", "checkout", T + 1), *records])
    return engine


def only(engine: Engine) -> str:
    [name] = engine.incidents.by_id
    return name


def told(engine: Engine, verb: str, incident: str, entity: str | None = None, **args: str) -> tuple[bool, str]:
    """Whether an action was applied, and what was said."""
    at = max(T + 60, engine.timeline.now)
    # What is due by then is no doing of the action.
    engine.step([Tick(ts=at)])
    events = engine.step([Action(ts=at, verb=verb, incident=incident, entity=entity, args=args, id="act-1")])
    [feedback] = [event for event in events if isinstance(event, Feedback)]
    changed = [event for event in events if isinstance(event, IncidentChanged)]
    assert feedback.applied or not changed, "a refused action changes nothing"
    return feedback.applied, feedback.reason


def shown(engine: Engine, name: str) -> Incident:
    incident = engine.incidents.by_id[name]
    cluster = engine.clusters.of(incident.cluster)
    assert cluster is not None
    return engine.incidents.records.make(incident, cluster, engine.timeline.now)


def test_members_show_the_ids_of_their_first_alerts() -> None:
    engine = engine_with(alert("Errors", "checkout", T + 2, id="a repeat"))
    assert [member.alert_id for member in shown(engine, only(engine)).members] == [
        "Errors-checkout",
        "Latency-checkout",
    ]


def test_an_open_incident_is_acknowledged_once() -> None:
    engine = engine_with()
    name = only(engine)
    assert told(engine, "acknowledge", name) == (True, f"acknowledged; {UPDATED}")
    assert told(engine, "acknowledge", name) == (True, "was acknowledged before: nothing changed")
    assert told(engine, "resolve", name) == (True, "resolved; endpoints that know it get its end")
    assert told(engine, "resolve", name) == (True, "was resolved before: nothing changed")
    applied, reason = told(engine, "acknowledge", name)
    assert (applied, reason) == (False, f"{name} is resolved: only an open incident can be acknowledged")
    assert shown(engine, name).status == "resolved"


@pytest.mark.parametrize("entity", ["checkout", "db", "payments"])
def test_a_cause_is_an_entity_of_the_incident_or_of_the_graph(entity: str) -> None:
    engine = engine_with(Change(ts=T + 2, entity="payments", name="deploy"), alert("Errors", "checkout", T + 3))
    assert told(engine, "confirm_cause", only(engine), entity) == (True, f"{entity} is the confirmed cause")
    root = shown(engine, only(engine)).root_cause
    assert root is not None
    assert root.entity == entity


@pytest.mark.parametrize("entity", ["nonexistent", "Checkout", "", " checkout"])
def test_another_cause_is_refused_with_those_there_are(entity: str) -> None:
    engine = engine_with()
    applied, reason = told(engine, "confirm_cause", only(engine), entity)
    assert not applied
    assert reason.startswith("$.entity: expected")
    if entity:
        assert "(checkout) or of the dependency graph" in reason
    assert shown(engine, only(engine)).root_cause is None


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "grouping confirmed"),
        ({"alerts": "Errors-checkout,Latency-checkout"}, "grouping confirmed"),
        ({"wrong": "Latency-checkout"}, "grouping judged wrong for 1 alert"),
        ({"alerts": "Errors-checkout", "wrong": "Latency-checkout"}, "grouping judged wrong for 1 alert"),
    ],
)
def test_the_grouping_is_judged_by_ids_of_members(args: Mapping[str, str], said: str) -> None:
    engine = engine_with()
    expected = f"{said}; recorded with the incident, which stays as it is"
    applied, answer = told(engine, "confirm_grouping", only(engine), **args)
    assert applied
    assert answer.startswith(expected)
    assert said in shown(engine, only(engine)).explanation
    assert len(shown(engine, only(engine)).members) == 2


def test_a_fingerprint_names_a_member_as_well() -> None:
    engine = engine_with()
    member = shown(engine, only(engine)).members[1]
    assert told(engine, "confirm_grouping", only(engine), wrong=member.fingerprint)[0]


@pytest.mark.parametrize("name", ["wrong", "alerts"])
@pytest.mark.parametrize("ids", ["nonexistent", "Errors-checkout,nonexistent", "Errors", "errors-checkout"])
def test_ids_that_are_no_members_are_refused(name: str, ids: str) -> None:
    engine = engine_with()
    applied, reason = told(engine, "confirm_grouping", only(engine), **{name: ids})
    assert not applied
    assert "as `aiops incidents show` lists it (Errors-checkout, Latency-checkout)" in reason
    assert "grouping" not in " ".join(shown(engine, only(engine)).explanation)


def test_an_alert_is_not_right_and_wrong() -> None:
    engine = engine_with()
    applied, reason = told(
        engine, "confirm_grouping", only(engine), alerts="Errors-checkout", wrong="Errors-checkout,Latency-checkout"
    )
    assert not applied
    assert "got 'Errors-checkout' as both" in reason


def test_a_playbook_is_one_that_is_suggested_or_known() -> None:
    library = Library()
    engine = engine_with(Tick(ts=T + 30), models=Models(suggester=library))
    name = only(engine)
    assert told(engine, "confirm_playbook", name, playbook="scale-out", outcome="helped") == (True, "scale-out: helped")
    applied, reason = told(engine, "confirm_playbook", name, playbook="nonexistent")
    assert not applied
    assert "of the catalogue (suggested: restart); got 'nonexistent'" in reason
    assert not told(engine, "confirm_playbook", name, playbook="restart", outcome="perhaps")[0]
    assert not told(engine, "confirm_playbook", name)[0]
    assert library.learned == [("scale-out", "helped")]


def merged() -> tuple[Engine, list[str], str]:
    """An engine whose incidents were merged one into the next: their ids, and the id of the one that is left."""
    engine = Engine(EngineConfig(), GRAPH)
    engine.step([alert("Errors", f"shop-{n}", T + 2_000 * n, service=f"shop-{n}") for n in range(3)])
    names = list(engine.incidents.by_id)
    assert len(names) == 3
    for younger, older in ((2, 1), (1, 0)):
        source, target = (engine.incidents.by_id[names[n]] for n in (younger, older))
        clusters = [engine.clusters.of(each.cluster) for each in (target, source)]
        assert clusters[0] is not None
        assert clusters[1] is not None
        moment = Moment(engine.seq, T + 5_000)
        engine.pipeline.merging.merge(clusters[0], clusters[1].number, "a test", moment)
    return engine, names, names[0]


@pytest.mark.parametrize("number", [1, 2])
def test_an_incident_that_was_merged_stands_for_the_one_it_is_part_of(number: int) -> None:
    engine, names, left = merged()
    began = f"{names[number]} is part of {left} now: "
    assert told(engine, "acknowledge", names[number]) == (True, f"{began}acknowledged; {UPDATED}")
    assert told(engine, "confirm_cause", names[number], f"shop-{number}")[0]
    assert told(engine, "confirm_grouping", names[number], wrong=f"Errors-shop-{number}")[0]
    applied, reason = told(engine, "confirm_cause", names[number], "nonexistent")
    assert not applied
    assert reason.startswith(began)
    assert told(engine, "resolve", names[number]) == (True, f"{began}resolved; endpoints that know it get its end")
    assert engine.incidents.by_id[left].status == "resolved"


@pytest.mark.parametrize("name", ["inc-forgotten", ""])
@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "confirm_cause", "confirm_grouping", "confirm_playbook"])
def test_an_incident_that_is_not_remembered_is_refused(verb: str, name: str) -> None:
    engine = engine_with()
    applied, reason = told(engine, verb, name, "checkout", playbook="restart")
    assert not applied
    assert "expected an incident that is open, or among the last" in reason


def test_what_was_merged_is_known_after_a_restart() -> None:
    engine, names, left = merged()
    again = Engine(EngineConfig(), GRAPH)
    again.restore(engine.snapshot())
    assert told(again, "acknowledge", names[2]) == (True, f"{names[2]} is part of {left} now: acknowledged; {UPDATED}")
    assert [member.alert_id for member in shown(again, left).members]
