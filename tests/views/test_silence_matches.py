"""What a silence matches in the history, and what was meant where it matches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.engine.events import IncidentChanged
from aiops.matchers import read_matchers
from aiops.records import Incident
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.store import FrameDecisions, Store
from aiops.views import silence_matches
from aiops.views.silence_matches import MatchedIncident, matched, meant, recent
from tests.store.episodes import begun, keep, state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    incident = Incident(id="i-1", status="open", severity="high", title="payments fails", opened_at=1.0)
    store.apply([FrameDecisions(0, 1.0, [IncidentChanged(0, 1.0, "opened", incident, 1, ["status"])])])
    keep(
        store,
        1,
        FrameAlerts(
            begun=[
                begun(0, "Errors", "payments-api", labels='{"team":"payments"}', severity=3),
                begun(1, "Slow", "payments-api", labels='{"team":"payments"}', severity=4),
                begun(2, "Slow", "web-1", service="web", source=None),
                begun(3, "Old", "db-1"),
                begun(4, "Long ago", "db-1"),
            ],
            states=[
                state(0, incident="i-1", count=10),
                state(1, incident="i-1", count=3, ended_at=1_950.0, ended_by="sender"),
                state(2, incident="i-1", count=2),
                state(3, ended_at=1_200.0, ended_by="sender"),
                state(4, ended_at=500.0, ended_by="lease"),
            ],
        ),
    )
    yield store
    store.close()


def test_recent_are_those_that_fire_and_those_that_ended_of_late(store: Store) -> None:
    assert [one.name for one in recent(store.database.reader, 1_900.0)] == ["Slow", "Slow", "Errors"]
    assert [one.name for one in recent(store.database.reader, 1_000.0)] == ["Old", "Slow", "Slow", "Errors"]


def test_stream_that_ended_and_fires_again_is_one(store: Store) -> None:
    again = FrameAlerts(begun=[begun(5, "Slow", "payments-api", labels='{"team":"payments"}')], states=[state(5)])
    keep(store, 2, again)
    reader = store.database.reader
    found = matched(reader, read_matchers("alertname=Slow, team=payments"), recent(reader, 1_900.0))
    assert (found.streams, found.firing) == (1, 1)


def test_matches_are_counted_with_their_incidents(store: Store) -> None:
    reader = store.database.reader
    found = matched(reader, read_matchers("team=payments"), recent(reader, 1_900.0))
    assert (found.streams, found.firing, found.is_cut) == (2, 1, False)
    # What fires comes first, then the worst.
    assert [(one.name, one.is_firing, one.severity) for one in found.shown] == [
        ("Errors", True, "high"),
        ("Slow", False, "critical"),
    ]
    # One that fires matches, and one that fires does not.
    assert found.incidents == [MatchedIncident("i-1", "payments fails", 1, 1)]


@pytest.mark.parametrize(
    ("text", "streams"),
    [("alertname=Slow", 2), ("entity=~web.*", 1), ("service!=db, alertname=Slow", 1), ("source=prometheus", 2)],
)
def test_fields_are_matched_like_labels(store: Store, text: str, streams: int) -> None:
    reader = store.database.reader
    assert matched(reader, read_matchers(text), recent(reader, 1_900.0)).streams == streams


def test_comparison_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence_matches, "MAX_STREAMS", 1)
    reader = store.database.reader
    found = matched(reader, read_matchers("team=payments"), recent(reader, 1_900.0))
    assert (found.streams, found.is_cut) == (0, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team=payment", [('team="payment"', 'team="payments"')]),
        ("alertname=Erors", [('alertname="Erors"', 'alertname="Errors"')]),
        ("tema=payments", [('tema="payments"', 'team="payments"')]),
        ("team=nothing-near", [('team="nothing-near"', None)]),
        ("alertname=~Eror.*", [('alertname=~"Eror.*"', None)]),
        ("entity=web-1, team=payments", []),
        ("alertname!=Errors", []),
        ("alertname=~Err.*", []),
    ],
)
def test_matcher_that_nothing_matches_names_what_was_meant(
    store: Store, text: str, said: list[tuple[str, str | None]]
) -> None:
    found = meant(store.database.reader, read_matchers(text))
    assert [(one.got, one.meant) for one in found] == said
