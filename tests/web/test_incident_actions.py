"""Actions on incidents over the API, on one and on many at once."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.records import Tick
from tests.web.conftest import NOW, Site


def post(site: Site, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = site.client.post(f"/api/v1/incidents/{path}", json=body)
    return answer.status_code, answer.json()


def shown(site: Site, name: str = "") -> dict[str, Any]:
    return dict(site.client.get(f"/api/v1/incidents/{name or site.incident}").json()["incident"])


@pytest.fixture(autouse=True)
def settled(site: Site) -> None:
    """What is due by now is no doing of an action."""
    site.host.fold([Tick(ts=NOW)])


@pytest.fixture
def second(site: Site) -> str:
    """Another open incident, which was split out of the first."""
    post(site, f"{site.incident}/split", {"alerts": [shown(site)["members"][0]["fingerprint"]]})
    found = site.client.get("/api/v1/incidents").json()["incidents"]
    return str(next(one["id"] for one in found if one["id"] != site.incident))


def test_a_snooze_is_until_a_time_or_for_a_while(site: Site) -> None:
    for body, until in (
        ({"for": "90m"}, NOW + 5_400),
        ({"until": NOW + 60}, NOW + 60),
        ({"until": "2026-03-01T22:00:00Z"}, 1_772_402_400.0),
    ):
        assert post(site, f"{site.incident}/snooze", body)[0] == 200
        assert shown(site)["snoozed_until"] == until
    assert post(site, f"{site.incident}/unsnooze", {})[0] == 200
    assert "snoozed_until" not in shown(site)


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("snooze", {}, 400),
        ("snooze", {"for": "1h", "until": NOW + 60}, 400),
        ("snooze", {"for": "1 hour"}, 400),
        ("snooze", {"for": ["1h"]}, 400),
        ("snooze", {"for": "8d"}, 409),
        ("assign", {"to": "x" * 257}, 400),
        ("assign", {"person": "bob"}, 400),
        ("merge", {}, 400),
        ("split", {"alerts": []}, 400),
        ("split", {"alerts": ["a,b"]}, 400),
        ("note", {"text": ""}, 400),
        ("note", {"text": "x" * 1_001}, 400),
        ("undo", {}, 409),
    ],
)
def test_what_does_not_fit_is_refused(site: Site, verb: str, body: dict[str, Any], status: int) -> None:
    before = shown(site)
    found, answer = post(site, f"{site.incident}/{verb}", body)
    assert (found, shown(site)) == (status, before), answer


def test_an_answer_names_the_action_that_undo_takes(site: Site) -> None:
    _, done = post(site, f"{site.incident}/assign", {"to": "bob"})
    assert shown(site)["last_action"]["id"] == done["id"]
    assert post(site, f"{site.incident}/undo", {"action": done["id"]})[0] == 200
    assert "last_action" not in shown(site)


def test_a_merge_is_taken_out_again_by_the_name_of_the_merged_one(site: Site, second: str) -> None:
    assert post(site, f"{second}/merge", {"into": site.incident})[0] == 200
    assert shown(site, second)["status"] == "merged"
    assert post(site, f"{second}/undo", {})[0] == 200
    assert (shown(site, second)["status"], shown(site)["stream_count"]) == ("open", 2)


def test_a_note_is_kept_and_shown(site: Site) -> None:
    assert post(site, f"{site.incident}/note", {"text": "<b>called</b> the vendor"})[0] == 200
    assert [note["text"] for note in shown(site)["notes"]] == ["<b>called</b> the vendor"]


def test_many_at_once_have_an_answer_each(site: Site, second: str) -> None:
    status, answer = post(site, "bulk", {"action": "acknowledge", "ids": [site.incident, "inc-nothing", second]})
    assert status == 200
    outcomes = [(one["incident"], one["applied"]) for one in answer["outcomes"]]
    assert outcomes == [(site.incident, True), ("inc-nothing", False), (second, True)]
    assert {shown(site)["status"], shown(site, second)["status"]} == {"acknowledged"}
    done = [one["id"] for one in answer["outcomes"]]
    body = {"action": "undo", "ids": [site.incident, second], "actions": [done[0], done[2]]}
    assert [one["applied"] for one in post(site, "bulk", body)[1]["outcomes"]] == [True, True]
    assert {shown(site)["status"], shown(site, second)["status"]} == {"open"}


def test_many_are_merged_into_one(site: Site, second: str) -> None:
    body = {"action": "merge", "ids": [site.incident, second], "into": second}
    outcomes = post(site, "bulk", body)[1]["outcomes"]
    assert [(one["incident"], one["applied"]) for one in outcomes] == [(site.incident, True), (second, False)]
    assert outcomes[1]["reason"] == "the others are merged into it"
    assert shown(site)["merged_into"] == second


@pytest.mark.parametrize(
    "body",
    [
        {"action": "acknowledge", "ids": []},
        {"action": "acknowledge", "ids": ["x"] * 201},
        {"action": "silence", "ids": ["x"]},
        {"action": "merge", "ids": ["x"]},
        {"action": "note", "ids": ["x"]},
        {"action": "snooze", "ids": ["x"]},
        {"action": "acknowledge", "ids": ["x"], "to": "bob"},
        {"action": "resolve", "ids": ["x"], "for": "1h"},
        {"action": "merge", "ids": ["x"], "into": "y", "notify": True},
        {"action": "assign", "ids": ["x"], "to": "bob", "actions": ["act:1"]},
        {"action": "undo", "ids": ["x", "y"], "actions": ["act:1"]},
        {"action": "undo", "ids": ["x"], "actions": ["act:1", "act:2"]},
        {"action": "undo", "ids": ["x", "x"], "actions": ["act:1", "act:2"]},
    ],
)
def test_a_bulk_request_that_lacks_something_or_has_too_much_is_refused(site: Site, body: dict[str, Any]) -> None:
    assert post(site, "bulk", body)[0] == 400


def test_too_few_actions_to_undo_undo_nothing(site: Site, second: str) -> None:
    ids = [site.incident, second]
    outcomes = post(site, "bulk", {"action": "acknowledge", "ids": ids})[1]["outcomes"]
    status, answer = post(site, "bulk", {"action": "undo", "ids": ids, "actions": [outcomes[0]["id"]]})
    assert (status, "one for each of ids" in answer["error"]) == (400, True)
    assert {shown(site)["status"], shown(site, second)["status"]} == {"acknowledged"}


def test_an_engine_that_does_not_answer_is_reported_for_each(site: Site) -> None:
    site.host.busy = True
    status, answer = post(site, "bulk", {"action": "acknowledge", "ids": [site.incident]})
    assert status == 200
    [one] = answer["outcomes"]
    assert not one["applied"]
    assert "the audit shows if" in one["reason"]


def test_incidents_are_marked_one_and_many(site: Site) -> None:
    assert post(site, f"{site.incident}/mark", {"as": "noise"})[0] == 200
    assert shown(site)["marked"]["label"] == "noise"
    assert post(site, f"{site.incident}/mark", {"as": "boring"})[0] == 400
    status, body = post(site, "bulk", {"action": "mark", "ids": [site.incident], "as": "actionable"})
    assert (status, body["outcomes"][0]["reason"]) == (200, "marked as actionable; nobody is notified")
    assert post(site, "bulk", {"action": "mark", "ids": [site.incident]})[0] == 400
    assert post(site, "bulk", {"action": "resolve", "ids": [site.incident], "as": "noise"})[0] == 400
