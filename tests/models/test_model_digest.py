"""Two models of equal data have equal digests."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_models.model_digest import digest_of

from aiops.records import Evidence


def test_digest_is_short_and_hangs_on_the_data_alone() -> None:
    assert len(digest_of(1)) == 16
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})
    assert digest_of(Evidence("a", 1.0)) == digest_of(Evidence("a", 1.0))
    assert digest_of({3, 1, 2}) == digest_of({2, 3, 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (2, 1)),
        ((1,), (1, None)),
        (([1, 2],), ([2, 1],)),
        (("1",), (1,)),
        ((0.1,), (0.10000001,)),
        ((), (None,)),
    ],
)
def test_other_data_has_another_digest(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert digest_of(*one) != digest_of(*other)
