"""Outcomes of playbooks: draws are standard normal and stay, and stated probabilities are the frequencies."""

from __future__ import annotations

import math

import pytest
from aiops_models.playbooks.outcomes import MIN_CHANCE, Outcomes, first_chances, standard_normal


def test_draws_are_standard_normal_and_independent() -> None:
    one = [standard_normal(f"i{number}", "a") for number in range(4_000)]
    other = [standard_normal(f"i{number}", "b") for number in range(4_000)]
    assert sum(one) / 4_000 == pytest.approx(0.0, abs=0.05)
    assert sum(value * value for value in one) / 4_000 == pytest.approx(1.0, abs=0.07)
    assert sum(a * b for a, b in zip(one, other, strict=True)) / 4_000 == pytest.approx(0.0, abs=0.05)
    assert one[0] == standard_normal("i0", "a")


@pytest.mark.parametrize(
    ("means", "spreads"),
    [
        ([0.0, 0.5], [1.0, 1.0]),
        ([1.0, 0.9, 0.2, 0.0, -0.5], [0.7, 0.7, 0.3, 0.5, 0.7]),
        ([0.0, 0.0], [1.0, 0.02]),
        ([3.0, 0.0, 0.1], [0.05, 0.7, 0.7]),
    ],
)
def test_stated_probabilities_are_the_frequencies(means: list[float], spreads: list[float]) -> None:
    wins = [0] * len(means)
    for number in range(6_000):
        drawn = [
            mean + spread * standard_normal(f"i{number}", f"p{place}")
            for place, (mean, spread) in enumerate(zip(means, spreads, strict=True))
        ]
        wins[drawn.index(max(drawn))] += 1
    chances = first_chances(means, spreads)
    assert sum(chances) == pytest.approx(1.0, abs=1e-4)
    for won, chance in zip(wins, chances, strict=True):
        assert won / 6_000 == pytest.approx(chance, abs=0.02)


@pytest.mark.parametrize(
    ("gap", "one", "other"), [(0.3, 1.0, 1.0), (1.0, 0.7, 0.1), (0.02, 1.0, 0.02), (2.0, 0.5, 0.6)]
)
def test_two_candidates_have_the_known_probability(gap: float, one: float, other: float) -> None:
    exact = 0.5 * math.erfc(-gap / math.hypot(one, other) / math.sqrt(2))
    assert first_chances([gap, 0.0], [one, other])[0] == pytest.approx(exact, abs=0.002)


def test_none_is_without_a_chance() -> None:
    assert first_chances([0.0, -500.0], [0.1, 0.1])[1] == MIN_CHANCE
    assert first_chances([1.0], [0.3]) == [1.0]


def test_beliefs_follow_outcomes() -> None:
    outcomes = Outcomes()
    assert outcomes.belief(("a", "x")) == (0.0, 1.0)
    for _ in range(10):
        outcomes.learn("a", "x", "resolved")
    here, elsewhere = outcomes.belief(("a", "x")), outcomes.belief(("a", "y"))
    assert here[0] > elsewhere[0] > 0.0
    assert here[1] < 1.0
