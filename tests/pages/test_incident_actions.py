"""The forms of people's work on an incident, without a browser: what they answer, and what they refuse."""

from __future__ import annotations

import re

import pytest

from aiops.pages.incident_actions import sentence
from aiops.records import Alert, Record, Tick
from aiops.web import bodies
from tests.web.conftest import HOSTILE, NOW, Site


@pytest.fixture(autouse=True)
def settled(site: Site) -> None:
    """What is due by now is no doing of a form."""
    site.host.fold([Tick(ts=NOW)])


def press(site: Site, verb: str, **fields: str | list[str]) -> tuple[int, str]:
    """Press a form, and read the page that follows."""
    path = f"/incidents/{site.incident}"
    answer = site.client.post(
        f"{path}/{verb}", data={"message": "", **fields}, headers=site.origin, follow_redirects=True
    )
    return answer.status_code, answer.text


def state(site: Site) -> dict[str, object]:
    return dict(site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"])


def test_each_form_states_what_it_did_and_offers_undo(site: Site) -> None:
    status, text = press(site, "assign", to="bob")
    assert status == 200
    assert "Assigned to bob, and acknowledged" in text
    action = re.search(r'/undo"[^>]*>.*?name="action" value="(act:[0-9a-f]+)"', text, re.S)
    assert action is not None
    status, text = press(site, "undo", action=action[1])
    assert "Assigned to nobody again" in text
    assert state(site)["status"] == "open"


def test_a_hostile_name_stays_text(site: Site) -> None:
    _, text = press(site, "assign", to=HOSTILE)
    assert HOSTILE not in text
    assert state(site)["assigned_to"] == HOSTILE


def test_alerts_are_split_out_by_the_boxes_beside_them(site: Site) -> None:
    members = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]["members"]
    status, text = press(site, "split", alert=[members[0]["fingerprint"], members[1]["fingerprint"]])
    assert status == 200
    assert "2 alert streams split out to" in text
    assert state(site)["stream_count"] == 1


@pytest.mark.parametrize(
    ("verb", "fields", "status", "reason"),
    [
        ("split", {}, 400, "Select the alerts first"),
        ("split", {"alert": "nothing"}, 409, "expected the id of an alert"),
        ("snooze", {}, 400, "expected one of until and for; got none"),
        ("snooze", {"for": "soon"}, 400, "expected a duration such as 90m or 2h"),
        ("snooze", {"for": "30d"}, 409, "expected a time to come within 7 d"),
        ("merge", {"into": "inc-nothing"}, 409, "expected an incident that is open"),
        ("merge", {}, 400, "missing required field"),
        ("undo", {}, 409, "nothing to undo"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    site: Site, verb: str, fields: dict[str, str], status: int, reason: str
) -> None:
    before = state(site)
    found, text = press(site, verb, **fields)
    assert (found, state(site)) == (status, before)
    assert reason.lower() in text.lower()


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    answer = site.client.post(f"/incidents/{site.incident}/assign", data={"to": "bob"})
    assert answer.status_code == 403
    assert "assigned_to" not in state(site)


def test_an_answer_is_a_sentence() -> None:
    assert sentence(bodies.Done("a", True, "noted; nobody is notified")) == "Noted; nobody is notified."


def test_resolve_asks_first_while_alerts_fire_and_at_once_where_none_does(site: Site) -> None:
    firing = state(site)["firing_count"]
    path = f"/incidents/{site.incident}"
    text = site.client.get(path).text
    assert f"{firing} alerts still fire; resolving ends the incident although they do." in text
    assert f"Resolve although {firing} fire" in text
    assert ">Resolve<kbd" not in text
    names = [HOSTILE, "CheckoutLatency", "CheckoutErrors"]
    ended: list[Record] = [
        Alert(ts=NOW + 1, id=f"a-0-{place}", name=name, entity="checkout", service="checkout", status="resolved")
        for place, name in enumerate(names)
    ]
    site.host.fold(ended)
    # The next version of the incident has the new count.
    press(site, "assign", to="bob")
    assert "firing_count" not in state(site)
    text = site.client.get(path).text
    assert "alerts still fire" not in text
    assert ">Resolve<kbd" in text


def test_an_assigned_person_is_on_it_once_they_act(site: Site) -> None:
    press(site, "assign", to="bob")
    text = press(site, "snooze", **{"for": "1h"})[1]
    assert "Assigned to bob by local at <time" in text
    assert "bob is on it" not in text
    text = press(site, "assign", to="local")[1]
    assert "local is on it, since <time" in text


def test_a_site_without_endpoints_notifies_nobody_and_states_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "endpoints that know it get one update" in press(site, "assign", to="alice")[1]
    monkeypatch.setattr(site.host.delivery, "endpoints", dict)
    text = press(site, "assign", to="bob")[1]
    assert "Assigned to bob; no endpoint is configured: nobody is notified." in text
    assert "endpoints that know it" not in text
    assert "Endpoints get one update" not in text
    assert text.count("No endpoint is configured: nobody is notified.") == 3


def test_the_history_of_the_incident_that_stays_names_who_merged(site: Site) -> None:
    members = site.client.get(f"/api/v1/incidents/{site.incident}").json()["incident"]["members"]
    press(site, "split", alert=[members[0]["fingerprint"]])
    listed = site.client.get("/api/v1/incidents").json()["incidents"]
    [made] = [one["id"] for one in listed if one["id"] != site.incident]
    assert press(site, "merge", into=made)[0] == 200
    entries = site.client.get(f"/api/v1/incidents/{made}/brief").json()["history"]["entries"]
    assert (entries[-1]["text"], entries[-1]["actor"]) == (f"Merged {site.incident} into it", "local")
    assert "More alerts joined" not in [one["text"] for one in entries]
