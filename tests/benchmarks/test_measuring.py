"""The passes measure what they say, on loads of a thousand alerts."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from benchmarks.throughput.cost import cost
from benchmarks.throughput.latency import latency
from benchmarks.throughput.load import Load, find
from benchmarks.throughput.quality import quality
from benchmarks.throughput.results import measured
from benchmarks.throughput.spread import Spread


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """Passes set the collector for their process; these tests share theirs with others."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_cost_has_the_floors_below_the_fold() -> None:
    row = cost(find("storms of 100", 0.001))
    assert row.alerts == 1_000
    assert all(0 < floor < row.fold for floor in (row.decode, row.decode_and_dict, row.label_grouping))


def test_tenths_average_to_the_whole() -> None:
    row = cost(Load("many", "repeated", 20_000, 10))
    assert len(row.tenths) == 10
    assert sum(row.tenths) / 10 == pytest.approx(row.fold, rel=0.01)


def test_latency_is_ordered_and_says_how_it_was_measured() -> None:
    row = latency(find("repeated, 100 entities", 0.01))
    for spread in (row.cpu, row.wall):
        assert 0 < spread["p50"] <= spread["p99"] <= spread["p999"] <= spread["max"]
    assert 0 < row.clocks_us < 1_000
    assert row.peak_mib >= row.start_mib > 5
    assert row.collector.thresholds == gc.get_threshold()


def test_quantiles_are_those_of_the_sorted_durations() -> None:
    spread = Spread()
    durations = [number * number % 100_003 + 40 for number in range(10_000)]
    for duration_ns in durations:
        spread.add(duration_ns)
    durations.sort()
    for share in (0.5, 0.99, 0.999):
        assert spread.quantile(share) * 1e3 == pytest.approx(durations[int(10_000 * share) - 1], rel=0.01)
    assert spread.largest == durations[-1]
    assert Spread().quantile(0.5) == 0.0


def test_quality_counts_incidents_against_the_storms() -> None:
    row = quality(Load("storms", "storm", 1_000, 700, 100, graph=True))
    assert (row.alerts, row.storms, row.seen) == (1_000, 10, 1.0)
    assert row.incidents >= row.pieces * row.storms / row.mixed > 0
    assert row.noise_reduction == pytest.approx(1 - row.incidents / 1_000)


def test_the_digest_tells_decisions_apart() -> None:
    one, other = find("storms of 10", 0.01), find("storms of 100", 0.01)
    assert quality(one).digest == quality(one).digest != quality(other).digest


def test_a_pass_in_its_own_process_names_what_failed() -> None:
    load = find("storms of 10", 0.01)
    assert measured("quality", load, 0.01, type(quality(load))) == quality(load)
    with pytest.raises(RuntimeError, match=r"(?s)storms of 10, none: .*KeyError"):
        measured("none", load, 0.01, dict)
