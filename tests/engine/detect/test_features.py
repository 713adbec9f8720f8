"""Feature rows: one for each entity that had alerts in a window."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.detect.features import _MAX_TYPES, Windows
from aiops.engine.detect.rate_anomaly import Surprise

T0 = 1_795_000_020.0


def surprise(seen: int = 5, first: bool = False, gain: float = 0.0, nats: float = 0.0) -> Surprise:
    found = Surprise()
    found.nats, found.gain, found.seen, found.first = nats, gain, seen, first
    return found


def see(
    windows: Windows, at: float, entity: str = "db-1", type_: str = "Disk", severity: int = 3, **more: object
) -> object:
    return windows.see(T0 + at, entity, type_, severity, surprise(**more))  # type: ignore[arg-type]


def test_window_closes_with_the_first_alert_of_a_later_one() -> None:
    windows = Windows(60.0)
    assert see(windows, 0) is None
    assert see(windows, 10, type_="Cpu", severity=4) is None
    rows = windows.see(T0 + 60, "web", "Cpu", 1, surprise())
    assert rows is not None
    [row] = rows
    assert (row.entity, row.alerts, row.types, row.worst) == ("db-1", 2, 2, 4)
    assert row.at % 60 == 0
    assert T0 < row.at <= T0 + 60


def test_row_sums_up_new_streams_first_alerts_and_surprise() -> None:
    windows = Windows(60.0)
    see(windows, 0, seen=1, first=True, gain=2.0, nats=3.0)
    see(windows, 1, gain=1.5, nats=9.0)
    see(windows, 2, nats=99.0)
    rows = windows.see(T0 + 600, "x", "y", 0, surprise())
    assert rows is not None
    [row] = rows
    assert (row.alerts, row.streams, row.firsts, row.nats, row.peak) == (3, 1, 1, 3.5, 9.0)


def test_each_entity_has_a_row_and_empty_windows_have_none() -> None:
    windows = Windows(60.0)
    for entity in ("a", "b", "a"):
        see(windows, 0, entity)
    rows = windows.see(T0 + 6_000, "c", "Disk", 3, surprise())
    assert rows is not None
    assert sorted((row.entity, row.alerts) for row in rows) == [("a", 2), ("b", 1)]


def test_late_alert_counts_in_the_open_window() -> None:
    windows = Windows(60.0)
    see(windows, 600)
    assert see(windows, 0) is None
    rows = windows.see(T0 + 700, "x", "y", 0, surprise())
    assert rows is not None
    assert rows[0].alerts == 2


def test_entities_beyond_the_cap_are_only_counted() -> None:
    windows = Windows(60.0, cap=2)
    for entity in ("a", "b", "c", "d", "a"):
        see(windows, 0, entity)
    assert windows.skipped == 2
    rows = windows.see(T0 + 60, "c", "Disk", 3, surprise())
    assert rows is not None
    assert {row.entity for row in rows} == {"a", "b"}


def test_types_of_an_entity_are_bounded() -> None:
    windows = Windows(60.0)
    for number in range(_MAX_TYPES + 50):
        see(windows, 0, type_=f"t{number}")
    rows = windows.see(T0 + 60, "c", "Disk", 3, surprise())
    assert rows is not None
    assert (rows[0].types, rows[0].alerts) == (_MAX_TYPES, _MAX_TYPES + 50)


def test_clock_that_was_set_back_closes_the_window_again() -> None:
    windows = Windows(60.0)
    see(windows, 1_000_000)
    windows.set_back(T0)
    assert see(windows, 120) is not None


MOVES = st.lists(
    st.tuples(st.floats(0, 300), st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 4)), max_size=30
)


@given(MOVES, MOVES)
def test_state_restored_goes_on_as_if_never_stopped(
    before: list[tuple[float, str, str, int]], after: list[tuple[float, str, str, int]]
) -> None:
    one, other = Windows(60.0, cap=2), Windows(60.0, cap=2)
    for at, entity, type_, severity in before:
        one.see(T0 + at, entity, type_, severity, surprise(seen=1, gain=0.5, nats=1.0))
    other.load(msgspec.msgpack.decode(msgspec.msgpack.encode(one.dump())))
    for at, entity, type_, severity in after:
        found = [each.see(T0 + at, entity, type_, severity, surprise()) for each in (one, other)]
        assert msgspec.to_builtins(found[0]) == msgspec.to_builtins(found[1])
    assert one.dump() == other.dump()


@pytest.mark.parametrize("window_s", [1.0, 60.0, 86_400.0])
def test_rows_end_at_a_multiple_of_the_window(window_s: float) -> None:
    windows = Windows(window_s)
    see(windows, 0)
    rows = windows.see(T0 + 2 * window_s, "x", "y", 0, surprise())
    assert rows is not None
    assert rows[0].at % window_s == 0
    assert rows[0].at > T0
