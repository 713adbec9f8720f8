"""A first suspect earns a certainty by outcomes of its kind alone, and the bound holds however often it is read."""

from __future__ import annotations

from random import Random

import pytest
from aiops_models.causes.first_suspects import (
    YOUNG_S,
    FirstSuspects,
    place_of,
    young,
)
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.causes.ranker import CauseRanker
from aiops_models.causes.topology_index import TopologyIndex

from aiops.ports import AlertFact, IncidentView
from aiops.score.least_rate import ALPHA, MAX_OUTCOMES, MIN_OUTCOMES, lower
from aiops.topology import Edge, Node, Topology

SITE = Topology.build(
    [Node("web", "service"), Node("web-0", "pod"), Node("db", "database"), Node("gate", "service")],
    [Edge("web-0", "web", "part_of"), Edge("web", "db", "uses"), Edge("gate", "web", "calls")],
)


def view(*alerts: tuple[str, str, float], id: str = "i") -> IncidentView:
    return IncidentView(id, 0.0, [AlertFact(entity, name, 3, 1, at, at) for entity, name, at in alerts])


def kind(*alerts: tuple[str, str, float]) -> str:
    ranker = CauseRanker(SITE)
    given = view(*alerts)
    given.causes = ranker.rank(given)
    ranker.mark_noise(given, True)
    [[_, found, is_cause]] = ranker.dump()["firsts"]
    assert not is_cause
    return str(found).split(" ")[1]


def test_a_suspect_is_of_a_kind_by_its_place_among_the_alerts() -> None:
    down = [("db", "PostgresqlDown", 0.0), ("web", "HTTPErrorRateHigh", 5.0), ("gate", "HTTPErrorRateHigh", 9.0)]
    assert kind(*down) == "front"
    assert kind(down[0]) == "alone"
    own = [("web-0", "KubePodCrashLooping", 0.0), ("web", "HTTPErrorRateHigh", 5.0)]
    assert kind(*own) == "alone"
    assert kind(*own, down[2]) == "front"


@pytest.mark.parametrize(
    ("entity", "alerting", "place"),
    [
        ("web", ["web", "gate"], "front"),
        ("web", ["web-0", "gate"], "front"),
        ("web", ["web", "web-0"], "alone"),
        ("web-0", ["web", "web-0"], "alone"),
        ("web", ["gate"], "silent"),
        ("web", ["db", "gate"], "silent"),
        ("web", ["web", "db"], "suffers"),
        ("web", ["web-0", "db", "gate"], "suffers"),
        ("gate", ["gate", "db"], "suffers"),
        ("db", ["db", "web", "gate"], "front"),
    ],
)
def test_the_place_is_read_from_alerts_and_dependencies(entity: str, alerting: list[str], place: str) -> None:
    given = view(*((one, "Slow", 0.0) for one in alerting))
    assert place_of(IncidentGraph(TopologyIndex(SITE), load_lexicon(None), given), entity) == place


def test_the_bound_needs_outcomes_of_the_same_kind() -> None:
    found = FirstSuspects()
    for number in range(65):
        found.learn(f"i{number}", "high front", True)
        assert (found.bound("high front") is None) == (number + 1 < MIN_OUTCOMES)
    assert found.bound("medium front") is None
    bound = found.bound("high front")
    assert bound is not None
    assert bound[0] > 0.9
    assert bound[1] == 65
    found.learn("i0", "high front", False)
    worse = found.bound("high front")
    assert worse is not None
    assert worse[0] < 0.9
    assert worse[1] == 65, "one incident is one outcome"
    found.forget("i0")
    assert found.bound("high front") == (lower(64, 0), 64)


def test_outcomes_are_bounded_by_kind_and_survive_a_dump() -> None:
    found = FirstSuspects()
    found.learn("other", "high alone", True)
    for number in range(MAX_OUTCOMES + 5):
        found.learn(f"i{number}", "high front", number >= 5)
    assert found.bound("high front") == (lower(MAX_OUTCOMES, 0), MAX_OUTCOMES)
    again = FirstSuspects()
    again.load(found.dump())
    assert again.dump() == found.dump()
    assert len(again.dump()) == MAX_OUTCOMES + 1


@pytest.mark.parametrize("rate", [0.7, 0.85])
def test_the_bound_is_rarely_wrong_although_it_is_read_after_each_outcome(rate: float) -> None:
    random, broken = Random(7), 0
    for _ in range(150):
        hits = 0
        for number in range(1, 150):
            hits += random.random() < rate
            if number >= MIN_OUTCOMES and number % 3 == 0 and lower(hits, number - hits) > rate:
                broken += 1
                break
    assert broken <= 150 * ALPHA * 3


def test_no_outcome_is_no_certainty() -> None:
    assert lower(0, 0) == lower(0, 20) == 0.0
    assert lower(20, 0) < lower(200, 0) < 1.0


def test_a_young_incident_has_its_first_alerts() -> None:
    given = view(("db", "A", 100.0), ("web", "B", 100.0 + YOUNG_S), ("gate", "C", 101.0 + YOUNG_S))
    assert [fact.name for fact in young(given).facts] == ["A", "B"]
    assert young(view()).facts == []


def test_a_confirmed_cause_is_compared_with_the_first_suspect_of_the_young_incident() -> None:
    ranker = CauseRanker(SITE)
    late = ("gate", "CertificateExpired", 900.0)
    for number in range(3 * MIN_OUTCOMES):
        given = view(("db", "PostgresqlDown", 0.0), ("web", "HTTPErrorRateHigh", 5.0), late, id=f"i{number}")
        ranker.learn(given, "db")
    outcomes = ranker.dump()["firsts"]
    assert all(is_cause for _, _, is_cause in outcomes)
    now = view(("db", "PostgresqlDown", 0.0), ("web", "HTTPErrorRateHigh", 5.0), id="now")
    assert ranker.certainty(now) is None, "without a suspect"
    now.causes = ranker.rank(now)
    assert now.causes[0].entity == "db"
    own = sum(kind == f"{now.causes[0].confidence} front" for _, kind, _ in outcomes)
    assert own >= MIN_OUTCOMES
    assert ranker.certainty(now) == (lower(own, 0), own)


def test_noise_counts_against_a_suspect_until_that_is_taken_back() -> None:
    ranker = CauseRanker(SITE)
    given = view(("db", "PostgresqlDown", 0.0))
    ranker.mark_noise(given, True)
    assert [is_cause for _, _, is_cause in ranker.dump()["firsts"]] == [False]
    ranker.mark_noise(given, False)
    assert ranker.dump()["firsts"] == []
    ranker.mark_noise(view(), True)
    assert ranker.dump()["firsts"] == []
