"""Metric samples become alerts where they leave normal, and the alerts end where normal is back."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.detect.baseline import Baseline
from aiops.engine.detect.metrics import Metrics
from aiops.engine.detect.novelty import Novelty, Places
from aiops.records import Alert, Metric

START = 1_700_000_000.0 // 86_400 * 86_400


def feed(metrics: Metrics, values: list[float], step_s: float = 60.0, at: float = START, **how: Any) -> list[Alert]:
    fields = {"entity": "web", "name": "cpu"} | how
    samples = (Metric(ts=at + i * step_s, value=value, **fields) for i, value in enumerate(values))
    seen = (metrics.see(sample, sample.ts) for sample in samples)
    return [alert for alert in seen if alert is not None]


def noise(n: int, level: float = 10.0, seed: int = 1) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(level, 1.0) for _ in range(n)]


def steady(n: int, level: float = 10.0, seed: int = 1) -> list[float]:
    """Noise without tails: nothing in it is far out."""
    source = random.Random(seed)
    return [source.uniform(level - 1.5, level + 1.5) for _ in range(n)]


@pytest.mark.parametrize(("level", "side"), [(40.0, "high"), (-20.0, "low")])
def test_a_level_shift_fires_once_and_resolves_when_it_is_back(level: float, side: str) -> None:
    values = steady(120) + steady(15, level) + steady(60, seed=2)
    firing, resolved = feed(Metrics(), values, labels={"service": "shop"})
    assert (firing.name, firing.status, firing.entity, firing.service) == (f"cpu {side}", "firing", "web", "shop")
    assert (resolved.name, resolved.status, resolved.severity) == (f"cpu {side}", "resolved", "ok")
    # Three of five minutes make a median.
    assert 120 <= (firing.ts - START) / 60 <= 123
    assert 135 <= (resolved.ts - START) / 60 <= 145
    assert abs(float(firing.labels["z"])) >= 3.0
    assert (float(firing.labels["z"]) > 0) == (side == "high")


def test_the_size_of_the_shift_sets_the_severity() -> None:
    severities = [feed(Metrics(), steady(120) + steady(5, 10.0 + size))[0].severity for size in (6.0, 16.0, 90.0)]
    assert severities == ["warning", "high", "critical"]


def test_ids_are_distinct_and_depend_on_the_input_alone() -> None:
    values = steady(120) + steady(15, 40.0) + steady(60, seed=2)
    first, second = feed(Metrics(), values), feed(Metrics(), values)
    assert [alert.id for alert in first] == [alert.id for alert in second]
    assert len({alert.id for alert in first}) == 2


def test_a_new_level_is_accepted_after_an_hour() -> None:
    alerts = feed(Metrics(), steady(120) + steady(180, 40.0))
    assert [alert.status for alert in alerts] == ["firing", "resolved"]
    assert 60 <= (alerts[1].ts - alerts[0].ts) / 60 <= 100


def test_plain_noise_is_mostly_silent() -> None:
    assert len(feed(Metrics(), steady(5000))) <= 2
    # A new extreme is news even in noise, about 2 ln(5000 / 600) times, and a few are far out before that.
    assert len([alert for alert in feed(Metrics(), noise(5000)) if alert.status == "firing"]) <= 14


def test_a_wild_series_alerts_ever_less() -> None:
    source = random.Random(5)
    wild = [source.paretovariate(1.5) for _ in range(6000)]
    alerts = [alert.ts for alert in feed(Metrics(), wild, step_s=300.0) if alert.status == "firing"]
    early, late = (sum((at < START + 3000 * 300) == is_early for at in alerts) for is_early in (True, False))
    assert late < min(early, 3000 / 80)


def test_the_first_sample_that_is_far_out_and_new_fires() -> None:
    [alert] = feed(Metrics(), [*steady(400), 16.0])
    assert (alert.name, alert.severity, (alert.ts - START) / 60) == ("cpu high", "high", 400)
    # As far out, and seen before: only the local baseline could fire, after some minutes of it.
    known = [*steady(100), *steady(60, 16.0), *steady(500)]
    before = feed(Metrics(), known)
    assert feed(Metrics(), [*known, 16.0, 16.0]) == before


def test_what_is_far_out_and_known_is_no_alert() -> None:
    # The same spike every two hours: the first one is news.
    values = [100.0 if at % 120 == 119 else value for at, value in enumerate(steady(2_400))]
    assert len([alert for alert in feed(Metrics(), values) if alert.status == "firing"]) <= 3


def test_the_local_baseline_judges_what_is_young_and_after_that_huge_moves_alone() -> None:
    # Below 50 samples nothing is known of what is new.
    [alert] = feed(Metrics(), steady(40) + steady(5, 17.0))
    # Three of five minutes make a median.
    assert (alert.name, (alert.ts - START) / 60) == ("cpu high", 42)
    # A level that was there before is no news: the move back to it counts if it is huge.
    known = [value for level in (10.0, 40.0, 1_000.0, 10.0) for value in steady(200, level)]
    assert feed(Metrics(), [*known, *steady(400), *steady(5, 40.0)])[-1].status == "resolved"
    assert feed(Metrics(), [*known, *steady(400), *steady(5, 1_000.0)])[-1].status == "firing"


def test_a_state_of_an_earlier_version_is_taken_without_the_last_samples() -> None:
    before, after = Metrics(), Metrics()
    feed(before, steady(120))
    state = before.dump()
    state["series"][0].pop()
    after.load(state)
    assert feed(after, steady(10, 11.0), at=START + 7_200) == []
    assert len(after.dump()["series"][0][-1]) == 10


def test_a_flat_series_that_moves_is_told_and_one_that_flickers_is_not() -> None:
    assert feed(Metrics(), [0.0] * 60 + [1.0] * 5)[0].name == "cpu high"
    assert feed(Metrics(), [100.0] * 60 + [101.0, 100.0, 99.0] * 20) == []


def test_values_that_are_not_finite_or_huge_do_no_harm() -> None:
    metrics = Metrics()
    values = [math.nan, math.inf, -math.inf, 1e308, -1e308] * 4 + noise(700) + [1e308, -1e308]
    alerts = feed(metrics, values)
    assert all(math.isfinite(float(alert.labels["z"])) for alert in alerts)


def test_the_sampling_rate_does_not_change_memory() -> None:
    metrics = Metrics()
    feed(metrics, noise(20_000), step_s=0.1)
    assert len(msgspec.json.encode(metrics.dump())) < 30_000


def test_series_are_capped_and_the_stalest_goes() -> None:
    metrics = Metrics(cap=10)
    for i in range(50):
        feed(metrics, [1.0], at=START + i, entity=f"e{i}")
    assert (len(metrics), metrics.forgotten) == (10, 40)
    assert metrics.dump()["series"][0][0].startswith("e40")


def test_late_samples_are_taken_without_a_complaint() -> None:
    metrics = Metrics()
    feed(metrics, noise(700))
    assert feed(metrics, [10.0] * 5, at=START) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=120), st.integers(0, 119))
def test_a_restart_anywhere_changes_nothing(values: list[float], cut: int) -> None:
    whole, first = Metrics(warm=50), Metrics(warm=50)
    expected = feed(whole, values)
    got = feed(first, values[:cut])
    second = Metrics(warm=50)
    second.load(msgspec.json.decode(msgspec.json.encode(first.dump())))
    got += feed(second, values[cut:], at=START + 60.0 * cut)
    assert got == expected
    assert second.dump() == whole.dump()


def test_the_first_spike_is_news_and_the_next_of_its_kind_is_not() -> None:
    novelty = Novelty()
    values = noise(1000)
    for at in (300, 500, 700, 900):
        values[at] = 60.0
    scores = [novelty.score(START + 60.0 * i, value) for i, value in enumerate(values)]
    assert scores[300] > 0.5
    assert max(scores[310:]) < 0.05


def test_noon_that_looks_like_night_is_news() -> None:
    """Each value is common; only its time of day is not."""
    novelty = Novelty()
    step_s = 300.0
    scores = []
    for i in range(288 * 9):
        hour = (i * step_s % 86_400) / 3600
        value = 80.0 if 9 <= hour < 17 else 20.0
        if i >= 288 * 8:
            value = 20.0
        scores.append(novelty.score(START + i * step_s, value + (i * 7919 % 13) / 10.0))
    before, after = scores[288 * 3 : 288 * 8], scores[288 * 8 :]
    assert max(after) > 0.3 > 5 * max(before)


def test_one_glitch_does_not_blind_for_ever() -> None:
    places = Places()
    for value in [*noise(500), 1e9, *noise(500, seed=3)]:
        places.gap(value)
    for value in noise(200_000, seed=4):
        places.gap(value)
    assert places.gap(5e8) > 0.1


def test_places_are_bounded_however_the_range_grows() -> None:
    places = Places()
    value = 1e-9
    for _ in range(20_000):
        places.gap(value)
        value *= 1.002
    assert len(places.values) <= 1024
    assert list(places.values) == sorted(places.values)


def test_a_baseline_needs_history_before_it_judges() -> None:
    baseline = Baseline(0.02)
    for i in range(10):
        baseline.add(START + 60 * i, 1.0, frozen=False)
    assert baseline.magnitude(1e9) == 0.0
