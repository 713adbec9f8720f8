"""The list in a real browser: search, facets, and every bulk action, with and without scripts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import TOKEN, Site, Visit, running
from tests.waiting import eventually

Open = Callable[..., Visit]
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
# Far enough from each other that nobody would join them, and short enough that none has ended.
APART_S = 250.0
NAMES = ("DiskFull", "CertificateExpired", "QueueStuck")


@pytest.fixture
def site(tmp_path: Path, chromium: Browser) -> Iterator[Site]:
    """Three incidents of three services that nobody has."""
    with running(tmp_path) as found:
        now = time.time()
        alerts = [
            {"kind": "alert", "ts": now - APART_S * (3 - place) + turn - 3, "name": name, "entity": f"host-{place}",
             "service": f"svc-{place}", "severity": "critical", "id": f"a-{place}-{turn}", "labels": {"env": "prod"}}
            for place, name in enumerate(NAMES) for turn in range(3)
        ]  # fmt: skip
        body = "\n".join(map(json.dumps, alerts))
        kind = {"content-type": "application/x-ndjson"}
        assert found.client.post("/ingest/archive", content=body, headers=kind).status_code == 200
        eventually(lambda: len(known(found)) == len(NAMES))
        yield found


def known(site: Site, query: str = "") -> dict[str, Any]:
    return {one["alert"]: one for one in site.get(f"/api/v1/incidents?{query}")["incidents"]}


def opened(visit: Open, site: Site, scripts: bool, width: int = 1440, path: str = "/") -> Visit:
    window = visit(site.url, width=width, scripts=scripts)
    window.page.goto("/login")
    window.fill("Token", TOKEN)
    window.press("Sign in")
    window.page.goto(path)
    return window


def select(window: Visit, *names: str) -> None:
    for name in names:
        row = window.page.locator("tr.list-row", has_text=name)
        row.locator("input[name=incident]").check()


@SCRIPTS
@pytest.mark.parametrize("width", [1440, 390])
def test_selected_incidents_are_acknowledged_and_that_is_undone(
    site: Site, visit: Open, scripts: bool, width: int
) -> None:
    window = opened(visit, site, scripts, width)
    assert not window.page.get_by_role("button", name="Acknowledge").is_visible()
    select(window, "DiskFull", "QueueStuck")
    assert window.page.locator(".list-selected").evaluate("(one) => getComputedStyle(one, '::before').content")
    window.press("Acknowledge")
    assert "2 incidents acknowledged." in window.text()
    assert {name: one["status"] for name, one in known(site).items()} == {
        "DiskFull": "acknowledged", "CertificateExpired": "open", "QueueStuck": "acknowledged",
    }  # fmt: skip
    window.press("Undo")
    assert {one["status"] for one in known(site).values()} == {"open"}


@SCRIPTS
def test_incidents_are_assigned_and_snoozed_after_a_question(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    select(window, "DiskFull")
    window.press("Assign…")
    window.fill("To whom", "bob")
    window.press("Assign 1 incident")
    assert "1 incident assigned to bob." in window.text()
    assert known(site)["DiskFull"]["owner"] == "bob"
    select(window, "DiskFull", "QueueStuck")
    window.press("Snooze…")
    window.page.get_by_label("4 hours").check()
    window.press("Snooze 2 incidents")
    assert "Snoozed · 2" in window.text()
    assert known(site)["QueueStuck"]["snoozed_until"] > time.time() + 3 * 3_600


@SCRIPTS
def test_a_question_is_left_without_anything_done(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts, path="/?service=svc-0&service=svc-1")
    select(window, "DiskFull")
    window.press("Snooze…")
    window.page.get_by_role("link", name="Cancel").click()
    window.page.wait_for_url("**/?service=svc-0&service=svc-1")
    assert {one["state"] for one in known(site).values()} == {"open"}


@SCRIPTS
def test_incidents_are_merged_into_the_one_that_stays(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    stays = known(site)["QueueStuck"]["id"]
    select(window, "DiskFull", "QueueStuck")
    window.press("Merge…")
    window.page.locator("li", has_text="host-2").get_by_role("radio").check()
    window.press("Merge 2 incidents")
    assert "1 incident merged into another." in window.text()
    merged = known(site, "status=merged")
    assert [one["merged_into"] for one in merged.values()] == [stays]


@SCRIPTS
def test_incidents_are_resolved(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    select(window, "DiskFull")
    window.press("Resolve")
    assert "Resolved in the last hour · 1" in window.text()
    assert known(site)["DiskFull"]["status"] == "resolved"


@SCRIPTS
def test_incidents_are_marked_as_noise_and_that_is_undone(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    select(window, "DiskFull", "QueueStuck")
    window.press("Noise")
    assert "2 incidents marked as noise." in window.text()
    window.press("Undo")
    window.page.goto(f"/incidents/{known(site)['DiskFull']['id']}")
    window.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    window.press("No, noise")
    texts = [one["text"] for one in site.get("/api/v1/audit")["entries"] if "noise" in one["text"]]
    assert len(texts) == 3, texts


@SCRIPTS
def test_the_silence_of_several_is_a_form_to_check(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    select(window, "DiskFull", "QueueStuck")
    window.press("Silence…")
    assert "/silences?incident=" in window.page.url


@SCRIPTS
def test_nothing_selected_is_a_sentence(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    window.forgiven = True
    select(window, "DiskFull")
    window.page.locator("input[name=incident]:checked").uncheck()
    window.page.locator("button[value=acknowledge]").dispatch_event("click")
    window.page.wait_for_url("**/incidents/bulk")
    assert "elect the incidents first" in window.text()


@SCRIPTS
def test_a_search_narrows_and_its_address_is_kept(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    window.page.get_by_label("Search incidents").fill("disk label:env=prod")
    with window.page.expect_navigation():
        window.page.get_by_label("Search incidents").press("Enter")
    assert window.page.locator("tr.list-row").count() == 1
    window.page.reload()
    assert window.page.get_by_label("Search incidents").input_value() == "disk label:env=prod"
    window.page.locator("#list").get_by_role("link", name="Alerts").click()
    window.page.wait_for_url("**sort=alerts**")
    assert window.page.get_by_label("Search incidents").input_value() == "disk label:env=prod"


@SCRIPTS
def test_facets_are_chosen_on_a_phone(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts, width=390)
    assert not window.page.get_by_role("link", name="svc-1").is_visible()
    window.page.get_by_text("Filters", exact=True).click()
    window.page.get_by_role("link", name="svc-1").click()
    window.page.wait_for_url("**service=svc-1**")
    assert window.page.locator("tr.list-row").count() == 1
    assert window.fits()


def test_keys_act_on_the_current_row(site: Site, visit: Open) -> None:
    window = opened(visit, site, True)
    window.page.keyboard.press("j")
    window.page.keyboard.press("j")
    window.page.keyboard.press("x")
    assert window.page.locator("input[name=incident]:checked").count() == 1
    with window.page.expect_navigation():
        window.page.keyboard.press("a")
    assert sorted(one["status"] for one in known(site).values()) == ["acknowledged", "open", "open"]
    window.page.keyboard.press("/")
    assert window.page.evaluate("document.activeElement.name") == "q"


def test_a_new_incident_appears_and_the_selection_stays(site: Site, visit: Open) -> None:
    window = opened(visit, site, True)
    select(window, "DiskFull")
    site.incident()
    window.page.locator("tr.list-row", has_text="worker-1").first.wait_for()
    assert window.page.locator("input[name=incident]:checked").count() == 1


@SCRIPTS
def test_the_first_page_waits_for_the_first_alert(tmp_path: Path, visit: Open, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as empty:
        window = visit(empty.url, width=390, scripts=scripts)
        window.page.goto("/")
        assert "Nothing is connected yet" in window.text()
        assert window.fits()
        command = window.page.locator(".command code").first.inner_text()
        assert f"{empty.url}/api/v2/alerts" in command
        empty.incident()
        if not scripts:
            window.page.reload()
        window.page.locator("tr.list-row").first.wait_for()


@SCRIPTS
def test_forms_that_ask_are_answered(site: Site, visit: Open, scripts: bool) -> None:
    window = opened(visit, site, scripts)
    window.ask("Search incidents", "alert:DiskFull")
    assert "QueueStuck" not in window.page.inner_text("main")
    window.page.goto("/alerts?when=all")
    window.ask("Search", "entity:host-1")
    assert "CertificateExpired" in window.page.inner_text("main")
    window.page.goto(f"/incidents/{known(site)['DiskFull']['id']}")
    window.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    window.ask("Id of the alert", "a-1-0")
    assert "CertificateExpired" in window.text()
    window.ask("Id of another alert", "a-2-0")
    assert "QueueStuck" in window.text()
