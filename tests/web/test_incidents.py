"""Incidents over the API, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.records import Action
from aiops.web import bodies, incidents
from tests.web.calls import Desk, desk_in, refused


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def lines(desk: Desk, **query: Any) -> bodies.Lines:
    return incidents.list_incidents(desk.call(query=bodies.ListQuery(**query)))


def test_list_has_the_incident_with_its_severity_as_a_word(still: Desk) -> None:
    [line] = lines(still).incidents
    assert (line.id, line.status, line.severity) == (still.incident, "open", "critical")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "open"}, 1),
        ({"status": "resolved,merged"}, 0),
        ({"status": "acknowledged,open"}, 1),
        ({"min_severity": "critical"}, 1),
        ({"since": 4_000_000_000.0}, 0),
        ({"before": "0~x"}, 0),
        ({"before": "4000000000.5~x"}, 1),
    ],
)
def test_list_is_filtered(still: Desk, query: dict[str, Any], count: int) -> None:
    assert len(lines(still, **query).incidents) == count


def test_pages_follow_each_other_until_all_were_shown(desk: Desk, history: Any) -> None:
    history(desk.host, 7)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    for _ in range(9):
        page = lines(desk, **query)
        seen += [line.id for line in page.incidents]
        if page.next is None:
            break
        query["before"] = msgspec.convert({"before": page.next}, bodies.ListQuery).before
    assert len(seen) == len(set(seen)) == 8
    assert seen[0] == desk.incident


def test_detail_is_the_whole_incident(still: Desk) -> None:
    detail = incidents.show_incident(still.call())
    assert detail.incident.id == still.incident
    assert detail.version >= 1
    assert detail.incident.members


@pytest.mark.parametrize(
    "operation",
    [incidents.show_incident, incidents.acknowledge, incidents.resolve, incidents.confirm_cause],
)
def test_incident_that_is_not_there_is_404(still: Desk, operation: Any) -> None:
    with refused(404, "'nobody"):
        operation(still.call(bodies.ConfirmCause("db"), id="nobody" + "x" * 500))


@pytest.mark.parametrize(
    ("operation", "status"), [(incidents.acknowledge, "acknowledged"), (incidents.resolve, "resolved")]
)
def test_word_of_a_person_changes_the_incident(desk: Desk, operation: Any, status: str) -> None:
    done = operation(desk.call(bodies.Note("seen")))
    assert done.applied
    assert done.id.startswith("act:")
    assert incidents.show_incident(desk.call()).incident.status == status


def test_confirmations_are_applied(desk: Desk) -> None:
    assert incidents.confirm_cause(desk.call(bodies.ConfirmCause("checkout"))).applied
    cause = incidents.show_incident(desk.call()).incident.root_cause
    assert cause is not None
    assert cause.entity == "checkout"
    member = incidents.show_incident(desk.call()).incident.members[0]
    grouping = bodies.ConfirmGrouping([member.fingerprint])
    assert incidents.confirm_grouping(desk.call(grouping)).applied
    assert incidents.confirm_playbook(desk.call(bodies.ConfirmPlaybook("host-disk-full", "helped"))).applied


def test_word_that_does_not_apply_is_409(desk: Desk) -> None:
    incidents.resolve(desk.call(bodies.Note()))
    with refused(409):
        incidents.acknowledge(desk.call(bodies.Note()))


def test_engine_that_does_not_answer_is_503_with_the_id_to_look_for(desk: Desk) -> None:
    desk.host.busy = True
    with refused(503, "act:"):
        incidents.acknowledge(desk.call(bodies.Note()))


def test_actions_have_ids_of_their_own(desk: Desk) -> None:
    first = incidents.hand_in(desk.call(), Action(ts=1.0, verb="acknowledge", incident=desk.incident))
    second = incidents.hand_in(desk.call(), Action(ts=1.0, verb="resolve", incident=desk.incident))
    assert first.id != second.id
