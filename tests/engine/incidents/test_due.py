"""The queue of incidents by the time at which something is due."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.incidents.due import SLACK, DueQueue
from aiops.engine.incidents.state import IncidentState, new_incident


def queue(*names: str) -> tuple[DueQueue, list[IncidentState]]:
    incidents = [new_incident(name, number, 0.0, 0) for number, name in enumerate(names)]
    return DueQueue({one.id: one for one in incidents}), incidents


def taken(due: DueQueue, now: float) -> list[tuple[str, float]]:
    found = []
    while (incident := due.take(now)) is not None:
        found.append((incident.id, incident.queued_at))
        incident.queued_at = inf
    return found


def test_incidents_come_in_the_order_in_which_they_are_due() -> None:
    due, (one, two, three) = queue("one", "two", "three")
    one.rank_due, two.resolve_due, three.news_due = 30.0, 10.0, 20.0
    for incident in (one, two, three):
        due.schedule(incident)
    assert due.next_due() == 10.0
    assert taken(due, 25.0) == [("two", 10.0), ("three", 20.0)]
    assert taken(due, 30.0) == [("one", 30.0)]
    assert due.next_due() == inf


def test_an_entry_that_an_earlier_one_has_made_void_is_passed_over() -> None:
    due, (one,) = queue("one")
    one.resolve_due = 50.0
    due.schedule(one)
    one.rank_due = 20.0
    due.schedule(one)
    assert taken(due, 60.0) == [("one", 20.0)]


def test_a_later_time_leaves_the_entry_where_it_is() -> None:
    due, (one,) = queue("one")
    one.rank_due = 20.0
    due.schedule(one)
    one.resolve_due = 50.0
    due.schedule(one)
    assert due.entries == [(20.0, "one")]


def test_an_incident_that_is_forgotten_or_resolved_is_due_no_more() -> None:
    due, (one, two) = queue("one", "two")
    one.rank_due, two.rank_due = 10.0, 20.0
    due.schedule(one)
    due.schedule(two)
    del due.by_id["one"]
    assert taken(due, 30.0) == [("two", 20.0)]
    two.status = "resolved"
    due.schedule(two)
    assert due.entries == []


@given(st.lists(st.floats(0.0, 1e6), max_size=300))
def test_entries_stay_within_twice_the_incidents_and_some_slack(times: list[float]) -> None:
    due, (one, two) = queue("one", "two")
    for at in times:
        # Each is earlier than the one before, so that the entries before it are void.
        one.rank_due = min(at, one.rank_due if one.rank_due is not None else inf)
        due.schedule(one)
    two.rank_due = 2e6
    due.schedule(two)
    assert len(due.entries) <= 2 * 2 + SLACK + 1
    due.tidy()
    assert len(due.entries) == (2 if times else 1)
    assert taken(due, 2e6) == [*([("one", min(times))] if times else []), ("two", 2e6)]
