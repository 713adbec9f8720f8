"""The page of the history of alerts: what it shows, links, searches that find nothing, hostile text."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.pages.alerts import Fields, fields_of
from aiops.records import Action, Alert
from tests.pages.test_pages import page
from tests.web.conftest import HOSTILE, NOW


def test_page_shows_where_alerts_went_and_who_was_notified(site: Any) -> None:
    args = {"id": "s1", "matchers": "service=web", "until": str(NOW + 60)}
    site.host.fold([Action(ts=NOW, verb="silence", actor="alice", message="kernel patch", args=args)])
    site.host.fold([Alert(ts=NOW, name="Down", entity="web-1", service="web", severity="critical", id="w1")])
    site.host.fold([Alert(ts=NOW, name="Slow", entity="db-1", severity="warning", url="https://am.example/1")])
    shown = page(site, "/alerts")
    assert f"/incidents/{site.incident}" in shown.links
    assert "pager not delivered" in " ".join(shown.text.split())
    assert "kernel patch" in shown.text
    assert "by alice" in shown.text
    assert "Nobody, on purpose" in shown.text
    assert "https://am.example/1" in shown.links
    # The hostile alert of the site, as text.
    assert HOSTILE in shown.text
    assert not any(link.startswith("javascript:") for link in shown.links)


def test_page_continues_with_older_alerts(site: Any) -> None:
    site.host.fold([Alert(ts=NOW - 50 + n / 10, name="Many", entity=f"e-{n}", severity="info") for n in range(60)])
    first = page(site, "/alerts?q=many")
    (older,) = [link for link in first.links if "before=" in link]
    assert len([link for link in first.links if "fingerprint" in link]) == 50
    assert "q=many" in older
    assert len([link for link in page(site, older).links if "fingerprint" in link]) == 10


def test_search_that_finds_nothing_names_what_was_meant(site: Any) -> None:
    shown = page(site, "/alerts?q=entity:chekout&when=1h")
    assert "No alert matches" in shown.text
    assert any(link == "/alerts?q=entity%3Acheckout&when=1h" for link in shown.links)
    assert any("when=all" in link for link in shown.links)
    assert "CheckoutErrors" in page(site, "/alerts?q=entity%3Acheckout&when=1h").text


@pytest.mark.parametrize("went", ["incident", "silenced", "background", "rejected"])
def test_alerts_are_found_by_where_they_went(lasting: Any, went: str) -> None:
    assert ("CheckoutErrors" in page(lasting, f"/alerts?went={went}").text) == (went == "incident")


@pytest.mark.parametrize(
    "query",
    [
        "q=wend:x",
        "when=never",
        "went=nowhere",
        "when=between&since=tomorrow",
        "before=x",
        'q="',
        "q=" + "x" * 400,
    ],
)
def test_search_that_does_not_fit_is_answered_beside_the_field(lasting: Any, query: str) -> None:
    answer = lasting.client.get(f"/alerts?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_fields_are_kept_in_the_address() -> None:
    fields = fields_of({"q": " disk ", "since": "2026-03-01T10:00", "went": "silenced", "other": "x"})
    assert fields == Fields("disk", "between", "2026-03-01T10:00", "", "silenced")
    assert fields.address(before="1.0~2") == "q=disk&when=between&since=2026-03-01T10%3A00&went=silenced&before=1.0~2"
    assert fields.address(when="24h") == "q=disk&when=24h&went=silenced"


def test_times_between_are_in_the_readers_zone(site: Any) -> None:
    # The alerts of the site began at 21:19 UTC, which is 22:19 in Berlin.
    site.client.cookies.set("aiops_view", "zone=Europe/Berlin")
    between = "/alerts?when=between&since=2026-03-01T22:00&until=2026-03-01T23:00"
    zoned = page(site, between)
    assert ("CheckoutErrors" in zoned.text) == ("Europe/Berlin" in zoned.text)


def test_a_background_alert_that_fires_is_opened_with_a_button(site: Any) -> None:
    site.host.fold([Alert(ts=NOW, name="Slow", entity="db-1", severity="warning", id="s-1")])
    assert "Open an incident" in page(site, "/alerts?went=background&when=all").text
    (one,) = site.client.get("/api/v1/alerts/history", params={"q": "entity:db-1"}).json()["alerts"]
    answer = site.client.post(
        "/alerts/open", data={"alert": one["fingerprint"], "message": ""}, headers=site.origin, follow_redirects=True
    )
    assert "marked as actionable" in answer.text
    assert "Open an incident" not in page(site, "/alerts?went=background&when=all").text
