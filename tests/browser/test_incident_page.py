"""The page of one incident in a browser: its forms beside the actions, and what a person reads first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import TOKEN, Site, Visit, running
from tests.browser.test_forms_in_a_browser import WINDOWS, sign_in
from tests.waiting import eventually

Open = Callable[..., Visit]


def shown(site: Site, incident: str) -> Any:
    return site.get(f"/api/v1/incidents/{incident}")["incident"]


def unfold(window: Visit, summary: str) -> None:
    window.page.locator("summary", has_text=summary).first.click()


@WINDOWS
def test_playbook_is_rejected_and_judged(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        sign_in(window)
        window.page.goto(f"/incidents/{incident}")
        assert "restart-worker" in window.text()
        assert "POST" in window.page.locator(".playbook-step").first.inner_text()
        unfold(window, "Reject…")
        window.page.get_by_label("Why not").fill("the worker holds a lock")
        window.press("Reject restart-worker")
        [rejection] = shown(site, incident)["rejected"]
        assert (rejection["actor"], rejection["reason"]) == ("ann", "the worker holds a lock")
        assert "Rejected by ann" in window.text()
        for label, outcome in (("It resolved it", "resolved"), ("It was useless", "useless")):
            window.press(label)
            assert f"estart-worker: {outcome}" in window.text()


@WINDOWS
def test_another_cause_and_a_note_are_kept(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        window.page.goto(f"/incidents/{incident}")
        unfold(window, "Something else…")
        window.page.get_by_label("The cause was").fill("worker-2")
        window.press("Confirm this cause")
        assert shown(site, incident)["root_cause"] == {"entity": "worker-2"}
        assert "Confirmed cause" in window.text()
        window.page.get_by_label("Note", exact=True).fill("<b>restarted</b> by hand")
        window.press("Add")
        assert "<b>restarted</b> by hand" in window.page.locator("#history").inner_text()
        unfold(window, "Something else…")
        window.page.get_by_label("The cause was").fill("no such thing")
        window.forgiven = True
        window.press("Confirm this cause")
        assert "expected an entity of the incident" in window.text()


@WINDOWS
def test_feedback_is_one_click_each(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        window.page.goto(f"/incidents/{incident}")
        for question, answer in (("Cause right?", "confirmed cause"), ("Grouping", "Grouping confirmed")):
            window.press("Yes", within=f"#teach li:has-text('{question}')")
            assert answer.casefold() in window.text().casefold()
        window.press("No", within="#teach li:has-text('Playbook')")
        assert "estart-worker: useless" in window.text()


def test_verdict_and_buttons_are_on_the_first_screen_of_a_phone(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, 390)
        window.page.set_viewport_size({"width": 390, "height": 844})
        window.page.goto(f"/incidents/{incident}")
        seen = [window.page.locator("h1"), *window.page.locator(".dock a, .dock button").all()]
        assert len(seen) >= 3
        for one in seen:
            box = one.bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 844 - box["height"] + 1
        assert all((one.bounding_box() or {"height": 0})["height"] >= 44 for one in seen[1:])
        window.page.locator(".dock a", has_text="Playbook").click()
        box = window.page.locator("#playbooks").bounding_box()
        assert box is not None
        # Below the top bar and the anchors, which stay.
        assert 80 <= box["y"] < 200


def test_commands_and_the_incident_are_copied(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url)
        window.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
        window.page.goto(f"/incidents/{incident}")
        window.page.locator(".playbook-step [data-copy]").first.click()
        text = eventually(lambda: window.page.evaluate("navigator.clipboard.readText()"))
        assert text.startswith(f"POST {site.target.url}/worker-1/restart")
        window.page.get_by_role("button", name="Copy as Markdown").first.click()
        eventually(lambda: window.page.evaluate("navigator.clipboard.readText()").startswith("**Critical: worker-1"))
        window.page.locator("#incident-export > summary").click()
        window.page.get_by_role("button", name="Copy in full").click()
        eventually(lambda: window.page.evaluate("navigator.clipboard.readText()").startswith("# Critical: worker-1"))


def test_open_details_stay_open_when_the_page_updates(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url)
        window.page.goto(f"/incidents/{incident}")
        unfold(window, "Numbers")
        window.page.locator("#incident-numbers[open]").wait_for()
        site.client.post(f"/api/v1/incidents/{incident}/acknowledge", json={})
        window.page.locator("#incident-head", has_text="is on it").wait_for()
        assert window.page.locator("#incident-numbers[open]").count() == 1


@pytest.mark.parametrize("path", ["markdown", "brief"])
def test_exports_open_in_the_browser(tmp_path: Path, visit: Open, path: str) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url)
        window.page.goto("/login")
        window.fill("Token", TOKEN)
        window.press("Sign in")
        window.page.goto(f"/incidents/{incident}")
        link = window.page.locator(f"a[href$='/incidents/{incident}/{path}']").get_attribute("href")
        answer = window.page.request.get(f"{site.url}{link}")
        assert answer.status == 200
        assert "worker-1" in answer.text()
