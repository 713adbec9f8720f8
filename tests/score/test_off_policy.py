"""Off-policy evaluation: on simulated logs of known truth the intervals hold what they promise."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache

import pytest

from aiops.score.off_policy import (
    MAX_UNSEEN,
    Decision,
    Evaluation,
    RewardModel,
    effective_size,
    evaluate,
    greedy,
    logging,
    student_975,
)

NAMES = ["restart", "rollback", "scale"]
# The chance that a playbook helps, by alert: the best of one alert is the worst of the other.
CHANCES = {"Crash": [0.7, 0.4, 0.2], "Latency": [0.2, 0.5, 0.6]}
SCORES = {"Crash": [2.0, 1.8, 1.0], "Latency": [1.0, 1.9, 2.0]}
# What greedy earns: the mean of the best of each alert, by score.
TRUTH = (0.7 + 0.6) / 2
SEEDS, DECISIONS = 200, 150


def log(seed: int, decisions: int = DECISIONS) -> list[Decision]:
    """A log whose policy often draws what is not the best, in proportions that differ by decision."""
    generator = random.Random(seed)
    made = []
    for number in range(decisions):
        context = ("Crash", "Latency")[number % 2]
        raw = [math.exp(score * generator.uniform(0.0, 0.8)) for score in SCORES[context]]
        chances = [one / sum(raw) for one in raw]
        first = generator.choices(range(3), chances)[0]
        reward = float(generator.random() < CHANCES[context][first])
        made.append(Decision(f"i{number}", context, NAMES, chances, SCORES[context], first, reward))
    return made


@cache
def evaluations() -> list[Evaluation]:
    return [evaluate(log(seed), greedy) for seed in range(SEEDS)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_intervals_hold_the_truth_in_about_95_percent_of_seeds(place: int) -> None:
    found = [one.estimates[place] for one in evaluations()]
    held = sum(one.low <= TRUTH <= one.high for one in found) / SEEDS
    # Two standard errors of a share of 200 are .031.
    assert 0.915 <= held <= 0.985
    assert sum(one.value for one in found) / SEEDS == pytest.approx(TRUTH, abs=0.01)


def test_the_naive_average_is_biased_and_no_estimate_is() -> None:
    naive = sum(one.logged for one in evaluations()) / SEEDS
    assert naive < TRUTH - 0.1


def test_the_doubly_robust_interval_is_the_narrowest() -> None:
    ips, _, robust = (
        sum(one.estimates[place].high - one.estimates[place].low for one in evaluations()) for place in range(3)
    )
    assert robust < ips


def test_the_gain_over_the_logging_policy_holds_its_truth() -> None:
    held = 0
    for seed, one in enumerate(evaluations()):
        decisions = log(seed)
        logged = sum(
            sum(chance * good for chance, good in zip(each.propensities, CHANCES[each.context], strict=True))
            for each in decisions
        ) / len(decisions)
        assert one.gain is not None
        held += one.gain.low <= TRUTH - logged <= one.gain.high
    assert held / SEEDS >= 0.915


def test_the_logging_policy_is_worth_its_average() -> None:
    decisions = log(1)
    found = evaluate(decisions, logging)
    average = sum(one.reward for one in decisions) / len(decisions)
    assert found.effective == pytest.approx(len(decisions))
    assert found.estimates[0].value == pytest.approx(average)
    assert found.estimates[1].value == pytest.approx(average)


def test_too_little_overlap_is_refused() -> None:
    decisions = log(2)

    def rare(decision: Decision) -> Sequence[float]:
        return [float(place == decision.scores.index(min(decision.scores))) for place in range(3)]

    few = evaluate(decisions[:20], rare)
    assert few.estimates == []
    assert "decisions of this policy (at least 20)" in few.refused
    assert evaluate([], greedy).refused == "no decision has both a suggestion and an outcome of it"


def test_choices_that_the_log_never_made_are_refused() -> None:
    certain = [Decision(f"i{n}", "Crash", NAMES, [1.0, 0.0, 0.0], [3.0, 2.0, 1.0], 0, 1.0) for n in range(100)]
    same = evaluate(certain, greedy).estimates
    assert all((one.value, one.low, one.high) == (1.0, 0.97, 1.0) for one in same), "100 alike do not prove the next"
    other = evaluate(certain, lambda decision: [0.0, 1.0, 0.0])
    assert other.estimates == []
    assert other.unseen == 1.0 > MAX_UNSEEN
    assert "never had a chance" in other.refused
    beside = evaluate(certain, lambda decision: [0.0, 0.0, 0.0])
    assert beside.unseen == 1.0


def test_the_reward_model_goes_from_one_half_to_what_it_saw() -> None:
    model = RewardModel()
    assert model.guess("restart", "Crash") == 0.5
    for _ in range(50):
        model.learn("restart", "Crash", 1.0)
    assert model.guess("restart", "Crash") > 0.9
    assert model.guess("restart", "Latency") == pytest.approx(52 / 54)
    assert model.guess("scale", "Crash") == 0.5


def test_effective_sizes_and_quantiles() -> None:
    assert effective_size([]) == 0.0
    assert effective_size([2.0] * 7) == pytest.approx(7.0)
    for freedom, quantile in ((5, 2.571), (19, 2.093), (30, 2.042), (120, 1.980)):
        assert student_975(freedom) == pytest.approx(quantile, abs=0.01)
