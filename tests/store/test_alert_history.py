"""Searches of the history: each condition, pages without gaps, hostile patterns, counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.store import alert_history
from aiops.store.alert_history import AlertQuery
from aiops.store.alert_terms import terms_of
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.store import Store
from tests.store.episodes import begun, fill, keep, state

# Also used by the tests of terms.
ROWS = (
    (begun(0, labels='{"team":"data","zone":"50%"}'), state(0, ended_at=1_100.0, ended_by="sender")),
    (begun(1, "Slow", "web-1", service="web", severity=2), state(1, incident="i-1", disposition="incident")),
    (begun(2, "Slow", "web-2", service=None, source=None, severity=4, disposition="suppressed", silence="s1"), None),
    (begun(3, "Disk_full", "db-1", labels='{"team":"Data","a.b\\"c":"x"}'), state(3)),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    states = [row if row is not None else state(2, disposition="suppressed") for _, row in ROWS]
    keep(store, 0, FrameAlerts(begun=[one for one, _ in ROWS], states=states))
    yield store
    store.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [3, 2, 1, 0]),
        ({"name": "Slow"}, [2, 1]),
        ({"name": "slow"}, []),
        ({"entity": "db-1"}, [3, 0]),
        ({"service": "web"}, [1]),
        ({"source": "prometheus"}, [3, 1, 0]),
        ({"fingerprint": "Slow/web-2"}, [2]),
        ({"query": terms_of("slow WEB-1")}, [1]),
        ({"query": terms_of("data")}, [3, 0]),
        ({"incident": "i-1"}, [1]),
        ({"silence": "s1"}, [2]),
        ({"since": 1_001.0, "until": 1_003.0}, [2, 1]),
        ({"limit": 2}, [3, 2]),
        ({"before": (1_002.0, 2)}, [1, 0]),
    ],
)
def test_search_finds_what_matches(store: Store, query: dict[str, Any], found: list[int]) -> None:
    page = alert_history.search(store.database.reader, AlertQuery(**query))
    assert [one.seq for one in page.episodes] == found


@pytest.mark.parametrize("few", [0, 1_000])
def test_pages_continue_without_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(alert_history, "FEW_STREAMS", few)
    store = Store(tmp_path / "other")
    fill(store, 95)
    query, seen = AlertQuery(query=terms_of("db"), limit=20), []
    while True:
        page = alert_history.search(store.database.reader, query)
        seen += [one.seq for one in page.episodes]
        if page.next is None:
            break
        query = AlertQuery(query=terms_of("db"), limit=20, before=page.next)
    assert seen == list(range(94, -1, -1))
    store.close()


def test_row_has_all_that_is_known(store: Store) -> None:
    (one,) = alert_history.search(store.database.reader, AlertQuery(query=terms_of("label:team=data zone"))).episodes
    assert (one.name, one.entity, one.workload, one.service, one.source) == ("Down", "db-1", "db-1", "db", "prometheus")
    assert (one.labels, one.ended_at, one.ended_by, one.alert_id) == (
        {"team": "data", "zone": "50%"},
        1_100.0,
        "sender",
        "a0",
    )


def test_alerts_of_an_incident_are_bounded(store: Store) -> None:
    assert [one.seq for one in alert_history.of_incident(store.database.reader, "i-1", 10)] == [1]
    assert alert_history.of_incident(store.database.reader, "i-none") == []


def test_minutes_are_counted_by_service_and_by_name(store: Store) -> None:
    counts = {("i-1", 16, "Slow", "web", 2): 2, ("i-1", 16, "Down", "web", 2): 3, ("i-1", 17, "Slow", "db", 4): 1}
    keep(store, 1, FrameAlerts(minutes=counts))
    reader = store.database.reader
    assert alert_history.minutes(reader, ["i-1"]) == {"i-1": [(16, "web", 2, 5), (17, "db", 4, 1)]}
    assert alert_history.minutes(reader, ["i-1"], since=17 * 60.0) == {"i-1": [(17, "db", 4, 1)]}
    assert alert_history.named_minutes(reader, "i-1") == [
        (16, "Down", "web", 2, 3),
        (16, "Slow", "web", 2, 2),
        (17, "Slow", "db", 4, 1),
    ]
    many = [f"i-{n}" for n in range(2_000)]
    assert sum(bool(found) for found in alert_history.minutes(reader, many).values()) == 1


def test_totals_are_bounded_in_time(store: Store) -> None:
    keep(store, 1, FrameAlerts(totals={(10, "incident"): 4, (11, "incident"): 1, (11, "background"): 2}))
    reader = store.database.reader
    assert alert_history.totals(reader) == {"incident": 5, "background": 2}
    assert alert_history.totals(reader, since=660.0) == {"incident": 1, "background": 2}
    assert alert_history.totals(reader, until=660.0) == {"incident": 4}
    assert alert_history.rates(reader, 660.0) == [(11, "background", 2), (11, "incident", 1)]
