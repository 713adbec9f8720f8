"""Phases of a cluster are verified by what repeats, and lose that by what does not."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.phases import Phases


def checked(core: int, repeated: int, present: int, verified: int = 0) -> Phases:
    phases = Phases()
    phases.count, phases.verified = 3, verified
    phases.check(core, repeated, present)
    return phases


@pytest.mark.parametrize(
    ("core", "repeated", "present", "expected"),
    [(10, 10, 10, 3), (10, 7, 7, 3), (10, 6, 6, 1), (10, 7, 10, 3), (10, 10, 15, 1), (0, 0, 4, 1)],
)
def test_a_phase_repeats_most_of_the_core_and_brings_hardly_anything_else(
    core: int, repeated: int, present: int, expected: int
) -> None:
    assert checked(core, repeated, present, verified=2).verified == expected


def test_it_never_falls_below_nothing() -> None:
    assert checked(10, 0, 5).verified == 0


def test_the_phase_that_was_checked_is_known() -> None:
    assert checked(1, 1, 1).checked == 3
