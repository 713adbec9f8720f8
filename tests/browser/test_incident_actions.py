"""Assign, snooze, merge, split and undo, pressed in a real browser on the incident's page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visit, running
from tests.waiting import eventually

Open = Callable[..., Visit]


def join(site: Site, name: str, entity: str) -> None:
    """One more critical alert on an entity of an incident."""
    at = time.time()
    record = {"kind": "alert", "ts": at, "name": name, "entity": entity, "severity": "critical", "id": f"b-{at}"}
    kind = {"content-type": "application/x-ndjson"}
    assert site.client.post("/ingest/archive", content=json.dumps(record), headers=kind).status_code == 200


def second(site: Site) -> str:
    """Another incident, which nothing ties to the first."""
    known = {one["id"] for one in site.get("/api/v1/incidents")["incidents"]}
    join(site, "DiskFull", "store-7")

    def found() -> str | None:
        return next((one["id"] for one in site.get("/api/v1/incidents")["incidents"] if one["id"] not in known), None)

    return str(eventually(found))


def shown(site: Site, incident: str) -> dict[str, object]:
    return dict(site.get(f"/api/v1/incidents/{incident}")["incident"])


def open_actions(window: Visit) -> None:
    more = window.page.get_by_role("link", name="More", exact=True)
    if more.is_visible():
        # A phone shows the first actions in its dock, and the others behind this.
        more.click()


def open_menu(window: Visit, label: str) -> None:
    open_actions(window)
    window.page.locator(f"details:not([open]) > summary:has-text('{label}')").first.click()


def resolve(window: Visit) -> None:
    """Resolve while its alert fires, with a confirmation."""
    open_menu(window, "Resolve")
    assert "1 alert still fires; resolving ends the incident although it does." in window.text()
    assert window.fits()
    window.press("Resolve although 1 fires")


def notice(window: Visit) -> str:
    return window.page.locator("[data-flash]").inner_text()


@pytest.mark.parametrize(("width", "scripts"), [(1440, True), (390, False)])
def test_an_incident_is_owned_snoozed_and_taken_back(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        window.page.goto(f"/incidents/{incident}")
        open_menu(window, "Assign")
        window.page.get_by_label("Person").fill("bob")
        window.press("Assign")
        assert "Assigned to bob, and acknowledged" in notice(window)
        assert (shown(site, incident)["assigned_to"], site.status(incident)) == ("bob", "acknowledged")
        window.press("Undo", within="body")
        assert "Assigned to nobody again" in notice(window)
        assert (shown(site, incident).get("assigned_to"), site.status(incident)) == (None, "open")
        open_menu(window, "Snooze")
        assert window.fits()
        window.press("For 1 h")
        assert "Snoozed until" in notice(window)
        assert float(str(shown(site, incident)["snoozed_until"])) > time.time() + 3_000
        open_actions(window)
        window.press("Wake")
        assert "snoozed_until" not in shown(site, incident)
        open_actions(window)
        resolve(window)
        window.press("Reopen")
        assert "nobody is called" in notice(window)
        # Who snoozed it is on it still.
        assert site.status(incident) == "acknowledged"
        # A notice is shown once, and no address can put words there.
        window.page.goto(f"/incidents/{incident}?notice=Send+money")
        assert window.page.locator("[data-flash]").count() == 0
        assert "Send money" not in window.text()


@pytest.mark.parametrize(("width", "scripts"), [(1440, True), (390, False)])
def test_incidents_are_merged_split_and_undone(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        one, other = site.incident(), second(site)
        window = visit(site.url, width, scripts)
        window.page.goto(f"/incidents/{other}")
        open_menu(window, "Merge")
        window.page.locator("#act-merge input").last.fill(one)
        window.press("Merge")
        assert window.page.url.endswith(f"/incidents/{one}")
        assert "Merged into" in notice(window)
        assert shown(site, other)["merged_into"] == one
        window.press("Undo", within="body")
        assert "is an incident of its own again" in notice(window)
        assert site.status(other) in ("open", "acknowledged")
        join(site, "WorkerLeaks", "worker-1")
        eventually(lambda: shown(site, one)["stream_count"] == 2)
        window.page.goto(f"/incidents/{one}")
        open_menu(window, "Split")
        assert window.fits()
        window.press("Split out")
        assert "Select the alerts first" in window.text()
        window.page.goto(f"/incidents/{one}")
        open_menu(window, "Split")
        window.page.locator("#act-split input[name=alert]").first.check()
        window.press("Split out")
        assert "split out to" in notice(window)
        assert shown(site, one)["stream_count"] == 1
        window.press("Undo", within="body")
        assert shown(site, one)["stream_count"] == 2
        window.forgiven = True


def test_a_refusal_names_the_reason(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url)
        window.page.goto(f"/incidents/{incident}")
        open_menu(window, "Merge")
        window.page.locator("#act-merge input").last.fill("inc-nowhere")
        window.press("Merge")
        assert "expected an incident that is open" in window.text()
        assert site.status(incident) == "open"
        window.forgiven = True


def test_keys_open_panels_and_what_is_typed_there_is_no_shortcut(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url)
        window.page.goto(f"/incidents/{incident}")
        window.page.keyboard.type("mrobert")
        with window.page.expect_navigation():
            window.page.keyboard.press("Enter")
        assert (shown(site, incident)["assigned_to"], site.status(incident)) == ("robert", "acknowledged")
        window.page.keyboard.press("r")
        expect(window.page.locator("#act-resolve .act-panel button")).to_be_focused()
        assert site.status(incident) == "acknowledged"
        window.page.keyboard.press("Escape")
        window.page.keyboard.press("r")
        with window.page.expect_navigation():
            window.page.keyboard.press("Enter")
        assert site.status(incident) == "resolved"


def test_the_dock_of_a_phone_asks_before_it_resolves(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, 390)
        window.page.goto(f"/incidents/{incident}")
        window.press("Acknowledge", within=".dock")
        window.page.locator("#dock-resolve summary").click()
        assert window.fits()
        window.press("Resolve although 1 fires", within=".dock")
        assert site.status(incident) == "resolved"
