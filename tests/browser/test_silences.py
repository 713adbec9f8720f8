"""The page of silences in a browser: previewed, set, extended, changed, ended, undone; wide and narrow, no scripts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Site, Visit, running
from tests.browser.seeds import post
from tests.waiting import eventually

HOSTILE = "<img src=x onerror=alert(1)>"


def silences(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.get("/api/v1/silences")["silences"]
    return found


def seed(site: Site) -> None:
    now = time.time()
    names = ("HTTPErrorRateHigh", "LatencyHigh", HOSTILE)
    alerts = [
        {
            "kind": "alert",
            "ts": now - 60,
            "id": f"s-{number}",
            "name": name,
            "entity": "payments-api",
            "service": "payments",
            "severity": "critical",
            "labels": {"team": "payments"},
        }
        for number, name in enumerate(names)
    ]
    post(site, alerts)
    eventually(lambda: len(site.get("/api/v1/alerts/history?q=entity:payments-api")["alerts"]) == 3)


@pytest.mark.parametrize(
    ("width", "scripts"), [(1440, True), (390, True), (1440, False)], ids=["wide", "narrow", "no-scripts"]
)
def test_silence_is_set_with_its_preview_and_undone(
    tmp_path: Path, visit: Callable[..., Visit], width: int, scripts: bool
) -> None:
    with running(tmp_path, tokens=False) as site:
        seed(site)
        window = visit(site.url, width, scripts)
        page = window.page
        page.goto("/silences")
        window.fill("Alerts that match all of", "service=paymants")
        window.press("Show what it matches")
        page.get_by_role("link", name='service="payments"').first.click()
        assert "Matches 3 streams" in window.text()
        assert HOSTILE in window.text()
        page.get_by_role("radio", name="8 h").check()
        window.fill("Why", "a drill")
        # The length is not the one that was previewed: it is shown again before anything is set.
        window.press("Silence 3 streams for 2 h")
        assert silences(site) == []
        window.press("Silence 3 streams for 8 h")
        (one,) = silences(site)
        assert one["end"] - one["start"] == pytest.approx(8 * 3_600)
        assert "a drill" in window.text()
        window.press("Undo")
        assert silences(site) == []
        assert window.fits()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_silence_is_extended_changed_and_ended(tmp_path: Path, visit: Callable[..., Visit], scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        seed(site)
        window = visit(site.url, scripts=scripts)
        page = window.page
        page.goto("/silences?matchers=team%3Dpayments&for=2h&why=" + "x" * 300)
        window.press("Silence 3 streams for 2 h")
        (before,) = silences(site)
        page.get_by_label("By how long").select_option("1d")
        window.press("Extend")
        assert silences(site)[0]["end"] == before["end"] + 86_400
        window.press("Undo")
        assert silences(site)[0]["end"] == before["end"]
        page.get_by_role("link", name="Edit…").click()
        page.get_by_role("radio", name="Each day").check()
        window.press("Look again")
        window.press("Change to 3 streams for 2 h each day")
        (changed,) = silences(site)
        assert (changed["id"], changed["every"]) == (before["id"], "day")
        assert "each day" in window.text()
        assert page.locator("#calendar li").count() >= 14
        window.press("End")
        assert silences(site) == []
        window.press("Undo")
        assert [one["every"] for one in silences(site)] == ["day"]
        window.press("End")
        page.goto("/silences?show=ended")
        page.get_by_role("link", name="Set again…").first.click()
        assert "Silence 3 streams for" in window.text()
        assert window.fits()


def test_silence_is_filled_in_from_an_incident(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    with running(tmp_path, tokens=False) as site:
        seed(site)
        (incident,) = [line["id"] for line in site.get("/api/v1/incidents")["incidents"]]
        window = visit(site.url, 390)
        window.page.goto(f"/incidents/{incident}")
        window.page.keyboard.press("s")
        window.page.wait_for_url("**/silences?incident=*")
        assert "Mutes all 3 firing streams of this incident." in window.text()
        # On a phone as in the document: what it mutes stands above the button.
        said = window.page.get_by_text("Mutes all 3 firing streams").bounding_box()
        button = window.page.get_by_role("button", name="Silence 3 streams for 2 h").bounding_box()
        assert said is not None
        assert button is not None
        assert said["y"] < button["y"]
        assert window.fits()
        window.press("Silence 3 streams for 2 h")
        assert len(silences(site)) == 1
        window.page.goto("/alerts")
        assert "HTTPErrorRateHigh" in window.text()
