"""The pictures of an incident in a real browser: drawn once for its width, no text clipped, no text over another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Site, Visit, running
from tests.browser.seeds import post
from tests.waiting import eventually

SERVICES = ["payments-gateway", "payments-sync", "payments-api", "payments-reporter", "payments-postgres"]
# Texts of the pictures that are shown, in the units of each picture: its box, and where it should be.
TEXTS = """() => [...document.querySelectorAll('svg.timeline-picture, svg.graph-picture')]
  .filter((svg) => svg.checkVisibility())
  .map((svg) => ({ kind: svg.getAttribute('class'), area: [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height],
    texts: [...svg.querySelectorAll('text')].map((text) => {
      const box = text.getBBox();
      return { text: text.textContent, box: [box.x, box.y, box.x + box.width, box.y + box.height] };
    }) }))"""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[tuple[Site, str]]:
    directory = tmp_path_factory.mktemp("parts")
    with running(directory, tokens=False, services=SERVICES) as site:
        at = time.time() - 900.0
        records: list[dict[str, Any]] = [_change(at - 24.0)]
        for number in range(60):
            place = number % 4
            records.append(
                _alert(at + number * 10.0, SERVICES[place], ("warning", "high", "critical")[number % 3], number)
            )
        post(site, records)
        yield site, str(eventually(lambda: _incident(site)))


def _incident(site: Site) -> str | None:
    lines = site.get("/api/v1/incidents")["incidents"]
    found = [one["id"] for one in lines if len(site.get(f"/api/v1/incidents/{one['id']}/timeline")["tracks"]) == 4]
    return found[0] if found else None


def _change(at: float) -> dict[str, Any]:
    return {
        "kind": "change",
        "ts": at,
        "id": "c",
        "name": "deploy 8.14.6",
        "entity": "payments-api",
        "service": "payments-api",
    }


def _alert(at: float, service: str, severity: str, number: int) -> dict[str, Any]:
    return {
        "kind": "alert",
        "ts": at,
        "id": f"p-{number}",
        "name": "HTTPErrorRateHigh",
        "entity": service,
        "service": service,
        "severity": severity,
        "source": "mesh",
        "message": f"{service} fails",
        "labels": {"env": "prod"},
        "url": "https://mesh.example/graph",
    }


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("scripts", [True, False])
def test_pictures_are_whole_in_every_window(
    seeded: tuple[Site, str], visit: Callable[..., Visit], width: int, scripts: bool
) -> None:
    site, incident = seeded
    window = visit(site.url, width=width, scripts=scripts)
    window.page.goto(f"/incidents/{incident}")
    assert window.fits()
    shown = window.page.evaluate(TEXTS)
    kind = "is-narrow" if width == 390 else "is-wide"
    assert [picture["kind"] for picture in shown] == [f"timeline-picture {kind}", f"graph-picture {kind}"]
    for picture in shown:
        across, down = picture["area"]
        for text in picture["texts"]:
            left, top, right, bottom = text["box"]
            assert min(left, top) >= -0.5, text
            assert max(right - across, bottom - down) <= 0.5, text
        _assert_apart(picture["texts"])


def _assert_apart(texts: list[dict[str, Any]]) -> None:
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            (a, b, c, d), (e, f, g, h) = one["box"], other["box"]
            # Boxes of letters are higher than the letters: lines of a label touch by some pixels.
            is_over = a < g - 0.5 and e < c - 0.5 and b < h - 5 and f < d - 5
            assert not is_over, (one["text"], other["text"])


def test_colours_of_severities_differ_in_both_schemes(seeded: tuple[Site, str], visit: Callable[..., Visit]) -> None:
    site, incident = seeded
    window = visit(site.url)
    fills = """() => ['critical', 'high', 'warning'].map((word) =>
      getComputedStyle(document.querySelector(`.timeline-picture.is-wide .bar.${word}`)).stroke)"""
    found = []
    for scheme in ("light", "dark"):
        window.page.emulate_media(color_scheme=scheme)
        window.page.goto(f"/incidents/{incident}")
        found += window.page.evaluate(fills)
    assert len(set(found)) == 6


def test_a_stretch_of_time_is_followed_without_scripts(seeded: tuple[Site, str], visit: Callable[..., Visit]) -> None:
    site, incident = seeded
    window = visit(site.url, scripts=False)
    window.page.goto(f"/incidents/{incident}")
    before = window.page.inner_text("#timeline .timeline-zoom span")
    window.page.get_by_role("link", name="Zoom in").click()
    assert "from=" in window.page.url
    assert window.page.inner_text("#timeline .timeline-zoom span") != before
    window.page.get_by_role("link", name="Whole incident").click()
    assert "from=" not in window.page.url
    window.forgiven = True
    window.page.goto(f"/incidents/{incident}?from=yesterday")
    assert "expected times in Unix seconds" in window.text()


def test_tables_give_the_same_data(seeded: tuple[Site, str], visit: Callable[..., Visit]) -> None:
    site, incident = seeded
    window = visit(site.url)
    window.page.goto(f"/incidents/{incident}")
    window.page.get_by_text("As a table").click()
    rows = window.page.locator("#spread tbody tr").all_inner_texts()
    nodes = site.get(f"/api/v1/incidents/{incident}/neighbourhood")["nodes"]
    assert [row.split()[0] for row in rows] == [node["name"] for node in nodes]
    window.page.get_by_text("As a list").click()
    assert "payments-api: deploy 8.14.6" in window.page.inner_text("#timeline")


def test_links_of_an_alert_lead_to_its_silence_and_its_reason(
    seeded: tuple[Site, str], visit: Callable[..., Visit]
) -> None:
    site, incident = seeded
    window = visit(site.url)
    window.page.goto(f"/incidents/{incident}")
    assert window.page.get_by_role("link", name="mesh").first.get_attribute("href") == "https://mesh.example/graph"
    window.page.get_by_role("link", name="Why HTTPErrorRateHigh on payments-api is here").click()
    assert "Why HTTPErrorRateHigh on payments-api" in window.page.inner_text("main")
    window.page.go_back()
    window.page.get_by_role("link", name="Silence HTTPErrorRateHigh on payments-api").click()
    assert "payments-api" in window.page.content()


def test_the_picture_is_described_for_who_cannot_see_it(seeded: tuple[Site, str], visit: Callable[..., Visit]) -> None:
    site, incident = seeded
    window = visit(site.url)
    window.page.goto(f"/incidents/{incident}")
    labels = [one.get_attribute("aria-label") or "" for one in window.page.get_by_role("img").all()]
    assert any(label.startswith("Alerts by service from") for label in labels)
    assert any("dependencies between them" in label for label in labels)
    assert json.dumps(labels)


def test_checked_alerts_are_split_out(seeded: tuple[Site, str], visit: Callable[..., Visit]) -> None:
    """Last: the incident is another one afterwards."""
    site, incident = seeded
    window = visit(site.url, scripts=False)
    window.page.goto(f"/incidents/{incident}")
    window.page.get_by_text("4 streams on 4 entities").click()
    window.page.locator("#alerts").get_by_label("Select HTTPErrorRateHigh on payments-sync").check()
    with window.page.expect_navigation():
        window.page.get_by_role("button", name="Split out the checked alerts").click()
    eventually(lambda: len(site.get(f"/api/v1/incidents/{incident}")["incident"]["members"]) == 3)
