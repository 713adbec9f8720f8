"""Surge p-values: exact for the model, calibrated on simulated nulls, bounded in memory."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, nbinom

from aiops.engine.detect.conformal import Ring
from aiops.engine.detect.negative_binomial import tail_nats
from aiops.engine.detect.rate_anomaly import CountedState, Streams, Surprise
from aiops.engine.detect.seasonality import Rhythm
from tests.engine.through_bytes import Kept, restored, saved

START = 1_700_000_000.0 // 60 * 60


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3000), st.floats(0.05, 5000.0), st.floats(1e-4, 3000.0))
def test_the_tail_is_the_negative_binomial_one(count: int, shape: float, mean: float) -> None:
    expected = -nbinom.logsf(count - 1, shape, shape / (shape + mean))
    got = tail_nats(count, shape, mean)
    if math.isfinite(expected) and expected < 600:
        assert got == pytest.approx(expected, rel=5e-3, abs=1e-6)
    else:
        assert got > 100


@given(st.floats(0.05, 500.0), st.floats(1e-4, 300.0))
def test_more_is_never_less_surprising(shape: float, mean: float) -> None:
    tails = [tail_nats(count, shape, mean) for count in range(1, 80)]
    assert all(b >= a - 1e-6 for a, b in itertools.pairwise(tails))
    assert tails[0] >= 0.0
    assert tails[-1] <= 700.0


def poisson(source: random.Random, mean: float) -> int:
    if mean > 30.0:
        return max(0, round(source.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, source.random()
    while product > limit:
        product *= source.random()
        count += 1
    return count


Null = Callable[[random.Random, float, int], int]


def bursty(source: random.Random, mean: float, bin_: int) -> int:
    return poisson(source, source.gammavariate(0.5, mean / 0.5))


def steady(source: random.Random, mean: float, bin_: int) -> int:
    return poisson(source, mean)


def wavy(source: random.Random, mean: float, bin_: int) -> int:
    return poisson(source, mean * (1.0 + 0.8 * math.sin(2.0 * math.pi * bin_ / 1440)))


def null_values(null: Null, streams: int = 50, bins: int = 1200) -> tuple[list[float], int]:
    """The last p of each bin of a stream that spoke, and the number of bins; the first 300 bins are for learning."""
    source = random.Random(7)
    detector = Streams()
    means = [10 ** source.uniform(-2.0, 1.0) for _ in range(streams)]
    values, total = [], 0
    for bin_ in range(bins):
        for i, mean in enumerate(means):
            count = null(source, mean, bin_)
            p, first = 1.0, False
            for j in range(count):
                seen = detector.see(START + 60.0 * bin_ + 60.0 * j / count, f"s{i}")
                p, first = seen.p, seen.first
            if bin_ >= 300:
                total += 1
                if count and not first:
                    values.append(p)
    return values, total


@pytest.mark.parametrize("null", [steady, bursty, wavy])
def test_surge_values_are_calibrated_on_simulated_nulls(null: Null) -> None:
    """Of all bins, the silent ones included, about a share of p has a value up to p."""
    values, total = null_values(null)
    for level, slack in ((0.1, 1.25), (0.05, 1.3), (0.01, 1.6), (0.001, 3.0)):
        share = sum(value <= level for value in values) / total
        assert level / slack / 1.3 < share < level * slack, (null.__name__, level, share)


def test_the_small_values_of_a_null_are_uniform() -> None:
    """Kolmogorov–Smirnov distance to uniform of what lies under .2, where discreteness no longer rules."""
    values, _ = null_values(steady)
    small = [value / 0.2 for value in values if value <= 0.2]
    assert len(small) > 2000
    assert kstest(small, "uniform").statistic < 0.06


def test_a_real_surge_is_found_among_nulls() -> None:
    source, detector = random.Random(1), Streams()
    for bin_ in range(600):
        for i in range(20):
            for _ in range(bursty(source, 0.5, bin_)):
                detector.see(START + 60.0 * bin_, f"s{i}")
    surge = min(detector.see(START + 36_000 + j / 10, "s3").p for j in range(200))
    assert surge < 1e-6


def test_a_new_stream_is_compared_with_other_new_streams() -> None:
    detector = Streams()
    first = detector.see(START, "a")
    assert (first.p, first.nats, first.first) == (1.0, 0.0, True)
    for i in range(400):
        detector.see(START + 60 * i, f"n{i}")
        detector.see(START + 60 * i + 3600, f"n{i}")
    loud = [detector.see(START + 40_000, "loud").p for _ in range(50)]
    assert loud[0] == 1.0
    assert loud[-1] < 0.01
    assert "new stream, saw 51" in detector.see(START + 40_000, "loud").sentence()


def test_the_hour_of_the_week_foresees_a_weekly_jump() -> None:
    """Every day at nine the fleet speaks four times as much: after two weeks the jump is expected."""
    source, detector = random.Random(2), Streams()
    nats = []
    for bin_ in range(0, 1440 * 22):
        nine = bin_ % 1440 // 60 == 9
        if 8 <= bin_ % 1440 // 60 <= 10:
            last = 0.0
            for i in range(4):
                for _ in range(poisson(source, 8.0 if nine else 2.0)):
                    last = detector.see(60.0 * bin_, f"s{i}").nats
            if bin_ % 1440 == 540:
                nats.append(last)
    assert sum(nats[:3]) > sum(nats[-3:])
    detector._rhythm.turn(60.0 * (1440 * 22 + 540))
    assert detector._rhythm.factor > 1.3


def test_streams_are_capped_and_the_longest_silent_goes() -> None:
    detector = Streams(cap=100)
    for i in range(1000):
        detector.see(START + i, f"s{i}")
        detector.see(START + i, "kept") if i % 60 == 0 else None
    assert (len(detector), detector.forgotten) == (100, 901)
    assert not detector.see(START + 1020, "kept").first


def test_late_alerts_count_and_disturb_nothing() -> None:
    detector = Streams()
    for i in range(10):
        detector.see(START + 60 * i, "s")
    late = detector.see(START, "s")
    assert late.seen == 2
    assert detector.see(START + 600, "s").seen == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4e9), st.integers(0, 5)), max_size=80), st.integers(0, 80))
def test_a_restart_anywhere_changes_nothing(alerts: list[tuple[float, int]], cut: int) -> None:
    whole, first = Streams(cap=4), Streams(cap=4)
    for ts, key in alerts:
        whole.see(ts, str(key))
    for ts, key in alerts[:cut]:
        first.see(ts, str(key))
    second = Streams(cap=4)
    second.load(restored(Kept(CountedState, first.dump()), Kept(CountedState)).state)
    for ts, key in alerts[cut:]:
        second.see(ts, str(key))
    assert saved(Kept(CountedState, second.dump())) == saved(Kept(CountedState, whole.dump()))


def test_the_ring_forgets_and_keeps_its_order() -> None:
    ring = Ring(200)
    for i in range(1000):
        ring.add(float(i % 317))
    assert len(ring) == 200
    assert ring.tail(1e9) <= 1 / 201
    copy = Ring(200)
    copy.load(ring.dump())
    assert copy.tail(100.0) == ring.tail(100.0)


def test_one_incident_does_not_make_its_hour_loud() -> None:
    rhythm = Rhythm()
    for hour in range(169):
        rhythm.turn(START + 3600.0 * hour)
        for _ in range(100):
            rhythm.learn(START + 3600.0 * hour, 3, 3.0)
        if hour == 0:
            rhythm.learn(START, 100_000, 3.0)
    assert 0.95 < rhythm.factor < 1.05


def test_a_steady_fleet_has_no_rhythm() -> None:
    """The factor must not feed on predictions that contain it."""
    source, detector = random.Random(2), Streams()
    factors = []
    for bin_ in range(0, 60 * 24 * 21, 3):
        for i in range(3):
            if source.random() < 0.8:
                detector.see(60.0 * bin_, f"s{i}")
        factors.append(detector._rhythm.factor)
    assert 0.8 < min(factors) <= max(factors) < 1.25


def test_a_ring_of_raw_scores_does_not_care_for_their_unit() -> None:
    source = random.Random(9)
    scores = [source.expovariate(1.0) for _ in range(1024)]
    small, large = Ring(1024, nats=False), Ring(1024, nats=False)
    for score in scores:
        small.add(score)
        large.add(score * 1000.0)
    for score in (0.5, 3.0, 9.0, 20.0):
        assert small.tail(score) == pytest.approx(large.tail(score * 1000.0))
    assert small.tail(9.0) == pytest.approx(math.exp(-9.0), rel=5.0)


def values(surprise: Surprise) -> tuple[float, float, float, int, bool]:
    return surprise.nats, surprise.p, surprise.expected, surprise.seen, surprise.first


def test_replicas_that_follow_each_other_are_one_habit() -> None:
    """A crash loop under ever new names is counted as under one name; only the ring learns of fewer closed bins."""
    heirs, alone = Streams(), Streams()
    for bin_ in range(0, 120, 3):
        ours = heirs.see(START + 60.0 * bin_, f"pod-{bin_}", "Crash", "cart")
        theirs = alone.see(START + 60.0 * bin_, "cart")
        assert (ours.expected, ours.seen, ours.first) == (theirs.expected, theirs.seen, theirs.first)
    assert ours.expected == pytest.approx(1 / 3, rel=0.2)


def test_replica_beside_one_that_fires_in_the_same_bin_knows_its_past_alone() -> None:
    streams = Streams()
    assert streams.see(START, "one", "Crash", "cart").first
    assert streams.see(START + 1, "two", "Crash", "cart").first
    for bin_ in range(1, 30):
        streams.see(START + 60.0 * bin_, "two", "Crash", "cart")
    third = streams.see(START + 60.0 * 29 + 1, "three", "Crash", "cart")
    assert (third.first, third.seen) == (False, 1)
    assert third.expected == pytest.approx(1.0, rel=0.2)


def test_stream_without_a_workload_inherits_nothing() -> None:
    streams = Streams()
    for bin_ in range(30):
        assert streams.see(START + 60.0 * bin_, f"s{bin_}", "Crash", "").first


def test_long_silence_of_a_workload_is_forgotten_like_that_of_a_stream() -> None:
    streams = Streams()
    for bin_ in range(100):
        streams.see(START + 60.0 * bin_, "old", "Crash", "cart")
    expected = streams.see(START + 60.0 * 1_000, "new", "Crash", "cart").expected
    assert 0.0 < expected < 0.02


def test_families_are_bounded_and_one_that_was_forgotten_begins_anew() -> None:
    streams = Streams(cap=10)
    for number in range(100):
        streams.see(START + 60.0 * number, f"s{number}", "Crash", f"w{number}")
        assert len(streams.dump()["families"]) <= 10
    assert streams.see(START + 60.0 * 200, "again", "Crash", "w0").first
    assert not streams.see(START + 60.0 * 200, "later", "Crash", "w99").first


FAMILIES = st.tuples(st.floats(0, 3_000), st.sampled_from("abcdef"), st.sampled_from(["", "w", "v"]))


@given(st.lists(FAMILIES, max_size=40))
@settings(max_examples=60, deadline=None)
def test_families_survive_a_restart_anywhere(alerts: list[tuple[float, str, str]]) -> None:
    whole, first = Streams(cap=4), Streams(cap=4)
    for number, (at, key, workload) in enumerate(alerts):
        if number == len(alerts) // 2:
            second = Streams(cap=4)
            second.load(restored(Kept(CountedState, first.dump()), Kept(CountedState)).state)
            first = second
        ours = values(whole.see(START + at, key, "N", workload))
        assert ours == values(first.see(START + at, key, "N", workload))
    assert saved(Kept(CountedState, whole.dump())) == saved(Kept(CountedState, first.dump()))
