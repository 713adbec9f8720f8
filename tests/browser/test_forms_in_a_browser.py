"""Every form and button of the pages, pressed in a real browser."""

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
    window.page.goto("/")
    assert window.page.url.endswith("/login")
    window.fill("Token", TOKEN)
    window.press("Log in")


def press_on_incident(window: Visit, site: Site, incident: str) -> None:
    """All that an incident's page offers, but runs; ends resolved."""
    window.page.goto("/")
    window.page.locator("main table a").first.click()
    window.page.wait_for_url(f"**/incidents/{incident}")
    window.press("Acknowledge")
    assert site.status(incident) == "acknowledged"
    assert "acknowledged" in window.text()
    window.press("Confirm cause")
    assert "(confirmed)" in window.text()
    window.press("Confirm grouping")
    assert "grouping confirmed" in window.text()
    window.page.locator("select[name=outcome]").first.select_option("helped")
    window.press("Confirm use")
    assert "playbook restart-worker: helped" in window.text()
    window.press("Resolve")
    assert site.status(incident) == "resolved"


def press_on_silences(window: Visit, site: Site, incident: str) -> None:
    """A silence from an alert's link, set and ended."""
    window.page.goto(f"/incidents/{incident}")
    window.page.get_by_role("link", name="Silence", exact=True).click()
    window.page.wait_for_url("**/silences?**")
    window.fill("Comment", "a drill")
    window.press("Add")
    assert "a drill" in window.text()
    [silence] = site.get("/api/v1/silences")["silences"]
    assert {one["value"] for one in silence["matchers"]} == {"WorkerHangs", "worker-1"}
    window.press("End")
    assert site.get("/api/v1/silences")["silences"] == []
    assert "No silences" in window.text()


@WINDOWS
def test_forms_work_with_tokens(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        sign_in(window)
        window.page.goto("/runs")
        window.press("Release")
        assert site.get("/api/v1/switches")["switches"]["global"] is False
        window.page.goto(f"/incidents/{incident}")
        window.press("Approve")
        eventually(lambda: [run["state"] for run in site.get("/api/v1/runs")["runs"]] == ["executed"])
        assert [request.path for request in site.target.requests] == ["/worker-1/restart"]
        window.page.goto("/runs")
        assert "restart-worker" in window.text()
        window.press("Stop everything")
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        window.fill("Scope", "team:platform")
        window.fill("Reason", "a drill")
        window.press("Engage")
        assert site.get("/api/v1/switches")["switches"]["team:platform"] is True
        press_on_incident(window, site, incident)
        press_on_silences(window, site, incident)
        assert "ann" in {one["actor"] for one in site.get(f"/api/v1/audit?incident={incident}")["entries"]}
        window.press("Log out", within="nav")
        assert window.page.url.endswith("/login")
        window.page.goto("/")
        assert window.page.url.endswith("/login")


@WINDOWS
def test_forms_work_without_tokens(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        press_on_incident(window, site, incident)
        press_on_silences(window, site, incident)
        site.release()
        window.page.goto("/runs")
        window.press("Stop everything")
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        for path in ("/", "/silences", "/runs", "/deliveries", "/api"):
            window.page.goto(path)
            assert window.page.get_by_role("button", name="Log out").count() == 0
            assert window.fits(), path


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_deliveries_are_retried_dropped_and_endpoints_enabled(tmp_path: Path, visit: Open, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        site.incident()
        window = visit(site.url, 390, scripts)

        def dead() -> int:
            return len(site.get("/api/v1/outbox?state=dead")["deliveries"])

        eventually(lambda: dead() >= 1)
        window.page.goto("/deliveries")
        assert "410" in window.text()
        window.press("Enable")
        assert site.get("/api/v1/endpoints")["endpoints"][0]["disabled"] is False
        # It answers 410 again, and so the delivery is dead and the endpoint disabled once more.
        window.press("Retry")
        eventually(lambda: dead() >= 1 and site.get("/api/v1/endpoints")["endpoints"][0]["disabled"])
        site.hook.replies = [Reply(200)]
        window.page.goto("/deliveries")
        window.press("Enable")
        window.press("Retry all")
        eventually(lambda: site.get("/api/v1/outbox?state=sent")["deliveries"])
        assert dead() == 0
        assert "None." in window.text()


@pytest.mark.parametrize("label", ["Drop", "Drop all"])
def test_dead_deliveries_are_dropped(tmp_path: Path, visit: Open, label: str) -> None:
    with running(tmp_path, tokens=False) as site:
        site.incident()
        eventually(lambda: site.get("/api/v1/outbox?state=dead")["deliveries"])
        window = visit(site.url)
        window.page.goto("/deliveries")
        window.press(label)
        assert site.get("/api/v1/outbox?state=dropped")["deliveries"]
        assert window.page.url.endswith("/deliveries")


def test_a_wrong_token_is_refused_and_tries_are_bounded(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path) as site:
        window = visit(site.url)
        window.page.goto("/login")
        seen = []
        for _ in range(12):
            window.fill("Token", "wrong")
            window.press("Log in")
            seen.append(window.page.get_by_role("alert").inner_text())
        assert seen[0] == "There is no such token."
        assert seen[-1].startswith("Too many attempts")
        assert all("401" in text or "429" in text for text in window.complaints)
        window.forgiven = True


def test_a_page_of_another_site_can_press_nothing(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url)
        sign_in(window)
        window.forgiven = True
        action = f"{site.url}/incidents/{incident}/resolve"
        form = f'<form method="post" action="{action}"><input name="message" value="x"><button>Win</button></form>'
        # The same host at another port, another name, and a frame without an origin of its own.
        frame = f"<iframe sandbox='allow-forms allow-scripts' srcdoc='{form}'></iframe>"
        for host in ("127.0.0.1", "localhost"):
            for body in (form, frame):
                answer = f"<!doctype html><title>x</title>{body}".encode()
                site.target.replies = [Reply(200, answer, {"content-type": "text/html"})]
                window.page.goto(f"http://{host}:{site.target.port}/")
                place = window.page if body == form else window.page.frame_locator("iframe")
                with window.page.expect_request(lambda request: request.url == action):
                    place.get_by_role("button", name="Win").click()
                window.page.wait_for_load_state()
        assert site.status(incident) == "open"


def test_a_link_in_a_chat_leads_to_the_incident(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url, scripts=False)
        sign_in(window)
        link = f'<!doctype html><title>chat</title><a href="{site.url}/incidents/{incident}">Incident</a>'
        site.target.replies = [Reply(200, link.encode(), {"content-type": "text/html"})]
        for host in ("127.0.0.1", "localhost"):
            window.page.goto(f"http://{host}:{site.target.port}/")
            window.page.get_by_role("link", name="Incident").click()
            window.page.get_by_role("button", name="Acknowledge").wait_for()
            assert window.page.url.endswith(f"/incidents/{incident}")
        window.forgiven = True
