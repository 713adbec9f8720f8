"""States that a reader must know before acting."""

from __future__ import annotations

import pytest

from aiops.records import Incident, Marked
from aiops.store.held import Held, Hold
from aiops.views.states import Owned, states
from tests.views.sample import AT, HOSTILE, incident


def test_open_incident_without_anything_special_has_none() -> None:
    assert states(incident(), []) == []


@pytest.mark.parametrize(
    ("changes", "name", "title"),
    [
        ({"status": "merged", "merged_into": "inc-2"}, "merged", "Merged"),
        (
            {"status": "resolved", "quiet_at": AT + 1_800, "resolved_at": AT + 3_600},
            "resolved",
            "Resolved after 30 min",
        ),
        ({"status": "acknowledged", "acknowledged_by": "alice"}, "acknowledged", "alice is on it"),
        (
            {"status": "acknowledged", "acknowledged_by": "alice", "assigned_to": "bob"},
            "acknowledged",
            "bob is on it",
        ),
        ({"snoozed_until": AT + 7_200}, "snoozed", "Snoozed"),
        ({"split_from": "inc-0"}, "split", "Split out of inc-0"),
        ({"silenced_by": ["s-1"], "silenced_until": AT}, "silenced", "Silenced"),
        ({"is_storm": True}, "storm", "Grouped during a storm"),
        ({"returns": 1, "returned_at": [AT]}, "returned", "Came back once"),
        ({"returns": 4, "return_every_s": 480.0}, "returned", "Came back 4 times, about every 8 min"),
        ({"merged_from": ["inc-7", "inc-8"]}, "includes", "Includes 2 merged incidents"),
    ],
)
def test_state_has_its_title(changes: dict[str, object], name: str, title: str) -> None:
    [state] = states(incident(**changes), [])
    assert (state.name, state.title) == (name, title)


def test_endpoint_that_is_held_back_names_what_inhibits_it() -> None:
    held = Held("pager", "inc-1", Hold("NodeDown on node-1", "topology", AT, "inc-9"))
    [state] = states(incident(), [held])
    assert state.title == "pager is not notified"
    assert (state.incident, state.at) == ("inc-9", AT)
    assert "NodeDown on node-1 (topology)" in state.text


def test_acknowledgement_has_its_time() -> None:
    [state] = states(incident(status="acknowledged"), [], Owned(AT + 5))
    assert (state.title, state.at) == ("somebody is on it", AT + 5)


def test_an_owner_who_has_done_nothing_is_no_more_than_assigned() -> None:
    given = incident(status="acknowledged", acknowledged_by="alice", assigned_to="bob")
    [state] = states(given, [], Owned(AT, (AT + 60, "alice")))
    assert (state.name, state.title, state.at) == ("assigned", "Assigned to bob by alice", AT + 60)


def test_what_ends_an_incident_stands_first_and_hostile_names_stay_lines() -> None:
    found = states(incident(status="merged", merged_into=HOSTILE * 50, returns=2, silenced_by=[HOSTILE]), [])
    assert [one.name for one in found] == ["merged", "silenced", "returned"]
    assert all(len(one.text) < 400 for one in found)


def test_a_mark_is_a_state_unless_it_is_implied() -> None:
    marked = Incident(id="inc-1", status="open", marked=Marked("noise", 5.0, "alice"))
    [state] = states(marked, [])
    assert (state.title, state.text, state.at) == ("Marked as noise", "By alice.", 5.0)
    assert states(Incident(id="inc-1", status="open", marked=Marked("actionable", 5.0, "alice", True)), []) == []
