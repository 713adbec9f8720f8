"""Paired decisions: a frame of what both judged, and intervals that are the same each time."""

from __future__ import annotations

from aiops.trainers import Judged
from aiops.training.paired import frame_of, paired


def judged(values: list[float], name: str = "top1", start: int = 0) -> list[Judged]:
    return [
        Judged(f"i{start + place}", float(place), {name: value, "other": 0.5}) for place, value in enumerate(values)
    ]


def test_only_what_both_judged_counts() -> None:
    frame = frame_of(judged([1.0] * 20), judged([0.0] * 20, start=10))
    first, second = paired(frame, "top1")
    assert (first.measure, first.cases, first.candidate, first.incumbent) == ("top1", 10, 1.0, 0.0)
    assert (first.low, first.high) == (1.0, 1.0)
    assert (second.measure, second.low, second.high) == ("other", 0.0, 0.0)


def test_nothing_in_common_is_no_measure() -> None:
    assert paired(frame_of([], judged([1.0])), "top1") == []
    assert paired(frame_of(judged([1.0]), judged([1.0], start=5)), "top1") == []


def test_an_interval_holds_the_difference_and_narrows_with_cases() -> None:
    few = paired(frame_of(judged([1, 0, 1, 1] * 5), judged([0, 0, 1, 0] * 5)), "top1")[0]
    many = paired(frame_of(judged([1, 0, 1, 1] * 50), judged([0, 0, 1, 0] * 50)), "top1")[0]
    assert few.low < few.difference == 0.5 == many.difference < few.high
    assert 0 < many.high - many.low < few.high - few.low
    assert paired(frame_of(judged([1, 0, 1, 1] * 5), judged([0, 0, 1, 0] * 5)), "top1")[0] == few
