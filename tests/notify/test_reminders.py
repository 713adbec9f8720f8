"""Reminders of incidents that stay open: each is a delivery of its own, and none is sent to who does not want it."""

from __future__ import annotations

import pytest

from aiops.engine.events import IncidentChanged
from aiops.records import Incident
from aiops.store.reminders import remind
from aiops.store.store import FrameDecisions, Store
from tests.notify.bench import Bench, endpoint


def test_an_incident_that_stays_open_is_said_again_with_a_key_of_its_own(store: Store) -> None:
    bench = Bench(store, endpoint(repeat_interval_s=3_600.0))
    sink = bench.sinks["pager"]
    opened(bench, "i-1", "critical")
    bench.go(3_590)
    assert len(sink.asked) == 1
    bench.go(20)
    assert len(sink.asked) == 2
    first, again = sink.asked
    assert (again.change, again.repeats, again.news) == ("reminder", 1, [])
    assert again.key != first.key
    bench.go(3_700)
    assert len(sink.asked) == 3
    assert len({message.key for message in sink.asked}) == 3


@pytest.mark.parametrize(
    ("status", "severity", "interval_s"),
    [
        ("acknowledged", "critical", 60.0),
        ("resolved", "critical", 60.0),
        ("open", "info", 60.0),
        ("open", "critical", 0),
    ],
)
def test_who_is_not_reminded(store: Store, status: str, severity: str, interval_s: float) -> None:
    bench = Bench(store, endpoint(repeat_interval_s=interval_s, min_severity="warning"))
    opened(bench, "i-1", severity, status)
    bench.go(1_000)
    assert len(bench.sinks["pager"].asked) == 1


def test_a_reminder_that_was_lost_in_a_crash_is_sent_with_its_key(store: Store) -> None:
    bench = Bench(store, endpoint(repeat_interval_s=60.0))
    sink = bench.sinks["pager"]
    opened(bench, "i-1", "critical")
    bench.go(1)
    # It is claimed, and the process dies: nobody knows whether it arrived.
    remind(store.database, "pager", 0, bench.clock.now, bench.clock.now)
    (row,) = store.outbox.claim(bench.clock.now, 1, ["pager"])
    store.outbox.release([row.id])
    assert remind(store.database, "pager", 0, bench.clock.now, bench.clock.now) == 0
    bench.go(1)
    assert sink.asked[-1].key == row.key
    # What was said stays said: a reminder is no reason to name it all again.
    told = store.outbox.history(store.database.reader, "pager", "i-1")
    assert (told.changes, told.last_change) == (1, "opened")


def test_an_incident_that_returned_and_stays_open_is_reminded_of(store: Store) -> None:
    bench = Bench(store, endpoint(repeat_interval_s=3_600.0))
    sink = bench.sinks["pager"]
    opened(bench, "i-1", "critical")
    bench.go(1)
    bench.put("i-1", 2, "resolved")
    bench.put("i-1", 3, "returned")
    bench.go(3_700)
    assert [message.change for message in sink.asked] == ["opened", "resolved", "returned", "reminder"]
    told = store.outbox.history(store.database.reader, "pager", "i-1")
    assert told.last_change == "returned", "a reminder repeats it, and a worse return still reopens"


def opened(bench: Bench, name: str, severity: str, status: str = "open") -> None:
    """An incident in the store and its first message."""
    incident = Incident(id=name, severity=severity, status=status, opened_at=1.0)  # type: ignore[arg-type]
    event = IncidentChanged(0, 1.0, "opened", incident, 1, [])
    bench.store.apply([FrameDecisions(bench.store.applied(), bench.clock.now, [event])])
    bench.put(name, 1)
