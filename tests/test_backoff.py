"""Waits between attempts: they double, stay below the cap, begin again, and are spread by jitter."""

from __future__ import annotations

import pytest

from aiops.backoff import Backoff


def test_waits_double_up_to_the_cap_and_begin_again_after_a_success() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next_s() == 0.5


@pytest.mark.parametrize(("drawn", "share"), [(0.0, 0.1), (0.5, 0.55), (1.0, 1.0)])
def test_jitter_draws_below_the_bound_and_never_near_zero(drawn: float, share: float) -> None:
    backoff = Backoff(1.0, 4.0, lambda: drawn)
    assert [backoff.next_s() for _ in range(4)] == pytest.approx([share * bound for bound in (1.0, 2.0, 4.0, 4.0)])
