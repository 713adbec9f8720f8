"""The benchmark of runs without a person: what counts as right, who is asked, and the worse ranker."""

from __future__ import annotations

import pytest
from aiops_models.causes.ranker import CauseRanker

from aiops.ports import AlertFact, IncidentView
from aiops.simulate import Options
from aiops.topology import Topology
from benchmarks.accuracy.first_response import ARMS, RULES, lines_of, sites_of, task_of
from benchmarks.accuracy.first_response_run import Acts, Outcome, Task, WorseRanker, measure

SITE = Options(seed=2, services=12, faults=4, noise=0.5, hours=2.0)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """A small site, all of which counts."""
    return measure(Task(SITE, "benchmark", 1.0, learning=0.0))


def test_guards_act_on_less_than_the_naive_rule(outcome: Outcome) -> None:
    assumed, naive = outcome.acts["assumed"], outcome.acts["naive"]
    assert 0 < assumed.runs <= naive.runs
    assert assumed.started + sum(assumed.refusals.values()) == outcome.faults == 4
    assert assumed.wrong == len(assumed.wrongs) <= naive.wrong
    assert assumed.right <= assumed.started
    # Younger incidents are refused.
    assert max(assumed.seconds) > 60.0
    assert outcome.reviewed > 0


def test_nothing_starts_before_a_certainty_was_measured(outcome: Outcome) -> None:
    measured = outcome.acts["measured"]
    assert measured.runs == 0
    assert measured.refusals["confidence_uncalibrated"] > 0


def test_what_begins_while_a_site_is_learned_is_not_counted() -> None:
    found = measure(Task(SITE, "benchmark", 0.0, learning=1.0))
    assert (found.incidents, found.faults, found.reviewed) == (0, 0, 0)
    assert [acts.runs for acts in found.acts.values()] == [0, 0, 0]


def test_a_worse_ranker_names_another_suspect_in_three_of_ten_incidents_and_is_as_sure() -> None:
    ranker, worse, other = CauseRanker(Topology()), WorseRanker(Topology()), 0
    for number in range(100):
        facts = [
            AlertFact(name, entity, 3, 1, 0.0, 60.0) for name, entity in (("Down", "a"), ("Down", "b"), ("Slow", "c"))
        ]
        view = IncidentView(f"i{number}", 0.0, facts, [], 0)
        first, second = ranker.rank(view), worse.rank(view)
        other += first[0].entity != second[0].entity
        assert (first[0].score, first[0].confidence) == (second[0].score, second[0].confidence)
    assert 20 <= other <= 40


def test_rows_state_shares_of_faults_and_wrong_actions_with_their_bound() -> None:
    acts = {name: Acts(started=4, right=3, runs=4, wrong=1, late=1, seconds=[100.0, 300.0]) for name in RULES}
    one = Outcome(incidents=50, faults=10, acts=acts)
    lines = lines_of(ARMS[1], [one, one])
    assert [line["rule"] for line in lines] == list(RULES)
    assert (lines[0]["started"], lines[0]["right"], lines[0]["wrong_per_10000"]) == (0.4, 0.3, 200.0)
    assert lines[0]["at_most"] > 200.0
    assert (lines[0]["seconds"], lines[0]["verified"], lines[0]["late"]) == (200.0, 500.0, 2)


def test_arms_differ_by_site_ranker_and_review() -> None:
    assert len({task_of(arm, 1) for arm in ARMS}) == len(ARMS)
    assert task_of(ARMS[0], 1, quick=True).options.hours < task_of(ARMS[0], 1).options.hours
    assert sites_of(0, 2, None) == sites_of(1, 2, None) == 2
