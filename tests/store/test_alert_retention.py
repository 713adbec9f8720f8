"""Retention of the history: by age and number, counted, with sums that stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.store import alert_history, alert_retention
from aiops.store.alert_history import AlertQuery
from aiops.store.frame_alerts import FrameAlerts, KeptChange
from aiops.store.store import Store
from tests.store.episodes import begun, fill, keep, state

DAY_S = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def count(store: Store, table: str) -> int:
    return int(store.database.reader.execute(f"select count(*) from {table}").fetchone()[0])


def test_old_episodes_go_and_are_counted(store: Store) -> None:
    fill(store, 600, at=0.0)
    keep(store, 1, FrameAlerts(begun=[begun(700, "New", "db-3")], states=[state(700)]), at=90 * DAY_S)
    assert alert_retention.prune(store.database, 90 * DAY_S + 1, 90 * DAY_S) == 600
    reader = store.database.reader
    assert [one.seq for one in alert_history.search(reader, AlertQuery()).episodes] == [700]
    kept = alert_history.kept(reader)
    assert (kept.episodes, kept.removed_episodes, kept.removed_alerts, kept.removed_until) == (1, 600, 600, 1_599.0)
    # Streams without an episode go with the last one.
    assert count(store, "alert_streams") == 1
    assert alert_retention.prune(store.database, 90 * DAY_S + 2, 90 * DAY_S) == 0


def test_episodes_beyond_the_bound_go_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_retention, "MAX_EPISODES", 40)
    fill(store, 100)
    alert_retention.prune(store.database, 2_000.0, 90 * DAY_S)
    found = alert_history.search(store.database.reader, AlertQuery(limit=100)).episodes
    assert [one.seq for one in found] == list(range(99, 59, -1))
    assert alert_history.kept(store.database.reader).removed_episodes == 60


def test_one_call_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_retention, "STEP_ROWS", 10)
    monkeypatch.setattr(alert_retention, "STEPS", 3)
    fill(store, 100, at=0.0)
    pauses: list[int] = []
    assert alert_retention.prune(store.database, 1e9, DAY_S, lambda: pauses.append(1)) == 30
    assert len(pauses) == 3


def test_sum_of_totals_stays(store: Store) -> None:
    now = 30 * DAY_S
    keep(store, 0, FrameAlerts(totals={(5, "incident"): 4, (6, "incident"): 1, (int(now // 60), "background"): 2}))
    for _ in range(2):
        alert_retention.prune(store.database, now, 90 * DAY_S)
        assert alert_history.totals(store.database.reader) == {"incident": 5, "background": 2}
    assert count(store, "alert_totals") == 2


def test_minutes_and_changes_go_by_age_and_number(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = [KeptChange(seq, 1.0, "db", None, "deploy", None, None, "{}") for seq in range(0, 9_000, 1_000)]
    minutes = {("i-1", minute, "Down", "db", 3): 1 for minute in range(20)}
    keep(store, 0, FrameAlerts(changes=changes, minutes=minutes), at=2_000.0)
    alert_retention.prune(store.database, 2_001.0, DAY_S)
    assert (count(store, "site_changes"), count(store, "alert_minutes")) == (9, 20)
    monkeypatch.setattr(alert_retention, "MAX_CHANGES", 4)
    monkeypatch.setattr(alert_retention, "MAX_MINUTES", 5)
    alert_retention.prune(store.database, 2_001.0, DAY_S)
    assert (count(store, "site_changes"), count(store, "alert_minutes")) == (4, 5)
    alert_retention.prune(store.database, 2_000.0 + 2 * DAY_S, DAY_S)
    assert (count(store, "site_changes"), count(store, "alert_minutes")) == (0, 0)
