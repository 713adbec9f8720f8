"""Two versions or runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.lifecycle import Registry, Run
from aiops.lifecycle.comparison import Row, compared
from tests.lifecycle.test_registry import added


def test_numbers_have_a_difference_and_texts_differ_or_not(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    one = added(registry, 1, metrics={"top1": 0.25}, parameters={"recent": "7d"}, verdict=True)
    other = added(registry, 2, metrics={"top1": 0.5}, verdict=False)
    rows = {row.name: row for row in compared(registry, one.id, other.id)}
    assert rows["top1"] == Row("top1", "0.25", "0.5", "+0.25")
    assert rows["parameter recent"] == Row("parameter recent", "7d", "-", "differs")
    assert rows["recommended"] == Row("recommended", "True", "False", "differs")
    assert rows["slot"].difference == ""


def test_runs_are_named_by_their_number(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for seconds in (1.0, 3.0):
        registry.end(registry.begin(Run(slot="causes", started=1.0, seconds=seconds)))
    rows = {row.name: row for row in compared(registry, "1", "2")}
    assert rows["outcome"].first == "running"
    with pytest.raises(UsageError, match="number of a run"):
        compared(registry, "1", "3")
    with pytest.raises(UsageError, match="expected one of"):
        compared(registry, "1", "causes-1")
