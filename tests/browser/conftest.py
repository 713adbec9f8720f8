"""A real Chromium before a real daemon, with a real server for what its endpoints and playbooks call.

Where there is no Chromium (`AIOPS_TEST_BROWSER` names one that is not on the path), the tests skip.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

from aiops.app.build import build
from aiops.config import load_config
from aiops.daemon.control import send_request
from aiops.daemon.daemon import Daemon
from aiops.http.auth import new_token
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.browser import forms
from tests.listening import listening
from tests.playbook_site import playbook, write_site
from tests.waiting import WITHIN_S, eventually

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TOKEN = new_token()
MORE = """external_url = "{external_url}"
[[endpoints]]
name = "pager"
type = "webhook"
options = {{url = "{gone}", allow_private = true}}
"""


def executable() -> str | None:
    """The browser to test with."""
    named = os.environ.get("AIOPS_TEST_BROWSER")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The tests of the room that this process has begun.
BEGUN: set[str] = set()


@pytest.fixture(autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    BEGUN.add(request.node.nodeid)


@pytest.fixture
def whole_room(request: pytest.FixtureRequest) -> bool:
    """Whether this process ran all tests of the room; a part of them was chosen, or another worker has some, if not."""
    here = Path(__file__).parent
    room = [item for item in request.session.items if here == item.path.parent]
    is_whole = {item.path for item in room} >= set(here.glob("test_*.py"))
    return is_whole and all(item.nodeid in BEGUN for item in room)


# Playwright's loop runs in this thread while it is open, and nothing else can run one: it is closed after each module.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = executable()
    if path is None:
        pytest.skip("needs Chromium (or AIOPS_TEST_BROWSER with its path)")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags, timeout=WITHIN_S * 1_000)
        yield browser
        browser.close()


class Visit:
    """A person's browser window; whatever it complains of is kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        # Chromium reports every answer that is no success; a test that asks for some says so.
        self.forgiven = False
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("request", self._sent)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} {message.location['url']}")

    def _failed(self, request: Request) -> None:
        # A page that loads itself again may be left on the way.
        if "ERR_ABORTED" not in str(request.failure):
            self.complaints.append(f"{request.url}: {request.failure}")

    def _sent(self, request: Request) -> None:
        if request.method == "POST" and request.is_navigation_request():
            given = parse_qsl(request.post_data or "")
            forms.pressed("POST", request.url, "", "", given)

    def close(self) -> None:
        """Close the window, once."""
        if not self.page.is_closed():
            self.page.context.close()

    def press(self, label: str, within: str = "main") -> None:
        """Press the first button of that label and wait for the page that follows."""
        button = self.page.locator(within).get_by_role("button", name=label, exact=True).first
        self._asks(button)
        with self.page.expect_navigation(wait_until="load"):
            button.click()

    def ask(self, label: str, text: str) -> None:
        """Fill the first visible field of that label, press Enter and wait for the page that follows."""
        field = self.page.locator("main").get_by_label(label).filter(visible=True).first
        self._asks(field)
        field.fill(text)
        with self.page.expect_navigation(wait_until="load"):
            field.press("Enter")

    def _asks(self, control: Locator) -> None:
        """Note a form that only asks: its answer is a page like that of a link."""
        form = control.evaluate(
            "(one) => one.form ? [(one.form.method || 'get').toUpperCase(), one.form.action] : null"
        )
        if form and form[0] == "GET":
            forms.pressed("GET", form[1], "", "", [])

    def sign_out(self) -> None:
        """Sign out in the rail, or in the sheet behind the last tab of a phone."""
        more = self.page.locator(".tabs summary")
        if more.is_visible():
            more.click()
        self.press("Sign out", within="nav:visible")

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)

    def text(self) -> str:
        return self.page.inner_text("body")

    def fits(self) -> bool:
        """Whether nothing makes the page wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


# The windows of the test that runs.
OPENED: list[Visit] = []


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens windows; at the end none of them may have complained."""
    OPENED.clear()

    def open_window(base_url: str, width: int = 1440, scripts: bool = True) -> Visit:
        context = chromium.new_context(
            base_url=base_url,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(WITHIN_S * 1_000)
        OPENED.append(Visit(context.new_page()))
        return OPENED[-1]

    yield open_window
    for one in OPENED:
        one.close()
    assert [complaint for one in OPENED for complaint in one.complaints if not one.forgiven] == []


class Site:
    """A daemon's files, its address, and a client for what is looked up beside the browser."""

    def __init__(self, directory: Path, daemon: Daemon, url: str, target: Receiver, hook: Receiver) -> None:
        self.state, self.daemon, self.url = directory / "state", daemon, url
        self.target, self.hook = target, hook
        self.client = httpx2.Client(base_url=url, timeout=WITHIN_S, headers={"authorization": f"Bearer {TOKEN}"})

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def incident(self, name: str = "WorkerHangs", entity: str = "worker-1") -> str:
        """Alert, and wait for the incident with its playbook."""
        known = {one["id"] for one in self.get("/api/v1/incidents?status=open,acknowledged,resolved")["incidents"]}
        at = time.time()
        record = {"kind": "alert", "ts": at, "name": name, "entity": entity, "severity": "critical", "id": f"a-{at}"}
        body = json.dumps(record | {"labels": {"env": "prod"}})
        kind = {"content-type": "application/x-ndjson"}
        assert self.client.post("/ingest/archive", content=body, headers=kind).status_code == 200

        def found() -> str | None:
            lines = [one["id"] for one in self.get("/api/v1/incidents")["incidents"] if one["id"] not in known]
            shown = self.get(f"/api/v1/incidents/{lines[0]}")["incident"] if lines else {}
            return str(lines[0]) if shown.get("playbooks") and shown.get("causes") else None

        return str(eventually(found))

    def status(self, incident: str) -> str:
        return str(self.get(f"/api/v1/incidents/{incident}")["incident"]["status"])

    def release(self) -> None:
        asked = {"ask": "switch", "scope": "global", "engaged": False, "actor": "ann", "reason": "tested"}
        send_request(self.state, asked)


@contextmanager
def running(
    directory: Path, *, tokens: bool = True, external_url: str = "", more: str = "", services: Sequence[str] = ()
) -> Iterator[Site]:
    """A daemon with a playbook that it may run, and an endpoint that answers 410; `services` call each the next."""
    with receiving() as target, receiving() as hook:
        hook.replies = [Reply(410)]
        text = MORE.format(gone=hook.url, external_url=external_url) + more
        given = {"ann": TOKEN} if tokens else {}
        path = write_site(
            directory, playbook(target.url), port=0, tokens=given, workers=9, more=text, services=services
        )
        daemon = build(load_config(path))
        daemon.start()
        try:
            with Site(directory, daemon, f"http://127.0.0.1:{listening(daemon)}", target, hook) as site:
                eventually(lambda: site.client.get("/readyz").status_code == 200)
                yield site
        finally:
            # A browser fetches the icon after the page is there: no window outlives its site.
            for window in OPENED:
                window.close()
            daemon.stop()
