"""The numbers that a decision sees of a cluster."""

from __future__ import annotations

import math

import pytest

from aiops.engine.noise.sight import MAX_TEXT, entropy, kind_of, name_of


@pytest.mark.parametrize(
    ("counts", "nats"), [({}, 0.0), ({"a": 9}, 0.0), ({"a": 2, "b": 2}, math.log(2)), ({"a": 1, "b": 0}, 0.0)]
)
def test_entropy_is_that_of_the_shares(counts: dict[str, int], nats: float) -> None:
    assert entropy(counts) == pytest.approx(nats)


def test_a_kind_is_a_bounded_name_on_a_bounded_workload() -> None:
    kind = kind_of("n" * 1_000, "w" * 1_000)
    assert (name_of(kind), len(kind)) == ("n" * MAX_TEXT, 2 * MAX_TEXT + 3)
