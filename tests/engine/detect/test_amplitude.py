"""The distance of a sample from the last ones, against the definition, and over a restart."""

from __future__ import annotations

import statistics

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.detect import amplitude
from aiops.engine.detect.amplitude import Amplitude
from aiops.engine.detect.baseline import FLAT, MAX_MAGNITUDE


def seen(values: list[float], share: float = 0.0) -> list[float]:
    made = Amplitude(share)
    return [made.see(value) for value in values]


def test_it_counts_robust_deviations_from_the_median() -> None:
    values = [float(at % 21) for at in range(210)]
    # Median 10; the quarters are 5 and 15, the outer twentieths 1 and 19.
    assert seen([*values, 40.0])[-1] == pytest.approx(30.0 / (10.0 / 1.349), rel=0.01)
    assert seen([*values, -20.0])[-1] == pytest.approx(-30.0 / (10.0 / 1.349), rel=0.01)


def test_work_that_a_quarter_never_shows_sets_the_scale() -> None:
    # At rest for nine tenths of the time: the quarters are equal.
    values = [100.0 if at % 10 == 9 else 0.0 for at in range(200)]
    assert seen([*values, 100.0])[-1] == pytest.approx(3.29, rel=0.01)


def test_a_flat_series_has_the_share_of_its_median_as_scale() -> None:
    assert seen([100.0] * 50 + [101.0], share=0.02)[-1] == pytest.approx(0.5)
    assert seen([0.0] * 50 + [1.0, -1.0], share=0.02)[-2:] == [FLAT, -FLAT]
    assert seen([5.0] * 50) == [0.0] * 50


def test_few_samples_and_huge_values_do_no_harm() -> None:
    assert seen([float(at) for at in range(20)]) == [0.0] * 20
    assert seen([1e-9 * at for at in range(40)] + [1e150])[-1] == MAX_MAGNITUDE


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(0, 59))
def test_only_the_last_samples_count_and_a_restart_changes_nothing(values: list[float], cut: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(amplitude, "_WINDOW", 25)
        whole, first, second = Amplitude(0.02), Amplitude(0.02), Amplitude(0.02)
        expected = [whole.see(value) for value in values]
        found = [first.see(value) for value in values[:cut]]
        second.load(msgspec.json.decode(msgspec.json.encode(first.dump())))
        assert found + [second.see(value) for value in values[cut:]] == expected
        assert second.dump() == whole.dump() == values[-25:]
        if len(values) > 25:
            centre = statistics.median(values[-26:-1])
            assert (expected[-1] > 0) == (values[-1] > centre)
