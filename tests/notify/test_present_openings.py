"""An opening that settled is sent with the incident as it is by then."""

from __future__ import annotations

import msgspec
import pytest

from aiops.engine.events import IncidentChanged
from aiops.records import Incident
from aiops.store.store import FrameDecisions, Store
from tests.notify.bench import Bench, endpoint


def show(store: Store, bench: Bench, version: int, title: str, status: str = "open") -> None:
    """Store the incident as it is now, in the table that people see."""
    now = bench.clock.now
    incident = msgspec.convert(
        {"kind": "incident", "id": "i-1", "opened_at": now, "status": status, "severity": "critical", "title": title},
        Incident,
    )
    store.apply([FrameDecisions(version, now, [IncidentChanged(version, now, "opened", incident, version, [])])])


@pytest.mark.parametrize("status", ["open", "acknowledged"])
def test_what_joined_while_it_settled_is_in_the_first_message(store: Store, status: str) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1, in_s=10)
    show(store, bench, 2, "two alerts", status)
    bench.go(11)
    [message] = bench.sinks["pager"].asked
    assert (message.change, message.version, message.incident.title) == ("opened", 1, "two alerts")


def test_an_end_or_an_update_has_the_incident_of_its_change(store: Store) -> None:
    bench = Bench(store, endpoint())
    for version, change in ((1, "opened"), (2, "updated")):
        bench.put("i-1", version, change)
    show(store, bench, 3, "later")
    bench.go()
    assert [message.incident.title for message in bench.sinks["pager"].asked] == ["later", "i-1 v2"]


def test_an_incident_that_ended_or_is_not_stored_is_sent_as_it_opened(store: Store) -> None:
    bench = Bench(store, endpoint())
    bench.put("i-1", 1)
    bench.put("i-2", 1)
    show(store, bench, 2, "over", "resolved")
    bench.go()
    assert {message.incident.title for message in bench.sinks["pager"].asked} == {"i-1 v1", "i-2 v1"}
