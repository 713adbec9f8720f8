"""Runs in a real browser: approved, looked at, rejected, stopped and resumed with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.testing.receiver import Reply
from tests.browser.conftest import TOKEN, Site, Visit, running
from tests.waiting import eventually

Open = Callable[..., Visit]
WINDOWS = pytest.mark.parametrize(
    ("width", "scripts"),
    [(1440, True), (390, True), (1440, False), (390, False)],
    ids=["wide", "narrow", "wide-without-scripts", "narrow-without-scripts"],
)


def sign_in(window: Visit) -> None:
    window.page.goto("/login")
    window.fill("Token", TOKEN)
    window.press("Sign in")


def switches(site: Site) -> dict[str, bool]:
    found: dict[str, bool] = site.get("/api/v1/switches")["switches"]
    return found


@WINDOWS
def test_a_run_is_approved_and_its_answer_shown(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        site.incident()
        site.target.replies = [Reply(503, b"<b>no room</b>")]
        window = visit(site.url, width, scripts)
        sign_in(window)
        window.page.goto("/runs")
        assert "is refused by a guard" in window.text()
        window.page.locator("#switches input[name=reason]").first.fill("the drill is over")
        window.press("Resume all automation")
        assert switches(site)["global"] is False
        assert "the drill is over" in window.text()
        window.press("Approve and run")
        eventually(lambda: [run["state"] for run in site.get("/api/v1/runs")["runs"]] == ["failed"])
        window.page.goto("/runs")
        window.page.locator("#over").get_by_role("link", name="restart-worker").click()
        window.page.wait_for_url("**/runs/*")
        assert "POST " in window.text()
        assert "503" in window.text()
        window.page.get_by_text("Beginning of the answer").click()
        assert "<b>no room</b>" in window.text()
        assert window.fits()


@WINDOWS
def test_automation_is_stopped_with_a_reason(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        site.release()
        window = visit(site.url, width, scripts)
        sign_in(window)
        window.page.goto("/engine")
        window.page.locator("#automation input[name=reason]").fill("wrong target")
        window.press("Stop all automation")
        assert window.page.url.endswith("/engine")
        assert "wrong target" in window.text()
        assert switches(site)["global"] is True
        window.page.goto("/runs")
        window.page.get_by_text("Stop one owner or one playbook").click()
        window.fill("Scope", "team:platform")
        window.page.locator("#switches details input[name=reason]").fill("a drill")
        window.press("Stop it")
        assert switches(site)["team:platform"] is True
        assert "a drill" in window.text()
        window.page.locator(".runs-others input[name=reason]").fill("the drill is over")
        window.press("Resume")
        assert switches(site)["team:platform"] is False
        window.press("Stop")
        assert switches(site)["team:platform"] is True


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_planned_run_is_rejected_with_a_reason(tmp_path: Path, visit: Open, scripts: bool) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        site.release()
        window = visit(site.url, 390, scripts)
        sign_in(window)
        window.page.goto("/runs")
        window.page.get_by_text("Reject…").click()
        window.page.locator("#waiting input[name=reason]").fill("it is the network")
        window.press("Reject restart-worker")
        [rejected] = site.get(f"/api/v1/incidents/{incident}")["incident"]["rejected"]
        assert (rejected["playbook"], rejected["reason"]) == ("restart-worker", "it is the network")
        window.page.goto("/runs")
        assert "Nothing waits" in window.text()
