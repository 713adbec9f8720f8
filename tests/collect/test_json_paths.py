"""Paths into JSON find what is there, and nothing where it is not."""

from __future__ import annotations

import pytest

from aiops.collect.json_paths import found_at, values_at

POD = {"status": {"containers": [{"state": {"reason": "a"}}, {"state": {}}, 7, {"state": {"reason": "b"}}]}}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("status.containers[].state.reason", ["a", "b"]),
        ("status.containers", []),
        ("status.containers[]", [7]),
        ("status[].a", []),
        ("nothing.at.all", []),
    ],
)
def test_values(path: str, values: list[object]) -> None:
    assert values_at(POD, path) == values


def test_values_are_bounded() -> None:
    assert len(values_at({"a": list(range(100))}, "a[]")) == 20
    assert len(found_at({"a": list(range(100))}, "a[]")) == 100
