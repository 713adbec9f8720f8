"""Values of labels in the history, and the nearest to a typing error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiops.store import alert_values
from aiops.store.alert_terms import terms_of
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.store import Store
from tests.store.episodes import begun, keep, state
from tests.store.test_alert_history import ROWS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"))
    more = begun(9, "Payments", "payments-api", labels='{"team":"data"}')
    keep(store, 0, FrameAlerts(begun=[*(one for one, _ in ROWS), more], states=[state(9)]))
    yield store
    store.close()


def test_values_of_many_streams_come_first(store: Store) -> None:
    reader = store.database.reader
    assert alert_values.values(reader, "alertname") == ["Slow", "Disk_full", "Down", "Payments"]
    assert alert_values.values(reader, "team") == ["data", "Data"]
    assert alert_values.values(reader, "team", 1) == ["data"]
    assert alert_values.values(reader, "service") == ["db", "web"]
    assert alert_values.values(reader, "x' or 1=1 --") == []
    assert alert_values.names(reader) == ["team", 'a.b"c', "zone"]


def test_nearest_value_and_name_of_a_label(store: Store) -> None:
    reader = store.database.reader
    assert alert_values.nearest_value(reader, "entity", "payment-api") == "payments-api"
    assert alert_values.nearest_value(reader, "entity", "nothing-like-it") is None
    assert alert_values.nearest_name(reader, "tema") == "team"
    assert alert_values.nearest_name(reader, "alertnme") == "alertname"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("entity:payment-api severity:high", ["entity:payments-api severity:high"]),
        ("label:team=dta", ["label:team=data"]),
        ("label:tema", ["label:team"]),
        ("paymants", ["Payments"]),
        ("-entity:payment-api", []),
        ("entity:a,b", []),
        ("went:silenced", []),
    ],
)
def test_search_that_finds_nothing_names_what_was_meant(store: Store, text: str, query: list[str]) -> None:
    assert [one.query for one in alert_values.meant(store.database.reader, terms_of(text))] == query
