"""Incidents over the API, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.engine.engine import Engine
from aiops.engine.member_explanation import MemberExplanation
from aiops.errors import UsageError
from aiops.records import Action
from aiops.views.incident_lines import Lines
from aiops.web import bodies, incidents
from tests.store.openings import hold_opening
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


def lines(desk: Desk, **query: Any) -> Lines:
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


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "checkout"}, 1),
        ({"q": "checkout -severity:critical"}, 0),
        ({"q": "service:checkout status:active"}, 1),
        ({"q": "status:recent"}, 0),
        ({"q": "entity:checkout", "sort": "severity", "order": "asc"}, 1),
    ],
)
def test_list_is_searched(still: Desk, query: dict[str, Any], count: int) -> None:
    assert len(lines(still, **query).incidents) == count


def test_facets_count_what_was_found(still: Desk) -> None:
    found = lines(still, facets=True)
    assert found.facets is not None
    assert (found.total, found.facets["service"]) == (1, {"checkout": 1})
    assert lines(still).facets is None


def test_query_that_does_not_fit_names_the_nearest_word(still: Desk) -> None:
    with pytest.raises(UsageError, match="did you mean severity:high"):
        lines(still, q="severity:hihg")


def test_nothing_found_names_what_was_meant(still: Desk) -> None:
    assert [one.meant for one in lines(still, q="service:chekout").suggestions] == ["service:checkout"]


def test_position_of_another_order_is_refused(still: Desk) -> None:
    with pytest.raises(UsageError, match="of a list in the same order"):
        lines(still, sort="severity", before="17~inc")


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


def explained(desk: Desk, alert: str, incident: str | None = None) -> MemberExplanation:
    return incidents.explain(desk.call(query=bodies.ExplainQuery(alert), id=incident or desk.incident))


def test_an_alert_is_explained_by_terms_that_sum_to_its_score(still: Desk) -> None:
    first = explained(still, "a-0-0")
    assert (first.joined, first.incident) == (None, still.incident)
    one = explained(still, "a-0-1")
    assert one.joined is not None
    assert one.joined.score == pytest.approx(sum(each.value for each in one.joined.evidence))
    assert explained(still, one.fingerprint) == one


def test_an_unknown_alert_is_404_and_a_slow_engine_503(still: Desk) -> None:
    with refused(404, "first alert of a stream"):
        explained(still, "a-unknown")
    with refused(404, "id of an incident"):
        explained(still, "a-0-0", "inc-unknown")
    still.host.busy = True
    try:
        with refused(503, "did not answer"):
            explained(still, "a-0-0")
    finally:
        still.host.busy = False


def test_an_incident_that_only_the_store_has_is_explained_without_a_threshold(desk: Desk) -> None:
    live = {alert: explained(desk, alert) for alert in ("a-0-0", "a-0-1")}
    # With this, the store has a version with all members.
    incidents.acknowledge(desk.call(bodies.Note()))
    desk.host.engine = Engine()
    for alert, before in live.items():
        one = explained(desk, alert)
        assert (one.name, one.threshold, one.declined) == (before.name, None, None)
        assert (one.joined.evidence if one.joined else None) == (before.joined.evidence if before.joined else None)


def test_details_name_who_is_not_notified_and_why(desk: Desk) -> None:
    assert incidents.show_incident(desk.call()).inhibited == []
    hold_opening(desk.host.store, desk.incident)
    [one] = incidents.show_incident(desk.call()).inhibited
    assert (one.endpoint, one.by, one.rule, one.incident) == ("chat", "RackDown on rack-7", "rack-down", "inc-9")
