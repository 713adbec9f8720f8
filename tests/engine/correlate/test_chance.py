"""Where alerts come like chance: what is counted, and how the rate of new things follows."""

from __future__ import annotations

import random

from aiops.engine.correlate.onset_rate import LEAST_FOUND, LULL, MIN_TRUST, Onsets


def fed(gaps: list[float], unexplained: bool = True, margin: float = -20.0) -> Onsets:
    onsets, at = Onsets(), 0.0
    onsets.observe(at)
    for gap in gaps:
        at += gap
        onsets.observe(at)
        onsets.silence_ended(margin)
        if unexplained:
            onsets.unexplained(at)
    return onsets


def poisson(mean_s: float, count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.expovariate(1 / mean_s) for _ in range(count)]


def test_a_young_cluster_is_worth_little_where_alerts_come_like_chance() -> None:
    assert fed(poisson(60.0, 2_000)).trust() < 3 * MIN_TRUST


def test_explained_alerts_say_nothing_of_chance() -> None:
    assert fed(poisson(60.0, 2_000), unexplained=False).trust() == Onsets().trust()


def test_chance_is_known_within_a_hundred_alerts() -> None:
    assert fed(poisson(600.0, 100)).bursty < 0.25


def test_a_long_lull_shows_that_alerts_come_in_bursts() -> None:
    onsets = fed([60.0] * 200)
    before = onsets.bursty
    onsets.unexplained(200 * 60.0 + LULL * 60.0 + 60.0)
    assert onsets.bursty > before + 0.2


def test_what_was_the_return_of_something_old_is_taken_back() -> None:
    onsets = Onsets()
    onsets.observe(0.0)
    onsets.observe(600.0)
    counted = onsets.silence_ended(-20.0)
    assert counted > 0.99
    found = onsets.found
    onsets.withdraw(counted)
    assert onsets.found == found - counted
    onsets.withdraw(99.0)
    assert onsets.found == LEAST_FOUND


def test_the_rate_moves_towards_that_of_silences() -> None:
    bursts = [value for gap in poisson(100.0, 300) for value in [gap, *[1.0] * 60]]
    onsets = fed(bursts)
    assert onsets.rate() > 1.1 * onsets.found / onsets.elapsed_s


def test_no_time_is_ahead_of_a_clock_that_was_set_back() -> None:
    onsets = fed([60.0] * 20)
    onsets.set_back(100.0)
    onsets.observe(101.0)
    onsets.unexplained(101.0)
    assert onsets.quiet_s == 1.0
    assert onsets.gap_s > 0.0


def test_a_dump_holds_all_of_it() -> None:
    onsets, other = fed(poisson(300.0, 50)), Onsets()
    other.load(onsets.dump())
    assert other.dump() == onsets.dump()
    assert (other.rate(), other.trust()) == (onsets.rate(), onsets.trust())
