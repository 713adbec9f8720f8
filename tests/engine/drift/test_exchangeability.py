"""A conformal martingale: quiet on exchangeable scores whatever they are, and quick to see a change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import pytest

from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.jumper import ALARM

EITHER = (-1.0, 0.0, 1.0)


def run(scores: list[int], bets: tuple[float, ...] = EITHER, seed: int = 0, bins: int = 64) -> Exchangeability:
    test = Exchangeability(bins, bets, seed)
    for score in scores:
        test.step(score)
    return test


@pytest.mark.parametrize("kind", ["even", "mostly equal", "two values", "heavy tail"])
def test_exchangeable_scores_seldom_reach_the_alarm(kind: str) -> None:
    """Ville's bound over 200 seeds of 150 steps: at most 1/20 of them ever reach 20, whatever the scores are."""
    draws: dict[str, Callable[[Random], int]] = {
        "even": lambda random: random.randrange(64),
        "mostly equal": lambda random: 0 if random.random() < 0.97 else 40,
        "two values": lambda random: int(random.random() < 0.3),
        "heavy tail": lambda random: min(63, int(random.paretovariate(1.0))),
    }
    reached = [0, 0]
    for seed in range(200):
        random = Random(seed + 100)
        capital = run([draws[kind](random) for _ in range(150)], seed=seed << 20).most
        reached[0] += capital >= 20
        reached[1] += capital >= ALARM
    assert reached[0] / 200 <= 1 / 20
    assert reached[1] <= 2, "1/400 of 200, by chance"


def test_order_of_a_trend_is_seen_and_that_of_its_shuffle_is_not() -> None:
    rising = [step // 8 for step in range(400)]
    shuffled = rising.copy()
    Random(1).shuffle(shuffled)
    assert run(rising).most >= ALARM
    assert run(shuffled).most < 20


@pytest.mark.parametrize(("bets", "delay"), [(EITHER, 30), ((-1.0, 0.0), 30), ((-0.5, 0.0, 0.5), 48)])
def test_whole_change_is_seen_within_the_stated_steps(bets: tuple[float, ...], delay: int) -> None:
    """After 200 steps, scores above nearly all before: the stated delays of the page hold on every seed."""
    for seed in range(20):
        random = Random(seed)
        test = run([random.randrange(20) for _ in range(200)], bets, seed << 20)
        steps = next(count for count in itertools.count(1) if test.step(19 + random.randrange(20)) >= ALARM)
        assert steps <= delay, seed


def test_storm_of_a_few_steps_is_no_change() -> None:
    """A step gains at most half of the capital, however odd it is."""
    for seed in range(20):
        random = Random(seed)
        test = run([random.randrange(20) for _ in range(200)], seed=seed << 20)
        before = test.capital
        assert test.step(63) <= 1.5 * before
        assert max(test.step(63) for _ in range(5)) <= 1.5**6 * before


def test_categories_have_pasts_of_their_own() -> None:
    """A weekend differs by a factor: in one past its 48 hours show, in a past of its own nothing does."""
    random = Random(3)
    together, apart = Exchangeability(64, EITHER), Exchangeability(64, EITHER)
    for step in range(600):
        is_weekend = step % 168 >= 120
        score = random.randrange(8) + (0 if is_weekend else 40)
        together.step(score)
        apart.step(score, int(is_weekend))
    assert apart.most < ALARM <= together.most


def test_restored_test_continues_as_if_nothing_had_happened() -> None:
    scores = [Random(5).randrange(64) for _ in range(60)]
    whole, first = run(scores), run(scores[:30])
    second = Exchangeability(64, EITHER)
    second.load(first.dump())
    for score in scores[30:]:
        second.step(score)
    assert second.dump() == whole.dump()
    assert second.capital == whole.capital
    with pytest.raises(ValueError, match="expected counts of 32 bins"):
        Exchangeability(32, EITHER).load(whole.dump())
