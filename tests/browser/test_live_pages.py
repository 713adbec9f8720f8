"""Live updates on the real pages of a real daemon: the list and an incident, with and without scripts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit, running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("live"), tokens=False) as found:
        yield found


def alert(site: Site, name: str, entity: str, count: int = 1) -> None:
    lines = "\n".join(
        json.dumps(
            {
                "kind": "alert",
                "ts": time.time(),
                "name": name,
                "entity": entity,
                "severity": "critical",
                "id": f"{name}-{entity}-{n}",
            }
        )
        for n in range(count)
    )
    kind = {"content-type": "application/x-ndjson"}
    assert site.client.post("/ingest/archive", content=lines, headers=kind).status_code == 200


def test_list_shows_a_new_incident_without_a_reload(site: Site, visit: Callable[..., Visit]) -> None:
    site.incident()
    window = visit(site.url)
    page = window.page
    page.goto("/")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.textContent")
    page.evaluate("window.same = true")
    alert(site, "DiskFull", "elsewhere-7")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    assert page.evaluate("window.same") is True
    assert page.evaluate("document.activeElement.textContent") == focused


def test_a_key_acknowledges_and_another_window_shows_it(site: Site, visit: Callable[..., Visit]) -> None:
    incident = site.incident(entity="worker-2") if site.get("/api/v1/incidents")["incidents"] == [] else ""
    incident = incident or site.get("/api/v1/incidents")["incidents"][0]["id"]
    watcher, actor = visit(site.url).page, visit(site.url).page
    for page in (watcher, actor):
        page.goto(f"/incidents/{incident}")
        expect(page.locator("[data-live-state]")).to_have_text("Live")
    with actor.expect_navigation():
        actor.keyboard.press("a")
    assert site.status(incident) == "acknowledged"
    expect(watcher.locator("[data-live=incident-head]")).to_contain_text(re.compile("acknowledged", re.IGNORECASE))


def test_pages_without_scripts_reload_and_have_a_link(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.url, scripts=False).page
    page.goto("/")
    assert page.locator("[data-live-plain]").is_visible()
    assert page.locator("meta[http-equiv=refresh]").count() == 1
    assert not page.get_by_role("button", name="Pause").is_visible()
    page.get_by_role("link", name="Stop reloading").click()
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    assert page.locator("[data-row]").count() > 0


def test_page_says_since_when_it_is_not_connected_and_recovers(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    with running(tmp_path, tokens=False) as site:
        window = visit(site.url)
        window.forgiven = True
        window.page.goto("/")
        state = window.page.locator("[data-live-state]")
        expect(state).to_have_text("Live")
        window.page.route("**/api/v1/stream*", lambda route: route.abort())
        site.daemon.store.database.changes.close()
        expect(state).to_have_text(re.compile(r"^Not connected since \d\d:\d\d:\d\d$"))
