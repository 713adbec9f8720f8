"""Counts by minute follow alerts that are split out, and come back when a merge is undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.store import alert_history
from aiops.store.frame_alerts import FrameAlerts, Move
from aiops.store.store import Store
from tests.store.episodes import begun, keep, state

# Episodes 0 and 1 begin at 1,000 s and 1,001 s: in this minute.
FIRST = 16


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def counted(store: Store) -> dict[str, list[alert_history.MinuteCount]]:
    return alert_history.minutes(store.database.reader, ["i-1", "i-2"])


def two_incidents(store: Store, *, name: str, last_at: float = 1_130.0) -> None:
    """Two incidents of one alert each, the second with alerts of that name."""
    keep(
        store,
        0,
        FrameAlerts(
            begun=[begun(0, "Down", "db-1"), begun(1, name, "db-2")],
            states=[
                state(0, incident="i-1", disposition="incident", cluster=0, last_at=1_130.0),
                state(1, incident="i-2", disposition="incident", cluster=1, last_at=last_at),
            ],
            minutes={
                ("i-1", FIRST, "Down", "db", 3): 3,
                ("i-2", FIRST, name, "db", 3): 5,
                ("i-2", 18, name, "db", 3): 2,
            },
        ),
    )


def merge(store: Store) -> None:
    keep(store, 1, FrameAlerts(moves=[Move(1, 0, None, "i-1")], merged=[("i-2", "i-1")]))


def take_out(store: Store) -> None:
    keep(store, 2, FrameAlerts(moves=[Move(0, 50, [1], "i-2"), Move(50, 50, None, "i-2")]))


def test_an_undone_merge_gives_each_incident_its_counts_again(store: Store) -> None:
    two_incidents(store, name="Slow")
    before = counted(store)
    merge(store)
    assert counted(store) == {"i-1": [(FIRST, "db", 3, 8), (18, "db", 3, 2)], "i-2": []}
    take_out(store)
    assert counted(store) == before


def test_an_undone_split_gives_the_counts_back(store: Store) -> None:
    two_incidents(store, name="Slow")
    merge(store)
    whole = counted(store)
    take_out(store)
    keep(store, 3, FrameAlerts(moves=[Move(50, 0, None, "i-1")], merged=[("i-2", "i-1")]))
    assert counted(store) == whole


def test_counts_that_two_alerts_share_move_by_their_beginnings(store: Store) -> None:
    two_incidents(store, name="Down")
    merge(store)
    take_out(store)
    assert counted(store) == {"i-1": [(FIRST, "db", 3, 7), (18, "db", 3, 2)], "i-2": [(FIRST, "db", 3, 1)]}


def test_a_minute_in_which_only_the_moved_alert_was_active_moves(store: Store) -> None:
    two_incidents(store, name="Down", last_at=1_260.0)
    keep(store, 1, FrameAlerts(minutes={("i-2", 20, "Down", "db", 4): 6}))
    keep(store, 2, FrameAlerts(moves=[Move(1, 0, None, "i-1")], merged=[("i-2", "i-1")]))
    keep(store, 3, FrameAlerts(moves=[Move(0, 50, [1], "i-2")]))
    assert counted(store)["i-2"] == [(FIRST, "db", 3, 1), (20, "db", 4, 6)]


def test_a_beginning_moves_once_although_its_minute_has_two_levels(store: Store) -> None:
    two_incidents(store, name="Down")
    keep(store, 1, FrameAlerts(minutes={("i-2", FIRST, "Down", "db", 4): 1}))
    keep(store, 2, FrameAlerts(moves=[Move(1, 0, None, "i-1")], merged=[("i-2", "i-1")]))
    keep(store, 3, FrameAlerts(moves=[Move(0, 50, [1], "i-2")]))
    assert counted(store)["i-2"] == [(FIRST, "db", 4, 1)]
