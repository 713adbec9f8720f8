"""Counts of alerts in bins of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.notebook.tracks import BINS, Span, Track, span_of

TIMES = st.lists(st.floats(0, 4e9), min_size=1, max_size=300)


@given(TIMES)
def test_each_time_inside_is_counted_once(times: list[float]) -> None:
    span = span_of(times)
    track = Track("", "", "info", span.start, span.end)
    track.count(span, times)
    assert sum(track.bins) == sum(span.start <= at <= span.end for at in times)
    assert span.start < span.end


@given(TIMES)
def test_almost_all_times_are_inside(times: list[float]) -> None:
    span = span_of(times)
    outside = sum(not span.start <= at <= span.end for at in times)
    assert outside <= (0 if len(times) < 50 else 2)


def test_a_few_absurd_times_do_not_stretch_it() -> None:
    span = span_of([0.0, *(1e9 + at for at in range(100)), 4e9])
    assert (span.start, span.end) == (1e9, 1e9 + 99)


def test_the_last_moment_is_in_the_last_bin() -> None:
    span = Span(0.0, 120.0)
    assert (span.bin_of(0.0), span.bin_of(120.0), span.bin_of(120.1)) == (0, BINS - 1, None)
    assert (span.share(-1.0), span.share(60.0), span.share(500.0)) == (0.0, 0.5, 1.0)


def test_one_moment_has_a_length() -> None:
    assert span_of([5.0]) == Span(5.0, 65.0)
