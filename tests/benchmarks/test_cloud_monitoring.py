"""The measures of metric detectors: volumes without a threshold, and events with their delay."""

from __future__ import annotations

import pytest

from benchmarks.accuracy.cloud_monitoring import Events, alarms, edges, events, joined, shipped, total
from benchmarks.accuracy.nab import Series
from benchmarks.accuracy.vus import vus_pr


def series(*windows: tuple[int, int], samples: int = 1_000) -> Series:
    times = [300.0 * at for at in range(samples)]
    spans = [(300.0 * first, 300.0 * last) for first, last in windows]
    return Series("group/one", times, [float(at % 7) for at in range(samples)], spans)


def test_a_perfect_score_fills_the_volume_and_silence_has_the_share_of_labels() -> None:
    window = (500, 549)
    perfect = [1.0 if window[0] <= at <= window[1] else 0.0 for at in range(1_000)]
    assert vus_pr(perfect, [window]) > 0.75
    assert vus_pr([0.0] * 1_000, [window]) == pytest.approx(0.1, abs=0.05)
    assert vus_pr(perfect, []) == 0.0
    late = [0.0] * 30 + perfect[:-30]
    assert vus_pr(perfect, [window]) > vus_pr(late, [window]) > vus_pr([*reversed(perfect)][:1_000], [(10, 20)])


def test_windows_within_the_learning_do_not_count() -> None:
    assert edges(series((10, 20), (500, 520))) == [(500, 520)]


def test_events_are_windows_found_alerts_elsewhere_and_delays() -> None:
    found = events(series((500, 520), (700, 720)), [(100, 120), (300, 310), (505, 530)])
    assert found == Events(1, 2, 1, [5])
    assert total([found, found]).f1 == pytest.approx(4 / 8)


def test_alerts_that_are_close_are_one_event() -> None:
    assert joined([(0, 5), (50, 60), (300, 310)]) == [(0, 60), (300, 310)]
    assert alarms([0.0, 2.0, 0.0, 3.0], 2.0) == [(1, 3)]


def test_the_shipped_detector_finds_a_level_shift() -> None:
    one = series((800, 860))
    values = [value + (500.0 if 800 <= at <= 860 else 0.0) for at, value in enumerate(one.values)]
    made = shipped(one._replace(values=values))
    assert len(made.scores) == 1_000
    assert events(one, made.alerts).hits == 1
