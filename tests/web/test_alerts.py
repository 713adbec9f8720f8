"""The history of alerts over the API."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.records import Action, Alert
from tests.web.conftest import HOSTILE, NOW

URL = "/api/v1/alerts/history"


def found(site: Any, **query: Any) -> dict[str, Any]:
    answer = site.client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_history_names_incident_and_delivery(site: Any) -> None:
    page = found(site)
    assert [one["name"] for one in page["alerts"]] == ["CheckoutErrors", "CheckoutLatency", HOSTILE]
    one = page["alerts"][0]
    assert (one["went"], one["incident"], one["count"]) == ("incident", site.incident, 3)
    assert [(note["endpoint"], note["state"]) for note in one["notified"]] == [("pager", "dead")]
    assert page["next"] is None
    assert page["kept"]["episodes"] == 3


def test_history_names_the_silence_with_its_comment(site: Any) -> None:
    args = {"id": "s1", "matchers": "service=web", "until": str(NOW + 60)}
    site.host.fold([Action(ts=NOW, verb="silence", actor="alice", message="kernel patch", args=args)])
    site.host.fold([Alert(ts=NOW, name="Down", entity="web-1", service="web", severity="critical", id="w1")])
    (one,) = found(site, q="went:silenced")["alerts"]
    assert (one["silence"], one["silence_comment"], one["silenced_by"]) == ("s1", "kernel patch", "alice")
    assert one["notified"] == []
    site.host.busy = True
    # While the engine is busy, the comments of silences in force are still known.
    assert found(site, silence="s1")["alerts"][0]["silence_comment"] == "kernel patch"


def test_history_continues_after_a_page(site: Any) -> None:
    first = found(site, limit=2)
    assert len(first["alerts"]) == 2
    second = found(site, limit=2, before=first["next"])
    assert [one["name"] for one in second["alerts"]] == [HOSTILE]
    assert second["next"] is None


def test_history_is_bounded_in_time_and_by_incident(site: Any) -> None:
    assert found(site, since=NOW)["alerts"] == []
    assert len(found(site, since=NOW - 3_600, until=NOW, incident=site.incident)["alerts"]) == 3
    assert found(site, incident="inc-none")["alerts"] == []
    fingerprint = found(site, q="checkouterrors")["alerts"][0]["fingerprint"]
    assert [one["name"] for one in found(site, fingerprint=fingerprint)["alerts"]] == ["CheckoutErrors"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "wend:x"}, "did you mean went:?"),
        ({"q": '"open'}, "quotation mark"),
        ({"before": "yesterday"}, "before"),
        ({"before": "1~1\n"}, "before"),
        ({"limit": "0"}, "limit"),
        ({"since": "-1"}, "since"),
        ({"nothing": "1"}, "nothing"),
    ],
)
def test_search_that_does_not_fit_is_refused(lasting: Any, query: dict[str, str], said: str) -> None:
    answer = lasting.client.get(URL, params=query)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_background_alert_is_opened_once(site: Any) -> None:
    site.host.fold([Alert(ts=NOW, name="Slow", entity="db-1", severity="warning", id="s-1")])
    (one,) = found(site, q="entity:db-1")["alerts"]
    assert one["went"] == "background"
    body = {"alert": one["fingerprint"]}
    answer = site.client.post("/api/v1/alerts/open", json=body)
    assert answer.status_code == 200, answer.text
    (opened,) = found(site, q="entity:db-1")["alerts"]
    assert (opened["went"], opened["incident"] in answer.json()["reason"]) == ("incident", True)
    assert site.client.post("/api/v1/alerts/open", json=body).status_code == 409
    assert site.client.post("/api/v1/alerts/open", json={}).status_code == 400
