"""The ranking stage: asks the models, contains their faults, tells them what became of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiops_models.causes import CauseRanker

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.rank import MAX_CHANGES, Models, trust
from aiops.ports import IncidentView
from aiops.records import Action, Alert, Cause, Change, Evidence, Record, Suggestion, Tick
from aiops.topology import Topology

T0 = 1_795_000_000.0


class Model:
    """A ranker, suggester and memory in one, which keeps what it is told and may raise."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.seen: list[IncidentView] = []
        self.told: list[tuple[Any, ...]] = []

    def _maybe(self, name: str) -> None:
        if self.wrong == name:
            raise ValueError(f"{name} is broken")

    def rank(self, view: IncidentView) -> list[Cause]:
        self._maybe("rank")
        self.seen.append(view)
        return [Cause("db", 2.0, confidence="high")] if self.wrong != "kind" else ["db"]  # type: ignore[list-item]

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        self._maybe("suggest")
        return [Suggestion("restart", score=1.0)]

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        self._maybe("nearest")
        return [Evidence("like", 0.5, "like incident 7")]

    def learn(self, view: IncidentView, *what: Any) -> None:
        self._maybe("learn")
        self.told.append((view.id, *what))

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        self._maybe("add")
        self.told.append(("add", view.id, dict(meta)))


def alerts(start: float = 0.0) -> list[Record]:
    return [
        Alert(ts=T0 + start + turn + n / 10, name=name, entity="db", service="db", severity="critical")
        for turn in range(3)
        for n, name in enumerate(("DiskFull", "DiskSlow", "DbDown"))
    ]


def engine_of(model: Model) -> Engine:
    return Engine(models=Models(model, model, model))


def ranked(model: Model, *before: Record) -> tuple[Engine, Any]:
    engine = engine_of(model)
    events = engine.step([*before, *alerts(), Tick(ts=T0 + 60)])
    changed = [event for event in events if isinstance(event, IncidentChanged)]
    return engine, changed[-1].incident


def test_incident_has_what_the_models_say() -> None:
    _, incident = ranked(Model())
    assert [cause.entity for cause in incident.causes] == ["db"]
    assert [playbook.name for playbook in incident.playbooks] == ["restart"]
    assert [each.text for each in incident.similar] == ["like incident 7"]


@pytest.mark.parametrize("wrong", ["rank", "kind", "suggest", "nearest"])
def test_model_that_is_wrong_costs_its_own_part_only(wrong: str) -> None:
    engine, incident = ranked(Model(wrong))
    assert bool(incident.causes) == (wrong not in ("rank", "kind"))
    assert bool(incident.playbooks) == (wrong != "suggest")
    assert bool(incident.similar) == (wrong != "nearest")
    assert sum(engine.accounts()["faults"].values()) >= 1
    assert engine.accounts()["conserved"]


def test_model_sees_one_fact_for_each_stream_and_the_changes_before() -> None:
    model = Model()
    old, fresh = (Change(ts=T0 - ago, entity="db", name=f"c{ago}") for ago in (4_000, 60))
    ranked(model, old, fresh)
    view = model.seen[-1]
    assert {fact.name for fact in view.facts} == {"DiskFull", "DiskSlow", "DbDown"}
    assert all(fact.count == 3 for fact in view.facts)
    assert [change.name for change in view.changes] == ["c60"]


def test_changes_are_bounded() -> None:
    engine = engine_of(Model())
    engine.step([Change(ts=T0 + n / 100, entity="db", name=f"c{n}") for n in range(MAX_CHANGES + 50)])
    assert len(engine.ranking.changes) == MAX_CHANGES


def test_confirmed_cause_and_playbook_are_learned() -> None:
    model = Model()
    engine, incident = ranked(model)
    engine.step(
        [
            Action(ts=T0 + 61, verb="confirm_cause", id="a", incident=incident.id, entity="db"),
            Action(
                ts=T0 + 62,
                verb="confirm_playbook",
                id="b",
                incident=incident.id,
                args={"playbook": "p", "outcome": "helped"},
            ),
        ]
    )
    assert (incident.id, "db") in model.told
    assert (incident.id, "p", "helped") in model.told


