"""Actions on selected incidents: at once or after a question, undone by one press, refused in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from aiops.records import Alert
from tests.pages.test_pages import Parsed, page
from tests.web.conftest import NOW


@pytest.fixture
def two(site: Any) -> list[str]:
    """Two incidents that are far from each other."""
    given: dict[str, Any] = {"name": "DiskFull", "entity": "db-9", "service": "orders", "severity": "critical"}
    site.host.fold([Alert(ts=NOW + 700 + n, id=f"d-{n}", **given) for n in range(3)])
    found = [one["id"] for one in site.client.get("/api/v1/incidents").json()["incidents"]]
    assert len(found) == 2
    return found


def send(site: Any, pairs: list[tuple[str, str]]) -> Any:
    headers = site.origin | {"content-type": "application/x-www-form-urlencoded"}
    return site.client.post("/incidents/bulk", content=urlencode(pairs), headers=headers)


def act(site: Any, do: str, ids: list[str], **more: str) -> Any:
    return send(site, [("do", do), *(("incident", id) for id in ids), *more.items()])


def states(site: Any) -> list[str]:
    return sorted(one["status"] for one in site.client.get("/api/v1/incidents").json()["incidents"])


def test_an_action_is_done_at_once_and_undone_by_one_press(site: Any, two: list[str]) -> None:
    answer = act(site, "acknowledge", two, back="/?severity=critical")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?severity=critical")
    assert states(site) == ["acknowledged", "acknowledged"]
    found = page(site, "/?severity=critical")
    assert "2 incidents acknowledged." in found.text
    assert "Undo" in found.text


def test_an_action_is_undone(site: Any, two: list[str]) -> None:
    outcomes = site.client.post("/api/v1/incidents/bulk", json={"action": "acknowledge", "ids": two}).json()["outcomes"]
    actions = "{" + ", ".join(f'"{one["incident"]}": "{one["id"]}"' for one in outcomes) + "}"
    answer = send(site, [("do", "undo"), ("actions", actions)])
    assert answer.status_code == 303, answer.text
    assert states(site) == ["open", "open"]
    assert send(site, [("do", "undo"), ("actions", actions)]).status_code == 409


@pytest.mark.parametrize("do", ["assign", "snooze", "merge"])
def test_an_action_that_needs_more_asks(site: Any, two: list[str], do: str) -> None:
    answer = act(site, do, two, back="/?q=disk")
    assert answer.status_code == 303
    asked = urlsplit(answer.headers["location"])
    assert asked.path == "/incidents/bulk"
    assert parse_qsl(asked.query) == [("do", do), ("back", "/?q=disk"), *(("incident", id) for id in two)]
    found = page(site, answer.headers["location"])
    assert "2 incidents" in found.text
    assert "/?q=disk" in found.links
    assert states(site) == ["open", "open"]


def test_what_was_asked_is_done(site: Any, two: list[str]) -> None:
    assert act(site, "assign", two, to="bob").status_code == 303
    assert "2 incidents assigned to bob." in page(site, "/").text
    assert {one["owner"] for one in site.client.get("/api/v1/incidents").json()["incidents"]} == {"bob"}
    assert act(site, "snooze", two, **{"for": "2h"}).status_code == 303
    assert "Snoozed · 2" in page(site, "/").text
    assert act(site, "merge", two, into=two[0]).status_code == 303
    assert "1 incident merged into another." in page(site, "/").text
    assert states(site)[0] == "acknowledged"


def test_several_are_silenced_by_one_form(site: Any, two: list[str]) -> None:
    answer = act(site, "silence", two)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/silences?incident={two[0]}&incident={two[1]}")
    text = " ".join(page(site, answer.headers["location"]).text.split())
    assert text.count("of this incident.") == 2
    assert "Of other incidents it mutes nothing that fires now." in text
    assert act(site, "silence", two[:1]).headers["location"] == f"/silences?incident={two[0]}#preview"


@pytest.mark.parametrize(
    ("pairs", "status", "words"),
    [
        ([("do", "acknowledge")], 400, "select the incidents first"),
        ([("do", "eat"), ("incident", "x")], 400, "do: expected one of"),
        ([("do", "acknowledge"), ("incident", "inc-nobody")], 409, "expected the id of an incident"),
        ([("do", "merge"), ("incident", "x"), ("into", "x")], 400, "select two incidents or more"),
        ([("do", "snooze"), ("incident", "x"), ("for", "soon")], 400, "$.for"),
        ([("do", "undo"), ("actions", "[]")], 400, "actions"),
        ([("do", "undo"), ("actions", "{}")], 400, "actions"),
        ([("do", "silence"), ("incident", "inc-nobody")], 404, "got none"),
        ([("do", "acknowledge"), *(("incident", f"i-{n}") for n in range(300))], 400, "max number of fields"),
    ],
)
def test_what_does_not_fit_is_refused(site: Any, pairs: list[tuple[str, str]], status: int, words: str) -> None:
    answer = send(site, pairs)
    assert answer.status_code == status
    assert words in Parsed(answer.text).text.lower()


def test_forms_of_other_sites_are_refused(site: Any, two: list[str]) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode([("do", "resolve"), ("incident", two[0])])
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
        assert site.client.post("/incidents/bulk", content=body, headers=kind | headers).status_code == 403
    assert states(site) == ["open", "open"]


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/?status=gone", "javascript:alert(1)", ""])
def test_nobody_is_sent_elsewhere(site: Any, two: list[str], back: str) -> None:
    location = act(site, "acknowledge", two[:1], back=back).headers["location"]
    assert location.startswith("/")
    assert not location.startswith("//")


def test_a_question_without_incidents_is_none(site: Any) -> None:
    assert site.client.get("/incidents/bulk?do=assign").status_code == 400
    assert site.client.get("/incidents/bulk?do=assign&incident=nobody").status_code == 400
    assert site.client.get("/incidents/bulk?do=eat&incident=x").status_code == 404


def test_selected_incidents_are_marked_as_noise_and_the_page_names_who_did(site: Any, two: list[str]) -> None:
    assert act(site, "noise", two).status_code == 303
    assert "2 incidents marked as noise." in page(site, "/").text
    assert "Marked as noise" in page(site, f"/incidents/{two[0]}").text
