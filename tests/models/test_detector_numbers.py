"""Numbers of a record: finite, shaped and bounded, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_models.detectors.numbers import column, matrix, number, vector


@pytest.mark.parametrize("value", [True, None, "1", float("nan"), float("inf"), -float("inf"), [], {}, "x" * 10_000])
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a finite number") as caught:
        number(value)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(("value", "found"), [(0, 0.0), (-3, -3.0), (1.5, 1.5), (10**15, 1e15)])
def test_number_is_a_float(value: Any, found: float) -> None:
    assert number(value) == found
    assert type(number(value)) is float


@pytest.mark.parametrize("value", [[], [1] * 4, "123", None, (1,), {"a": 1}])
def test_list_has_one_to_so_many_numbers(value: Any) -> None:
    with pytest.raises(ValueError, match="1 to 3"):
        vector(value, 3)
    assert vector([1, 2.5, 3], 3) == [1.0, 2.5, 3.0]


@pytest.mark.parametrize("value", [[], [[]], [[1], 2], [[1, 2, 3]], [[1]] * 3, [["x"]], None])
def test_table_has_bounded_rows_and_columns(value: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        matrix(value, 2, 2)
    assert matrix([[1, 2], [3]], 2, 2) == [[1.0, 2.0], [3.0]]


def test_row_has_the_features_of_the_model() -> None:
    assert column([1.0, 2.0], 2) == [1.0, 2.0]
    with pytest.raises(ValueError, match="rows of 3 features, got 2"):
        column([1.0, 2.0], 3)