def test_ended_incident_is_remembered_with_what_was_confirmed() -> None:
    model = Model()
    engine, incident = ranked(model)
    engine.step(
        [
            Action(ts=T0 + 61, verb="confirm_cause", id="a", incident=incident.id, entity="db"),
            Action(ts=T0 + 62, verb="resolve", id="b", incident=incident.id),
            Tick(ts=T0 + 40_000),
        ]
    )
    engine.finish()
    [remembered] = [told for told in model.told if told[0] == "add"]
    assert remembered[1] == incident.id
    assert remembered[2]["root"] == "db"
    assert float(remembered[2]["opened_at"]) >= T0


@pytest.mark.parametrize("wrong", ["learn", "add"])
def test_model_that_cannot_learn_stops_nothing(wrong: str) -> None:
    engine, incident = ranked(Model(wrong))
    engine.step(
        [Action(ts=T0 + 61, verb="confirm_cause", id="a", incident=incident.id, entity="db"), Tick(ts=T0 + 40_000)]
    )
    engine.finish()
    assert engine.accounts()["conserved"]


class Calibrated:
    """A ranker that says how far to believe it."""

    def __init__(self, **found: Any) -> None:
        self.found = {
            "entities": ["db", "web"],
            "promised": None,
            "among_first": None,
            "measured_coverage": None,
        }
        self.found |= found

    def candidate_set(self, causes: list[Cause]) -> Mapping[str, Any]:
        return self.found

    def calibration(self) -> Mapping[str, Any]:
        return {"outcomes": 40, "error": 0.07}


def test_trust_claims_no_more_than_was_measured() -> None:
    causes = [Cause("db")]
    assert trust(Calibrated(), []) == ""
    unsure = trust(Calibrated(), causes)
    assert "db, web" in unsure
    assert "not yet checked here" in unsure
    assert "%" not in unsure
    sure = trust(Calibrated(promised=0.9, among_first=0.97, measured_coverage=0.875), causes)
    for part in ("db, web", "at least 90%", "held in 88%", "40 confirmed"):
        assert part in sure
    assert "held in" not in trust(Calibrated(promised=0.9, among_first=0.97), causes)


def test_trust_promises_nothing_where_nothing_can_be_promised() -> None:
    told = trust(Calibrated(among_first=0.62), [Cause("db")])
    assert "No short list can be promised here" in told
    assert "at least 62% of incidents, by 40 confirmed incidents" in told


def test_engine_without_models_ranks_nothing_and_remembers_no_views() -> None:
    engine = Engine()
    events = engine.step([*alerts(), Tick(ts=T0 + 60)])
    last = [event for event in events if isinstance(event, IncidentChanged)][-1].incident
    assert (last.causes, last.playbooks, last.similar) == ([], [], [])
    engine.finish()
    assert engine.ranking.views == {}


def test_measure_of_a_ranking_is_none_without_a_ranker_that_has_one() -> None:
    assert Engine().ranking.measured() is None
    assert Engine(models=Models(ranker=Model())).ranking.measured() is None


def test_measure_of_a_ranking_is_that_of_its_ranker() -> None:
    engine = Engine(models=Models(ranker=CauseRanker(Topology())))
    measured = engine.ranking.measured()
    assert measured is not None
    assert (measured["outcomes"], measured["needed"], measured["hits"]) == (0, 10, 0)


def test_remembered_end_leaves_out_the_quiet_before_it() -> None:
    model = Model()
    engine, incident = ranked(model)
    engine.step([Tick(ts=T0 + 200_000)])
    engine.finish()
    [remembered] = [told for told in model.told if told[0] == "add"]
    assert remembered[1] == incident.id
    found = engine.present(incident.id)
    assert found is not None
    quiet_at, resolved_at = found[0].quiet_at, found[0].resolved_at
    assert quiet_at is not None
    assert resolved_at is not None
    assert float(remembered[2]["resolved_at"]) == quiet_at < resolved_at
