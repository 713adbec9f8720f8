"""Decisions about playbooks come out of a history as they stood when people judged them."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from aiops_models.playbooks import PlaybookSuggester

from aiops.backtest.playbook_decisions import logged_decisions
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.rank import Models
from aiops.records import Action, Alert, Logged, Tick
from aiops.respond.catalogue import shipped
from aiops.score.off_policy import evaluate, greedy
from aiops.topology import Topology

T = 1_700_000_000.0
BOOKS = [str(shipped() / f"{name}.yaml") for name in ("service-error-rate", "service-latency-high")]
INCIDENTS = 60


def new_engine() -> Engine:
    return Engine(EngineConfig(), Topology(), Models(suggester=PlaybookSuggester(Topology(), {"playbooks": BOOKS})))


@cache
def history() -> tuple[list[Logged], dict[str, str]]:
    """Incidents of two alerts, each judged: errors were the fault. Returns the records and who was first in each."""
    engine = new_engine()
    records: list[Logged] = []
    firsts: dict[str, str] = {}

    def step(*more: Logged) -> None:
        records.extend(more)
        engine.step(list(more))

    for number in range(INCIDENTS):
        at = T + number * 7_200
        before = set(engine.incidents.by_id)
        for name in ("HighErrorRate", "HighRequestLatency"):
            step(
                Alert(
                    ts=at, name=name, entity=f"cart{number}", service=f"cart{number}", severity="high", id=f"{name}{at}"
                )
            )
        step(Tick(ts=at + 60))
        [incident] = set(engine.incidents.by_id) - before
        first = engine.incidents.by_id[incident].playbooks[0].name
        firsts[incident] = first
        outcome = "resolved" if first == "service-error-rate" else "useless"
        step(_judge(at + 90, incident, playbook=first, outcome=outcome), Tick(ts=at + 7_000))
    return records, firsts


def _judge(at: float, incident: str, verb: str = "confirm_playbook", **args: str) -> Action:
    message = "not this" if verb == "reject_playbook" else None
    return Action(ts=at, verb=verb, incident=incident, id=f"{verb}-{at}", actor="alice", args=args, message=message)


def test_decisions_are_those_of_the_first_run() -> None:
    records, firsts = history()
    found = logged_decisions(records, new_engine())
    assert [one.id for one in found] == list(firsts)
    assert [one.candidates[one.first] for one in found] == list(firsts.values())
    for one in found:
        assert sum(one.propensities) == pytest.approx(1.0, abs=1e-5)
        assert one.reward == float(one.candidates[0] == "service-error-rate")
    assert found[0].propensities[0] == 1.0, "before any outcome nothing is drawn"
    assert all(0.0 < one.propensities[0] < 1.0 for one in found[1:])
    assert logged_decisions(records, new_engine()) == found


def test_the_suggester_that_does_not_explore_would_do_better() -> None:
    found = evaluate(logged_decisions(history()[0], new_engine()), greedy)
    assert found.refused == ""
    assert found.gain is not None
    assert found.gain.value >= -0.02


def test_propensities_are_in_the_incident_record() -> None:
    records, _ = history()
    engine = new_engine()
    engine.step(list(records[:20]))
    shown = [engine.present(name) for name in engine.incidents.by_id]
    drawn = [one for found in shown if found for one in found[0].playbooks if one.propensity is not None]
    assert drawn
    assert b'"propensity":0.' in msgspec.json.encode(drawn[0])


def _judged(*actions: tuple[str, dict[str, str]]) -> list[float]:
    """The rewards of the first decision of the history under other judgements."""
    records, firsts = history()
    incident = next(iter(firsts))
    start = [record for record in records[:3] if not isinstance(record, Action)]
    more = [_judge(T + 90 + number, incident, verb, **args) for number, (verb, args) in enumerate(actions)]
    return [one.reward for one in logged_decisions([*start, *more], new_engine())]


def test_rewards_are_those_of_the_first_suggestion() -> None:
    first = next(iter(history()[1].values()))
    other = next(name for name in ("service-error-rate", "service-latency-high") if name != first)
    helped = {"playbook": first, "outcome": "helped"}
    assert _judged(("confirm_playbook", helped)) == [0.7]
    assert _judged(("reject_playbook", {"playbook": first})) == [0.0]
    assert _judged(("confirm_playbook", {"playbook": other, "outcome": "resolved"})) == [0.0]
    assert _judged(("confirm_playbook", helped), ("confirm_playbook", {"playbook": other})) == [0.7]
    for verb, args in (
        ("confirm_playbook", {"playbook": other, "outcome": "useless"}),
        ("reject_playbook", {"playbook": other}),
        ("confirm_playbook", {"playbook": "no-such-playbook"}),
        ("confirm_playbook", {"playbook": first, "outcome": "sideways"}),
    ):
        assert _judged((verb, args)) == [], (verb, args)


def test_an_undone_rejection_is_no_judgement() -> None:
    first = next(iter(history()[1].values()))
    assert _judged(("reject_playbook", {"playbook": first}), ("undo", {})) == []
