"""The benchmark of runs without a person: what counts as right, who is asked, and the worse ranker."""

from __future__ import annotations

import pytest
from aiops_models.causes.ranker import CauseRanker

from aiops.ports import AlertFact, IncidentView
from aiops.simulate import Options
from aiops.topology import Topology
from benchmarks.accuracy.first_response import ARMS, lines_of, task_of
from benchmarks.accuracy.first_response_run import Outcome, Task, WorseRanker, measure

SITE = Options(seed=2, services=12, faults=4, noise=0.5, hours=2.0)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """A small site, with a certainty that is assumed."""
    return measure(Task(SITE, "benchmark", 1.0, 0.95))


def test_guards_act_on_less_than_the_naive_rule(outcome: Outcome) -> None:
    assert 0 < outcome.runs <= outcome.naive_runs
    assert outcome.started + sum(outcome.refusals.values()) == outcome.faults == 4
    assert outcome.wrong == len(outcome.wrongs) <= outcome.naive_wrong
    # Younger incidents are refused.
    assert all(after > 60.0 for after in outcome.seconds)
    assert outcome.confirmed > 0


def test_nothing_starts_before_a_certainty_was_measured() -> None:
    found = measure(Task(SITE, "benchmark", 0.0))
    assert (found.runs, found.confirmed) == (0, 0)
    assert found.refusals["confidence_uncalibrated"] > 0
    assert found.naive_runs > 0


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
    one = Outcome(incidents=50, faults=10, runs=4, started=4, right=3, wrong=1, seconds=[100.0, 300.0])
    [guarded, naive] = lines_of(ARMS[1], [one, one])
    assert (guarded["started"], guarded["right"], guarded["wrong_per_10000"]) == (0.4, 0.3, 200.0)
    assert guarded["at_most"] > 200.0
    assert (guarded["seconds"], naive["rule"]) == (200.0, "naive")
    assert len(lines_of(ARMS[0], [one])) == 1


def test_arms_differ_by_site_ranker_and_certainty() -> None:
    assert len({task_of(arm, 1) for arm in ARMS}) == len(ARMS)
    assert task_of(ARMS[0], 1, quick=True).options.hours < task_of(ARMS[0], 1).options.hours
