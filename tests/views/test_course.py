"""What happened beside the alerts, read from the store: changes near the incident, audit, outbox, runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.engine.events import IncidentChanged
from aiops.records import Cause, Change
from aiops.respond.history import Run
from aiops.store.frame_alerts import FrameAlerts, KeptChange
from aiops.store.outbox import Entry
from aiops.store.store import FrameDecisions, Store
from aiops.topology import Edge, Topology
from aiops.views.course import MAX_CHANGES, read_course
from aiops.views.service_graph import ServiceGraph
from tests.store.episodes import keep
from tests.views.incidents import START, alerts, incident, stream

GRAPH = ServiceGraph(Topology.build([], [Edge("web", "db", "uses")]))
OWN = alerts(stream("Slow", "web-0", "web"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.close()


def change(seq: int, at: float, entity: str, service: str | None = None) -> KeptChange:
    return KeptChange(seq, at, entity, service, "deploy", None, None, '{"version": "8.14.6"}')


def test_changes_of_its_services_and_what_they_depend_on_are_shown(store: Store) -> None:
    rows = [
        change(1, START - 24, "web"),
        change(2, START - 60, "other"),
        change(3, START - 90, "db"),
        change(4, START - 5_000, "web"),
        change(5, START + 30, "pod-1", "web"),
        change(6, START + 900, "web"),
    ]
    keep(store, 0, FrameAlerts(changes=rows))
    found = read_course(store.database.reader, incident(), OWN, [], GRAPH)
    assert [(one.at - START, one.text) for one in found.changes] == [
        (-90, "db: deploy 8.14.6"),
        (-24, "web: deploy 8.14.6"),
        (30, "pod-1: deploy 8.14.6"),
    ]


def test_the_change_against_the_cause_is_always_among_them(store: Store) -> None:
    against = Change(ts=START - 24, entity="elsewhere", name="config")
    one = incident(causes=[Cause("elsewhere", change=against)])
    assert [mark.text for mark in read_course(store.database.reader, one, OWN, [], GRAPH).changes] == [
        "elsewhere: config"
    ]


def test_changes_are_bounded(store: Store) -> None:
    keep(store, 0, FrameAlerts(changes=[change(seq, START - seq, "web") for seq in range(200)]))
    assert len(read_course(store.database.reader, incident(), OWN, [], GRAPH).changes) == MAX_CHANGES


def test_all_that_happened_is_in_order(store: Store) -> None:
    opened = IncidentChanged(0, START, "opened", incident(), 1, [])
    store.apply([FrameDecisions(0, START, [opened])])
    with store.database.transaction() as connection:
        entry = Entry(
            endpoint="pager", incident="inc-1", version=1, change="opened", body=b"{}", at=START, due_at=START
        )
        store.outbox.add(connection, [entry], START)
    [row] = store.outbox.claim(START, 1, ["pager"])
    store.outbox.sent([row.id], START + 5)
    run = Run("r-1", "restart", "1", "inc-1", ["web"], START + 9, "verified")
    found = read_course(store.database.reader, incident(), OWN, [run], GRAPH)
    assert [(kind, mark.text) for kind, mark in found.in_order()] == [
        ("engine", "opened"),
        ("notification", "pager: opening"),
        ("run", "restart: verified"),
    ]
