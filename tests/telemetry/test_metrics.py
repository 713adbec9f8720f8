"""The text format of Prometheus: histograms, escapes, numbers."""

from __future__ import annotations

import math
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.telemetry.metrics import LATENCY_BUCKETS_S, Family, Histogram, render, sample


def test_histogram_counts_below_each_bound_and_the_bound_itself() -> None:
    histogram = Histogram((1.0, 2.5))
    for value in (0.5, 1.0, 1.1, 2.5, 9.0):
        histogram.observe(value)
    assert histogram.samples("h", {"at": "x"}) == [
        'h_bucket{at="x",le="1"} 2',
        'h_bucket{at="x",le="2.5"} 4',
        'h_bucket{at="x",le="+Inf"} 5',
        'h_sum{at="x"} 14.1',
        'h_count{at="x"} 5',
    ]


def test_histogram_counts_several_at_once() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(0.5, 4)
    assert histogram.samples("h", {}) == ['h_bucket{le="1"} 4', 'h_bucket{le="+Inf"} 4', "h_sum 2", "h_count 4"]


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_buckets_never_fall_and_end_with_the_count(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    lines = histogram.samples("h", {})
    buckets = [int(line.split()[-1]) for line in lines if "_bucket" in line]
    assert buckets == sorted(buckets)
    assert len(buckets) == len(LATENCY_BUCKETS_S) + 1
    assert buckets[-1] == len(values) == int(lines[-1].split()[-1])


def test_histogram_is_for_many_threads() -> None:
    histogram = Histogram((1.0,))

    def work() -> None:
        for _ in range(500):
            histogram.observe(0.5)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.samples("h", {})[-1] == "h_count 2000"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (-3.0, "-3"), (1.5, "1.5"), (1e14, "100000000000000"), (1e16, "1e+16"), (math.inf, "inf")],
)
def test_numbers_are_written_in_full_as_long_as_they_are_exact(value: float, shown: str) -> None:
    assert sample("m", {}, value) == f"m {shown}"
    assert float(sample("m", {}, value).split()[1]) == value


@given(st.text(max_size=30))
def test_any_label_stays_inside_its_quotes_and_line(text: str) -> None:
    line = sample("m", {"l": text}, 1)
    assert line.startswith('m{l="')
    assert line.endswith('"} 1')
    inside = line[len('m{l="') : -len('"} 1')]
    assert re.fullmatch(r'(?:[^"\\\n]|\\.)*', inside), "no quote and no line break but escaped ones"
    assert re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], inside) == text


def test_page_has_help_and_type_before_the_samples() -> None:
    family = Family("aiops_x_total", "counter", "How many.").add(1, a="b").add(2.5)
    histogram = Histogram((1.0,))
    page = render([family, Family("aiops_y", "histogram", "How long.").add_histogram(histogram, q="z")])
    assert page.splitlines()[:4] == [
        "# HELP aiops_x_total How many.",
        "# TYPE aiops_x_total counter",
        'aiops_x_total{a="b"} 1',
        "aiops_x_total 2.5",
    ]
    assert 'aiops_y_bucket{q="z",le="+Inf"} 0' in page
    assert page.endswith("\n")


def test_families_do_not_share_their_samples() -> None:
    Family("a", "gauge", "x").add(1)
    assert Family("b", "gauge", "x").lines == []
