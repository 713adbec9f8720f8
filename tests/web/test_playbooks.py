"""Playbooks over the API: found by words, filled in for an incident, with what became of them."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.records import Action, Alert, Record
from tests.web.conftest import NOW, Site

DISK = "host-disk-full"


def get(site: Site, path: str, status: int = 200) -> Any:
    answer = site.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def incident(site: Site) -> str:
    """An incident that a shipped playbook is suggested for."""
    names = ("HostOutOfDiskSpace", "HostDiskWillFillIn24Hours", "HostOutOfDiskSpace")
    given = enumerate(names)
    alerts: list[Record] = [Alert(ts=NOW, id=f"d{n}", name=x, entity="db-1", severity="critical") for n, x in given]
    known = {one["id"] for one in get(site, "/api/v1/incidents")["incidents"]}
    site.host.fold(alerts)
    [found] = {one["id"] for one in get(site, "/api/v1/incidents")["incidents"]} - known
    return str(found)


def test_the_catalogue_is_searched_by_words_tags_and_mode(site: Site) -> None:
    whole = get(site, "/api/v1/playbooks")
    assert len(whole["playbooks"]) == whole["count"] > 50
    found = get(site, "/api/v1/playbooks?q=DISK+full")["playbooks"]
    assert DISK in [one["name"] for one in found]
    assert len(found) < 10
    tagged = get(site, "/api/v1/playbooks?tag=kafka")["playbooks"]
    assert {tag for one in tagged for tag in one["tags"]} >= {"kafka"}
    by_mode = {
        mode: get(site, f"/api/v1/playbooks?mode={mode}")["playbooks"] for mode in ("suggest", "approve", "auto")
    }
    assert all({one["mode"] for one in found} == {mode} for mode, found in by_mode.items())
    assert sum(map(len, by_mode.values())) == whole["count"]
    assert get(site, "/api/v1/playbooks?q=nothing+like+this")["playbooks"] == []


@pytest.mark.parametrize("query", ["mode=always", f"q={'x' * 201}", "fits=perhaps", "order=name"])
def test_a_query_that_does_not_fit_is_refused(site: Site, query: str) -> None:
    assert "query: " in get(site, f"/api/v1/playbooks?{query}", 400)["error"]


def test_a_playbook_has_its_conditions_tests_and_steps(site: Site) -> None:
    found = get(site, f"/api/v1/playbooks/{DISK}")
    assert found["mode_words"] == "A person does it"
    assert all(one["ok"] for one in found["tests"])
    assert found["matches_on"][0]["words"].startswith("An alert whose ")
    assert found["filled"]["steps"]
    assert (found["incident"], found["outcomes"], found["judged"]) == (None, {}, [])
    assert "none of that name" in get(site, "/api/v1/playbooks/none", 404)["error"]
    assert "none of that id" in get(site, f"/api/v1/playbooks/{DISK}?incident=none", 404)["error"]


def test_it_is_filled_in_for_an_incident(site: Site, incident: str) -> None:
    found = get(site, f"/api/v1/playbooks/{DISK}?incident={incident}")
    assert found["incident"]["id"] == incident
    assert found["filled"]["fits"], found["filled"]["reason"]
    assert "db-1" in str(found["filled"])


def test_where_it_fits_now_is_where_it_is_suggested(site: Site, incident: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from aiops.views import playbook_page

    monkeypatch.setattr(playbook_page, "_suggested", lambda one: [DISK] if one.id == incident else [])
    found = get(site, f"/api/v1/playbooks/{DISK}")
    assert [one["id"] for one in found["fits_now"]] == [incident]
    lines = get(site, "/api/v1/playbooks?fits=true")["playbooks"]
    assert [(one["name"], one["fits"]) for one in lines] == [(DISK, 1)]
    site.host.fold([Action(ts=NOW + 1, verb="resolve", incident=incident, actor="alice")])
    found = get(site, f"/api/v1/playbooks/{DISK}")
    assert found["fits_now"] == []
    assert ([one["id"] for one in found["fitted"]], found["fitted_count"], found["looked_at"]) == ([incident], 1, 1)


def test_judgements_of_people_are_counted(site: Site, incident: str) -> None:
    for outcome, actor in (("helped", "alice"), ("useless", "bob"), ("helped", "alice")):
        args = {"playbook": DISK, "outcome": outcome}
        site.host.fold([Action(ts=NOW + 1, verb="confirm_playbook", incident=incident, actor=actor, args=args)])
    found = get(site, f"/api/v1/playbooks/{DISK}")
    assert found["outcomes"] == {"helped": 2, "useless": 1}
    assert [(one["outcome"], one["actor"], one["incident"]) for one in found["judged"]][:2] == [
        ("helped", "alice", incident),
        ("useless", "bob", incident),
    ]
    assert get(site, "/api/v1/playbooks/disk-failing")["outcomes"] == {}
