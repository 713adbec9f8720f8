"""Findings add to the evidence for a suspect, and change nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiops_models.causes.ranker import CauseRanker
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged, Placed
from aiops.engine.incidents.state import MAX_FINDINGS
from aiops.engine.rank import Models
from aiops.records import Action, Alert, Incident, Record, Tick
from aiops.topology import Edge, Node, Topology

T = 1_772_400_000.0
SITE = Topology.build(
    [Node("web", "service"), Node("cart", "service"), Node("pay", "service"), Node("db", "database")],
    [Edge("web", "cart", "calls"), Edge("web", "pay", "calls"), Edge("cart", "db", "uses"), Edge("pay", "db", "uses")],
)
OOM = {"by": "last state", "entity": "pay", "text": "OOMKilled in the last state of pay-1", "weight": "strong"}


def new() -> Engine:
    return Engine(EngineConfig(), SITE, Models(ranker=CauseRanker(SITE)))


def alert(entity: str, name: str = "HighErrorRate", at: float = 0.0, severity: str = "critical") -> Alert:
    return Alert(ts=T + at, name=name, entity=entity, service=entity, severity=severity, id=f"{entity}-{name}-{at}")


def finding(incident: str, *found: dict[str, Any], at: float = 60.0) -> Action:
    args = {"playbook": "p", "findings": json.dumps(found)}
    return Action(ts=T + at, verb="finding", actor="aiops", incident=incident, args=args, id=f"f-{at}")


def opened() -> tuple[Engine, str]:
    engine = new()
    engine.step([alert("web"), alert("cart", at=1.0), alert("pay", at=2.0), Tick(ts=T + 30)])
    (name,) = engine.incidents.by_id
    return engine, name


def shown(engine: Engine, name: str) -> Incident:
    found = engine.present(name)
    assert found is not None
    return found[0]


def changes(events: list[Event]) -> list[IncidentChanged]:
    return [event for event in events if isinstance(event, IncidentChanged)]


def reason(events: list[Event]) -> str:
    return next(event.reason for event in events if isinstance(event, Feedback))


def test_a_finding_ranks_anew_and_is_one_update_with_its_sentence() -> None:
    engine, name = opened()
    before = shown(engine, name).causes
    assert before[0].entity != "pay"
    events = engine.step([finding(name, OOM)])
    (change,) = changes(events)
    assert (change.change, change.what[:2], change.by_person) == ("updated", ["finding", "cause"], False)
    assert change.said == "found: OOMKilled in the last state of pay-1"
    cause = change.incident.causes[0]
    assert (cause.entity, cause.evidence[0].name) == ("pay", "finding")
    assert cause.evidence[0].text == "looked and found: OOMKilled in the last state of pay-1"
    assert cause.score == pytest.approx(sum(one.value for one in cause.evidence))
    assert [one.text for one in change.incident.findings] == [OOM["text"]]
    assert reason(events).startswith("1 finding kept")


def test_the_same_finding_counts_once_and_many_are_bounded() -> None:
    engine, name = opened()
    engine.step([finding(name, OOM)])
    again = engine.step([finding(name, OOM, at=61)])
    assert (changes(again), reason(again)) == ([], "known before: nothing changed")
    for at in range(3):
        some = [{**OOM, "text": f"number {at} {n}"} for n in range(8)]
        (change,) = changes(engine.step([finding(name, *some, at=70 + at)]))
        assert change.said.endswith("; and 5 more")
    assert len(shown(engine, name).findings) == MAX_FINDINGS


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"findings": "{"},
        {"findings": "[]"},
        {"findings": json.dumps([{**OOM, "weight": 99}])},
        {"findings": json.dumps([{**OOM, "text": "x" * 301}])},
        {"findings": json.dumps([OOM] * 11)},
    ],
)
def test_what_is_no_finding_is_refused(args: dict[str, str]) -> None:
    engine, name = opened()
    events = engine.step([Action(ts=T + 60, verb="finding", incident=name, args=args, id="f")])
    assert not changes(events)
    assert "$.args.findings: expected a list of findings" in reason(events)


def test_an_incident_that_has_ended_gets_none_and_a_new_life_begins_without() -> None:
    engine, name = opened()
    engine.step([finding(name, OOM)])
    engine.step([Action(ts=T + 70, verb="resolve", incident=name, actor="ann", id="r")])
    assert "resolved" in reason(engine.step([finding(name, {**OOM, "text": "late"}, at=80)]))
    assert [one.text for one in shown(engine, name).findings] == [OOM["text"]], "its record keeps what was found"
    engine.step([alert("web", at=100), alert("web", "Down", at=101)])
    assert shown(engine, name).findings == []


def test_a_snapshot_has_findings_and_a_replay_is_the_same() -> None:
    engine, name = opened()
    engine.step([finding(name, OOM)])
    other = new()
    other.restore(engine.snapshot())
    later: list[Record] = [alert("db", at=90), Tick(ts=T + 200)]
    assert other.step(later) == engine.step(later)
    assert other.snapshot() == engine.snapshot()
    assert shown(other, name).findings[0].text == OOM["text"]


def test_a_merge_keeps_the_findings_of_both() -> None:
    engine = new()
    engine.step([alert("web"), alert("mail-7", "DiskFull", 400.0), Tick(ts=T + 430)])
    first, second = engine.incidents.by_id
    engine.step([finding(first, OOM, at=460), finding(second, {**OOM, "text": "disk full"}, at=461)])
    engine.step([Action(ts=T + 470, verb="merge", incident=second, args={"into": first}, actor="ann", id="m")])
    assert [one.text for one in shown(engine, first).findings] == [OOM["text"], "disk full"]
    engine.step([Action(ts=T + 480, verb="undo", incident=first, actor="ann", id="u")])
    texts = {name: [one.text for one in shown(engine, name).findings] for name in (first, second)}
    assert texts == {first: [OOM["text"]], second: ["disk full"]}


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["web", "cart", "pay", "db", "x-1", "x-2"]),
        st.sampled_from(["HighErrorRate", "Down", "CpuHigh"]),
        st.sampled_from(["critical", "high", "warning", "info"]),
        st.integers(1, 400),
        st.sampled_from(["alert", "alert", "alert", "finding"]),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(RECORDS)
def test_findings_never_change_grouping_severity_or_who_is_open(
    steps: list[tuple[str, str, str, int, str]],
) -> None:
    """The same log with clocks in place of the findings has the same alerts in the same incidents."""
    with_findings, without, at = new(), new(), 0.0
    for entity, name, severity, gap, kind in steps:
        at += gap
        open_ones = list(with_findings.incidents.by_id)
        if kind == "finding":
            incident = open_ones[int(at) % len(open_ones)] if open_ones else "none"
            record: Action | Alert = finding(incident, {**OOM, "entity": entity, "text": f"{name} {at}"}, at=at)
            other: Action | Alert = Action(ts=record.ts, verb="nothing", id="n")
        else:
            record = other = alert(entity, name, at, severity)
        placed = [one for one in with_findings.step([record]) if isinstance(one, Placed)]
        assert placed == [one for one in without.step([other]) if isinstance(one, Placed)]
    assert _outline(with_findings) == _outline(without)


def _outline(engine: Engine) -> list[tuple[Any, ...]]:
    shown_ones = [shown(engine, name) for name in engine.incidents.by_id]
    return [(one.id, one.status, one.severity, one.alert_count, sorted(one.entities)) for one in shown_ones]
