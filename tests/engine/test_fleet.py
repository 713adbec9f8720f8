"""How many entities alert and are known, and how certain a first suspect is; reading changes nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from aiops.engine.engine import Engine
from aiops.engine.fleet import SEEN_S, SETTLED_S, SILENT_S, certainty_of, fleet_of, unsettled
from aiops.engine.incident_view import current_incident
from aiops.engine.rank import Models
from aiops.ports import IncidentView
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


def view_of(engine: Engine, causes: list[Cause]) -> IncidentView:
    return IncidentView(next(iter(engine.incidents.by_id)), T0, [], causes=causes)


@pytest.mark.parametrize(
    ("first", "bound"),
    [(0.93, 0.93), (None, None), (2.0, None), (float("nan"), None), ("sure", None), (ValueError("x"), None)],
)
def test_only_a_measured_bound_is_a_certainty(engine: Engine, first: Any, bound: float | None) -> None:
    [state] = engine.incidents.by_id.values()
    assert certainty_of(engine, state, view_of(engine, [])) is None, "without a suspect"
    view = view_of(engine, [Cause("db-1", confidence="high")])
    assert certainty_of(engine, state, view) is None, "without a ranker that measures itself"
    engine.ranking.calibrated = Ranker(first)
    found = certainty_of(engine, state, view)
    assert (found.bound if found is not None else None) == bound
    assert engine.ranking.faults.counts == {}


class CertainRanker(Ranker):
    """One that counts its first suspects, and learns of noise."""

    def __init__(self, first: Any) -> None:
        super().__init__(first)
        self.marks: list[tuple[str, bool]] = []

    def rank(self, view: IncidentView) -> list[Cause]:
        return []

    def learn(self, view: IncidentView, root: str | None) -> None:
        pass

    def certainty(self, view: IncidentView) -> tuple[float, int] | None:
        if isinstance(self.first, Exception):
            raise self.first
        return (self.first, 7) if self.first is not None else None

    def mark_noise(self, view: IncidentView, is_noise: bool) -> None:
        self.marks.append((view.id, is_noise))


@pytest.mark.parametrize(("first", "bound"), [(0.93, 0.93), (None, None), (2.0, None), (ValueError("x"), None)])
def test_a_ranker_that_counts_its_first_suspects_is_asked_for_that(
    engine: Engine, first: Any, bound: float | None
) -> None:
    [state] = engine.incidents.by_id.values()
    engine.ranking.models = Models(ranker=CertainRanker(first))
    found = certainty_of(engine, state, view_of(engine, [Cause("db-1", confidence="high")]))
    assert (found.bound if found is not None else None) == bound
    assert found is None or (found.outcomes, found.why) == (7, "by 7 reviewed incidents like it")


def test_a_ranker_learns_which_incidents_were_noise(engine: Engine) -> None:
    [name] = list(engine.incidents.by_id)
    ranker = CertainRanker(0.5)
    engine.ranking.models = Models(ranker=ranker)

    def did(verb: str, second: int, **args: str) -> None:
        engine.step([Action(ts=T0 + second, verb=verb, id=f"a{second}", incident=name, actor="ann", args=args)])

    did("mark", 1, **{"as": "actionable"})
    assert ranker.marks == []
    did("mark", 2, **{"as": "noise"})
    did("note", 3, text="nothing of it")
    did("undo", 4)
    assert ranker.marks == [(name, True), (name, False)]


def test_incidents_that_stay_as_they_are_have_settled(engine: Engine) -> None:
    engine.step([Alert(ts=T0 + 30, name="DbDown", entity="db-1", severity="critical")])
    # Repeats of the same alerts change nothing, and a stream that joined does.
    engine.step([Alert(ts=T0 + 600 * n, name="DiskFull", entity="db-1", severity="critical") for n in range(1, 7)])
    assert unsettled(engine, T0 + 30 + SETTLED_S) == 1
    assert unsettled(engine, T0 + 31 + SETTLED_S) == 0
    [name] = list(engine.incidents.by_id)
    engine.step([Action(ts=T0 + SETTLED_S, verb="resolve", id="a", incident=name, actor="ann")])
    assert unsettled(engine, T0 + SETTLED_S) == 0


@pytest.mark.parametrize(
    ("count", "usual_s", "silent_s"), [(3, 60.0, SILENT_S), (3, 3_600.0, 36_000.0), (2, 60.0, math.inf)]
)
def test_a_stream_that_fell_silent_against_its_habit_does_not_alert(
    engine: Engine, count: int, usual_s: float, silent_s: float
) -> None:
    [name] = list(engine.incidents.by_id)
    cluster = engine.clusters.of(engine.incidents.by_id[name].cluster)
    assert cluster is not None
    [member] = cluster.members.values()
    member.count, member.last_at = count, T0 + usual_s * (count - 1)
    for after, is_silent in ((min(silent_s, 1e6), False), (min(silent_s, 1e6) + 1, silent_s < math.inf)):
        at = member.last_at + after
        assert fleet_of(engine, at).alerting == (not is_silent)
        found = current_incident(engine, name, at)
        assert found is not None
        assert [(one.is_firing, one.is_silent) for one in found.streams] == [(True, is_silent)]


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
