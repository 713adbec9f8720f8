"""The way to the engine: clocks that are off, copies, losses."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from aiops.records import Action, Alert, Change
from aiops.simulate.delivery import BAD_SKEW_S, COPIES_MAX, LOST_SHARE, deliver
from aiops.simulate.signals import SIGNALS

T0 = 1_772_438_400.0
SOURCES = sorted({signal.source for signal in SIGNALS.values()})


def alerts(count: int) -> list[Alert]:
    return [
        Alert(ts=T0 + number, name="A", entity="e", source=SOURCES[number % len(SOURCES)]) for number in range(count)
    ]


def test_records_arrive_by_time_with_ids_of_their_kind() -> None:
    others: list[Change | Action] = [Change(ts=T0 + 5, entity="e", name="deploy"), Action(ts=T0 + 6, verb="silence")]
    found = deliver(alerts(200), others, Random(1))
    assert [each.ts for each in found] == sorted(each.ts for each in found)
    assert {each.id[0] for each in found} == {"a", "c", "o"}


def test_some_are_lost_and_some_copied_exactly() -> None:
    found = deliver(alerts(20_000), [], Random(1))
    ids = Counter(each.id for each in found)
    assert abs(1 - len(ids) / 20_000 - LOST_SHARE) < 0.01
    assert 1 < max(ids.values()) <= 1 + COPIES_MAX
    by_id: dict[str, object] = {}
    for each in found:
        assert by_id.setdefault(each.id, each) == each


def test_each_tool_has_one_clock_and_one_of_them_is_badly_off() -> None:
    given = [
        Alert(ts=T0 + number * 100.0, name="A", entity="e", source=SOURCES[number % len(SOURCES)])
        for number in range(500)
    ]
    skews: dict[str, set[float]] = {}
    for each in deliver(given, [], Random(3)):
        off = (each.ts - T0 + 50.0) % 100.0 - 50.0
        assert isinstance(each, Alert)
        skews.setdefault(each.source or "", set()).add(round(off, 3))
    assert all(len(found) == 1 for found in skews.values())
    assert sum(abs(next(iter(found))) == BAD_SKEW_S for found in skews.values()) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_seed_decides(seed: int) -> None:
    assert deliver(alerts(300), [], Random(seed)) == deliver(alerts(300), [], Random(seed))


def test_no_time_is_before_the_epoch() -> None:
    found = deliver([Alert(ts=0.0, name="A", source=source) for source in SOURCES * 20], [], Random(1))
    assert min(each.ts for each in found) >= 0.0


def test_given_messages_keep_their_times() -> None:
    given = alerts(50)
    deliver(given, [], Random(1))
    assert [each.ts for each in given] == [T0 + number for number in range(50)]
