"""Capital bet against a claim: Ville's bound, what a wrong claim costs, and its state."""

from __future__ import annotations

from random import Random

import pytest

from aiops.engine.drift.jumper import ALARM, Jumper

PROMISE = 0.9


def most(bets: tuple[float, ...], payoffs: list[float]) -> float:
    jumper = Jumper(bets)
    return max(jumper.bet(payoff) for payoff in payoffs)


def test_capital_of_a_true_claim_seldom_grows() -> None:
    """Ville: of many runs under the claim, at most one in ten ever reaches 10, and one in a hundred 100."""
    runs = [most((-1.0, 0.0, 1.0), [random.random() - 0.5 for _ in range(200)]) for random in map(Random, range(400))]
    assert sum(one >= 10 for one in runs) / len(runs) <= 0.1
    assert sum(one >= 100 for one in runs) / len(runs) <= 0.01 + 3 * (0.01 / len(runs)) ** 0.5


def test_promise_that_is_kept_is_not_given_up_and_a_broken_one_is() -> None:
    kept, broken = [], []
    for seed in range(100):
        random = Random(seed)
        kept.append(most((0.0, 1.0, 4.0), [PROMISE - (random.random() < PROMISE) for _ in range(200)]))
        broken.append(most((0.0, 1.0, 4.0), [PROMISE - (random.random() < 0.6) for _ in range(60)]))
    assert max(kept) < ALARM
    assert sum(one >= ALARM for one in broken) >= 90, "coverage .6 of a promised .9 shows within 60 outcomes"


def test_stakes_sum_up_to_the_capital_and_survive_a_dump() -> None:
    jumper = Jumper((-1.0, 0.0))
    for payoff in (-0.5, 0.2, -0.4):
        jumper.bet(payoff)
    restored = Jumper((-1.0, 0.0))
    restored.load(jumper.dump())
    assert restored.capital == jumper.capital == sum(jumper.stakes)
    with pytest.raises(ValueError, match="expected 3 stakes, got 2"):
        Jumper((-1.0, 0.0, 1.0)).load(jumper.dump())
