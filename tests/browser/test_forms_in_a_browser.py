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
    # The other two are pressed by the tests of each page, and measured by the walk.
    [(1440, True), (390, False)],
    ids=["wide", "narrow-without-scripts"],
)


def sign_in(window: Visit) -> None:
    window.page.goto("/")
    assert window.page.url.endswith("/login")
    window.fill("Token", TOKEN)
    window.press("Sign in")


def press_on_incident(window: Visit, site: Site, incident: str) -> None:
    """All that an incident's page offers, but runs; ends resolved."""
    window.page.goto("/")
    window.page.locator(f"main a[href$='/incidents/{incident}']").first.click()
    window.page.wait_for_url(f"**/incidents/{incident}")
    window.press("Acknowledge")
    assert site.status(incident) == "acknowledged"
    assert "Acknowledged" in window.text()
    window.press("Yes, this was it")
    assert "Confirmed cause" in window.text()
    window.press("Yes", within="#teach li:has-text('Grouping')")
    assert "Grouping confirmed" in window.text()
    window.press("It helped")
    assert "estart-worker: helped" in window.text()
    # The question stands in the header of a wide window, and in the dock of a phone.
    window.page.locator(":is(#act-resolve, #dock-resolve) summary:visible").first.click()
    window.press("Resolve although 1 fires", within=":is(#act-resolve, #dock-resolve)")
    assert site.status(incident) == "resolved"


@WINDOWS
def test_forms_work_with_tokens(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        sign_in(window)
        window.page.goto("/runs")
        window.page.locator("#switches input[name=reason]").first.fill("the drill is over")
        window.press("Resume all automation")
        assert site.get("/api/v1/switches")["switches"]["global"] is False
        window.page.goto(f"/incidents/{incident}")
        window.press("Approve and run")
        eventually(lambda: [run["state"] for run in site.get("/api/v1/runs")["runs"]] == ["executed"])
        assert [request.path for request in site.target.requests] == ["/worker-1/restart"]
        window.page.goto("/runs")
        assert "restart-worker" in window.text()
        window.press("Stop all automation")
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        window.page.locator("#switches summary").click()
        window.fill("Scope", "team:platform")
        window.press("Stop it")
        assert site.get("/api/v1/switches")["switches"]["team:platform"] is True
        press_on_incident(window, site, incident)
        assert "ann" in {one["actor"] for one in site.get(f"/api/v1/audit?incident={incident}")["entries"]}
        window.sign_out()
        assert window.page.url.endswith("/login")
        window.page.goto("/")
        assert window.page.url.endswith("/login")


@WINDOWS
def test_forms_work_without_tokens(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        press_on_incident(window, site, incident)
        site.release()
        window.page.goto("/runs")
        window.press("Stop all automation")
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        for path in ("/", "/silences", "/runs", "/deliveries", "/api"):
            window.page.goto(path)
            assert window.page.get_by_role("button", name="Sign out").count() == 0
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
        window.page.get_by_label("Message 1 to pager").check()
        window.press("Send again")
        eventually(lambda: dead() >= 1 and site.get("/api/v1/endpoints")["endpoints"][0]["disabled"])
        site.hook.replies = [Reply(200)]
        window.page.goto("/deliveries")
        window.press("Enable")
        window.press("Send a test message")
        assert "accepted a test message (HTTP 200)" in window.text()
        window.page.get_by_role("link", name="Not delivered", exact=True).first.click()
        assert "What was to be sent" in window.text()
        window.press("Send again")
        eventually(lambda: site.get("/api/v1/outbox?state=sent")["deliveries"])
        assert dead() == 0
        window.page.goto("/deliveries?state=dead")
        assert "was delivered" in window.text()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_dead_deliveries_are_dropped_and_that_is_undone(tmp_path: Path, visit: Open, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        site.incident()
        eventually(lambda: site.get("/api/v1/outbox?state=dead")["deliveries"])
        window = visit(site.url, scripts=scripts)
        window.page.goto("/deliveries")
        window.page.get_by_label("Message 1 to pager").check()
        window.press("Drop")
        assert site.get("/api/v1/outbox?state=dropped")["deliveries"]
        assert window.page.url.endswith("/deliveries")
        window.press("Undo")
        assert site.get("/api/v1/outbox?state=dead")["deliveries"]
        window.page.goto("/deliveries/1")
        window.press("Drop")
        window.page.goto("/deliveries/1")
        window.press("Undo the drop")
        assert site.get("/api/v1/outbox?state=dead")["deliveries"]
        # The endpoint answers 410: a test message is refused with what it said.
        window.forgiven = True
        window.press("Send a test message")
        assert "not accepted by pager" in window.text()


def test_a_wrong_token_is_refused_and_tries_are_bounded(tmp_path: Path, visit: Open) -> None:
    with running(tmp_path) as site:
        window = visit(site.url)
        window.page.goto("/login")
        seen = []
        for _ in range(12):
            window.fill("Token", "wrong")
            window.press("Sign in")
            seen.append(window.page.get_by_role("alert").inner_text())
        assert seen[0] == "This token is not known. Check for a missing character."
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
