"""Observations are bounded, and every difference between two of them is named."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Observed
from aiops.step_kinds.observing import MAX_PINS, bounded, differences

SEEN = Observed("rolls back", "deployment api (u-1)", {"revision": 7, "image": "api:2"}, "")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (Observed("rolls back", "deployment api (u-1)", {"image": "api:2", "revision": 7}), []),
        (Observed("rolls back", "api (u-2)", SEEN.pins), ["the object was deployment api (u-1) and is api (u-2)"]),
        (Observed("rolls back", SEEN.subject, {"revision": 8, "image": "api:2"}), ["revision was 7 and is 8"]),
        (Observed("rolls back", SEEN.subject, {"revision": 7}), ["image was api:2 and is nothing"]),
        (Observed("rolls back", SEEN.subject, {**SEEN.pins, "pause": True}), ["pause was nothing and is True"]),
        (Observed("rolls back", SEEN.subject, {**SEEN.pins, "revision": 7.0}), ["revision was 7 and is 7.0"]),
        (Observed("rolls back", SEEN.subject, SEEN.pins, "Argo CD"), ["what manages it was nothing and is Argo CD"]),
        (Observed("deletes", SEEN.subject, SEEN.pins), ["the change was rolls back and is deletes"]),
    ],
)  # fmt: skip
def test_each_difference_is_named(other: Observed, found: list[str]) -> None:
    assert differences(SEEN, other) == found


def test_what_an_earlier_step_changed_is_the_same_object_still() -> None:
    assert differences(SEEN, Observed("scales", SEEN.subject, {"revision": 8}), changed_by_us=True) == []
    assert differences(SEEN, Observed("scales", "deployment api (u-2)"), changed_by_us=True)
    assert differences(SEEN, Observed("scales", SEEN.subject, {}, "Flux"), changed_by_us=True)


@pytest.mark.parametrize(
    "wrong",
    [
        Observed("x" * 1_001),
        Observed("two\nlines"),
        Observed("\u202egnp"),
        Observed("", "s" * 501),
        Observed("", "s", {}, "m\x1b[2J"),
        Observed("", "", {"revision": 7}),
        Observed("", "s", {"x" * 501: 1}),
        Observed("", "s", {"x": "y" * 501}),
        Observed("", "s", {"x": [1]}),  # type: ignore[dict-item]
        Observed("", "s", {str(number): number for number in range(MAX_PINS + 1)}),
    ],
)
def test_more_than_a_person_reads_is_no_observation(wrong: Observed) -> None:
    with pytest.raises(UsageError, match="expected"):
        bounded(wrong)


def test_what_fits_is_left_as_it_is() -> None:
    assert bounded(SEEN) is SEEN
    assert bounded(Observed()) == Observed()
