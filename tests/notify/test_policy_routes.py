"""Notifications along routes: where an incident opens, where its end goes, and what a mute interval delays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.events import IncidentChange
from aiops.topology import Topology
from tests.notify.routed_desk import RoutedDesk
from tests.routing.trees import alert

OpenDesk = Callable[..., RoutedDesk]
ENDPOINTS = "".join(
    f"""
[[endpoints]]
name = "{name}"
type = "webhook"
settle_s = {{ critical = 5, high = 5, warning = 5, info = 5 }}
"""
    for name in ("chat", "dba", "web")
)
BY_TEAM = (
    ENDPOINTS
    + """
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['team="db"']
endpoints = ["dba"]
[[route.routes]]
matchers = ['team="web"']
endpoints = ["web"]
"""
)
NIGHT = """
[[time_intervals]]
name = "night"
[[time_intervals.time_intervals]]
times = [{ start_time = "00:00", end_time = "06:00" }]
"""
MUTED = BY_TEAM.replace('endpoints = ["dba"]', 'endpoints = ["dba"]\nmute_time_intervals = ["night"]') + NIGHT
DB, WEB, OTHER = alert("DbDown", team="db"), alert("WebDown", team="web"), alert("Odd", entity="x")
AT_NIGHT = datetime(2026, 3, 2, 1, tzinfo=UTC).timestamp()
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC).timestamp()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with ExitStack() as stores:

        def open_one(text: str = BY_TEAM, topology: Topology | None = None, now: float = 1_000.0) -> RoutedDesk:
            desk = RoutedDesk(tmp_path / str(len(list(tmp_path.iterdir()))), text, topology, now=now)
            stores.callback(desk.store.close)
            return desk

        yield open_one


def test_an_incident_opens_where_its_alerts_lead_and_nowhere_else(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", DB)
    desk.event("opened", OTHER, id="i-2")
    desk.wait(10)
    assert sorted(desk.sent) == [("chat", "i-2", "opened"), ("dba", "i-1", "opened")]


def test_a_member_of_another_team_opens_the_incident_there(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", DB)
    desk.wait(10)
    desk.event("updated", DB, WEB, what=["alerts"])
    desk.wait(30)
    assert (desk.changes("dba"), desk.changes("web"), desk.changes("chat")) == (["opened", "updated"], ["opened"], [])
    desk.event("resolved", DB, WEB)
    desk.wait(10)
    assert (desk.changes("dba")[-1], desk.changes("web")[-1], desk.changes("chat")) == ("resolved", "resolved", [])


def test_an_alert_that_ended_opens_nowhere_and_is_followed_where_it_opened(open_desk: OpenDesk) -> None:
    ended = alert("DbDown", team="db", is_firing=False)
    desk = open_desk()
    desk.event("opened", WEB, ended)
    desk.wait(10)
    assert desk.sent == [("web", "i-1", "opened")]
    desk.event("opened", DB, id="i-2")
    desk.wait(10)
    desk.event("updated", ended, WEB, id="i-2", what=["alerts"])
    desk.wait(30)
    assert desk.changes("dba", "i-2") == ["opened", "updated"]


def test_the_end_is_sent_where_it_opened_although_no_route_leads_there_any_more(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", DB)
    desk.wait(10)
    desk.reload(ENDPOINTS + '[route]\nendpoints = ["chat"]')
    desk.event("updated", DB, alert("Worse", team="db"), what=["alerts"])
    desk.wait(30)
    assert (desk.changes("dba"), desk.changes("chat")) == (["opened"], ["opened"])
    desk.event("resolved", DB)
    desk.wait(10)
    assert (desk.changes("dba"), desk.changes("chat")) == (["opened", "resolved"], ["opened", "resolved"])


def test_an_opening_that_no_route_leads_to_any_more_is_not_sent(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", DB)
    desk.reload(ENDPOINTS + '[route]\nendpoints = ["chat"]')
    desk.event("updated", DB, alert("Worse", team="db"), what=["alerts"])
    desk.wait(30)
    assert (desk.changes("dba"), desk.changes("chat")) == ([], ["opened"])


def test_an_endpoint_on_several_routes_is_notified_once(open_desk: OpenDesk) -> None:
    desk = open_desk(BY_TEAM.replace('endpoints = ["web"]', 'endpoints = ["web", "dba"]'))
    desk.event("opened", DB, WEB)
    desk.wait(10)
    assert desk.changes("dba") == ["opened"]


def test_streams_that_are_not_kept_reach_the_default_route(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.event("opened", DB, unkept=7)
    desk.wait(10)
    assert sorted(name for name, _, _ in desk.sent) == ["chat", "dba"]


def test_a_route_to_nobody_notifies_nobody(open_desk: OpenDesk) -> None:
    desk = open_desk(BY_TEAM.replace('endpoints = ["dba"]', "endpoints = []"))
    desk.event("opened", DB)
    desk.event("resolved", DB)
    desk.wait(30)
    assert desk.sent == []


def test_a_minimum_of_a_route_is_that_of_the_incident(open_desk: OpenDesk) -> None:
    desk = open_desk(BY_TEAM.replace('endpoints = ["dba"]', 'endpoints = ["dba"]\nmin_severity = "critical"'))
    desk.event("opened", alert("DbSlow", "warning", team="db"))
    desk.wait(10)
    assert desk.sent == []
    desk.event("updated", alert("DbSlow", "warning", team="db"), DB, what=["severity"])
    desk.wait(10)
    assert desk.changes("dba") == ["opened"]


def test_an_opening_in_a_mute_interval_leaves_when_it_ends_in_the_present_state(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED, now=AT_NIGHT)
    desk.event("opened", DB)
    desk.event("updated", DB, alert("Worse", team="db"), what=["alerts"])
    desk.wait(600, 60.0)
    desk.event("updated", DB, severity="critical", firing=9)
    desk.wait(5 * 3600, 600.0)
    assert desk.sent == [("dba", "i-1", "opened")]
    assert desk.times == [SIX]
    (row,) = desk.store.outbox.rows("sent")
    assert b'"firing_count":9' in row.body


def test_what_ends_within_a_mute_interval_is_not_notified(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED, now=AT_NIGHT)
    desk.event("opened", DB)
    desk.wait(600, 60.0)
    desk.event("resolved", DB)
    desk.wait(6 * 3600, 600.0)
    assert desk.sent == []


def test_an_end_is_sent_in_a_mute_interval_and_updates_wait(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED, now=AT_NIGHT - 2 * 3600)
    desk.event("opened", DB)
    desk.event("opened", DB, id="i-2")
    desk.wait(3 * 3600, 600.0)
    desk.event("updated", DB, alert("Worse", team="db"), what=["alerts"])
    desk.event("updated", DB, alert("Worse", team="db"), id="i-2", what=["alerts"])
    desk.event("resolved", DB)
    desk.wait(60, 10.0)
    assert (desk.changes("dba"), desk.changes("dba", "i-2")) == (["opened", "resolved"], ["opened"])
    desk.wait(6 * 3600, 600.0)
    assert desk.changes("dba", "i-2") == ["opened", "updated"]


def test_a_note_that_a_person_must_read_waits_for_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED, now=AT_NIGHT - 3600 - 60)
    desk.event("opened", DB)
    desk.wait(3600 + 60, 60.0)
    desk.event("updated", DB, what=["note"])
    desk.wait(2)
    assert desk.changes("dba") == ["opened", "updated"]


def test_an_opening_that_settles_into_a_mute_interval_waits(open_desk: OpenDesk) -> None:
    desk = open_desk(MUTED, now=AT_NIGHT - 3600 - 2)
    desk.event("opened", DB)
    desk.wait(8 * 3600 + 2, 600.0)
    assert [SIX <= at < SIX + 600 for at in desk.times] == [True]


def test_another_route_opens_what_waits_for_a_muted_one(open_desk: OpenDesk) -> None:
    text = MUTED.replace('endpoints = ["web"]', 'endpoints = ["web", "dba"]')
    desk = open_desk(text, now=AT_NIGHT)
    desk.event("opened", DB)
    desk.wait(60, 10.0)
    desk.event("updated", DB, alert("DbDown", team="web"))
    desk.wait(10)
    assert desk.changes("dba") == ["opened"], "although the name and the place are no news"


def test_a_route_that_is_muted_for_ever_leads_nowhere(open_desk: OpenDesk) -> None:
    text = MUTED.replace('times = [{ start_time = "00:00", end_time = "06:00" }]', 'location = "UTC"')
    desk = open_desk(text)
    desk.event("opened", DB)
    assert desk.store.outbox.rows() == []


def test_reminders_follow_the_route_and_pause_in_its_mute_intervals(open_desk: OpenDesk) -> None:
    text = MUTED.replace('endpoints = ["dba"]', 'endpoints = ["dba"]\nrepeat_interval_s = 3600')
    desk = open_desk(text, now=AT_NIGHT - 2 * 3600 - 60)
    desk.event("opened", DB)
    desk.event("opened", WEB, id="i-2")
    desk.wait(10)
    assert (desk.remind("dba"), desk.remind("web")) == (0, 0)
    desk.wait(3000)
    assert desk.remind("dba") == 0
    desk.now = AT_NIGHT - 3600 - 1
    assert desk.remind("dba") == 1
    desk.deliver()
    desk.now = AT_NIGHT + 3600
    assert desk.remind("dba") == 0
    desk.now = SIX + 1
    assert (desk.remind("dba"), desk.remind("web")) == (1, 0)
    desk.deliver()
    assert desk.changes("dba") == ["opened", "reminder", "reminder"]


def test_reminders_of_open_routes_are_sent_beside_those_of_muted_ones(open_desk: OpenDesk) -> None:
    text = MUTED.replace('endpoints = ["dba"]', 'endpoints = ["dba"]\nrepeat_interval_s = 600')
    text = text.replace('endpoints = ["web"]', 'endpoints = ["dba"]\nrepeat_interval_s = 600')
    desk = open_desk(text, now=AT_NIGHT - 3600 - 60)
    desk.event("opened", DB)
    desk.event("opened", WEB, id="i-2")
    desk.wait(10)
    desk.now = AT_NIGHT
    assert desk.remind("dba") == 1
    desk.deliver()
    assert (desk.changes("dba"), desk.changes("dba", "i-2")) == (["opened"], ["opened", "reminder"])


RELOADS = (BY_TEAM, ENDPOINTS, ENDPOINTS + '[route]\nendpoints = ["chat"]', ENDPOINTS + "[route]\nendpoints = []")
STREAMS = st.lists(
    st.builds(
        lambda team, name, firing: alert(name, team=team, entity=f"{team}-{name}", is_firing=firing),
        st.sampled_from(["db", "web", "none"]),
        st.sampled_from("abc"),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["updated", "resolved", "reopened", "acknowledged"]), STREAMS),
        st.tuples(st.just("wait"), st.integers(1, 60)),
        st.tuples(st.just("reload"), st.sampled_from(RELOADS)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(first=STREAMS, steps=STEPS)
def test_what_opened_ends_and_nothing_is_sent_twice(
    tmp_path_factory: pytest.TempPathFactory, first: list[object], steps: list[tuple[str, object]]
) -> None:
    desk = RoutedDesk(tmp_path_factory.mktemp("desk"), BY_TEAM)
    try:
        desk.event("opened", *first)  # type: ignore[arg-type]
        for kind, value in steps:
            if kind == "wait":
                desk.wait(float(value))  # type: ignore[arg-type]
            elif kind == "reload":
                desk.reload(str(value))
            elif (kind == "reopened") is (desk.status["i-1"] == "resolved"):
                change: IncidentChange = kind  # type: ignore[assignment]
                desk.event(change, *value)  # type: ignore[misc]
        if desk.status["i-1"] != "resolved":
            desk.event("resolved", *first)  # type: ignore[arg-type]
        desk.wait(120, 5.0)
        keys = [(row.endpoint, row.version) for row in desk.store.outbox.rows("sent", 1_000)]
        assert len(keys) == len(set(keys))
        for endpoint in ("chat", "dba", "web"):
            changes = [one for one in desk.changes(endpoint) if one in ("opened", "reopened", "resolved")]
            assert changes[::2] == ["opened", *["reopened"] * (len(changes[::2]) - 1)][: len(changes[::2])]
            assert changes[1::2] == ["resolved"] * (len(changes) // 2)
            assert len(changes) % 2 == 0, "what opened has ended"
    finally:
        desk.store.close()
