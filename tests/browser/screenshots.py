"""Pictures of the pages, of one simulated site: `make screenshots` writes them into docs/images.

The site, its times and its names are the same at each run; only what takes real time (a second more or less) differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import seeds
from tests.browser.conftest import FLAGS, executable
from tests.browser.gallery import TOKEN, Gallery, gallery
from tests.browser.palette import smaller
from tests.waiting import eventually

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MAX_BYTES = 150_000
Scheme = Literal["light", "dark"]


class Picture(Struct, frozen=True):
    """A picture: its address (`{deploy}` and so on are incidents), the window, and the part of the page."""

    name: str
    path: str
    size: tuple[int, int] = (1440, 1000)
    scheme: Scheme = "light"
    # A part of the page alone; the window otherwise.
    part: str = ""


PICTURES = [
    Picture("incidents", "/"),
    Picture("incidents-dark", "/", scheme="dark"),
    Picture("incident", "/incidents/{deploy}", (1440, 1200)),
    Picture("phone-incidents", "/", (390, 844)),
    Picture("phone-incident", "/incidents/{deploy}", (390, 844)),
    Picture("timeline", "/incidents/{large}", (1440, 1600), part="#timeline"),
    Picture("topology", "/incidents/{wide}", (1440, 1600), part="#spread"),
    Picture("silences", "/silences?alertname=BlackboxProbeFailed"),
    Picture("playbook", "/playbooks/bad-deploy-rollback?incident={deploy}", (1440, 1200)),
    Picture("compare", "/replay/{replay}"),
    Picture("sign-in", "/login?next=%2Fincidents%2F{deploy}", (390, 600), "dark"),
]
# Each page, for a look at all of them: `python -m tests.browser.screenshots FOLDER --each`.
PAGES = {
    "incidents": "/",
    "incident": "/incidents/{deploy}",
    "large-incident": "/incidents/{large}",
    "alerts": "/alerts",
    "playbooks": "/playbooks",
    "playbook": "/playbooks/bad-deploy-rollback?incident={deploy}",
    "runs": "/runs",
    "silences": "/silences?alertname=BlackboxProbeFailed",
    "deliveries": "/deliveries",
    "replay": "/replay",
    "compare": "/replay/{replay}",
    "engine": "/engine",
    "api": "/api",
    "tokens": "/tokens",
    "settings": "/settings",
    "login": "/login",
}
WIDE, NARROW = (1440, 1000), (390, 844)
WAYS: list[tuple[str, tuple[int, int], Scheme]] = [
    ("", WIDE, "light"),
    ("-dark", WIDE, "dark"),
    ("-phone", NARROW, "light"),
]
EACH = [Picture(name + end, path, size, scheme) for name, path in PAGES.items() for end, size, scheme in WAYS]


def main(folder: Path, names: Sequence[str] = ()) -> None:
    """Take all pictures of the docs, those that are named, or one of each page in three ways (`--each`)."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, gallery(Path(directory)) as site, _browser() as browser:
        incidents = _prepared(site)
        each = "--each" in names
        for picture in EACH if each else PICTURES:
            if names and not each and picture.name not in names:
                continue
            shot = _taken(browser, site, picture, incidents)
            print(f"{picture.name}: {len(shot):,} bytes", flush=True)
            assert len(shot) <= MAX_BYTES, f"{picture.name}: expected at most {MAX_BYTES:,} bytes"
            (folder / f"{picture.name}.png").write_bytes(shot)


def _prepared(site: Gallery) -> dict[str, str]:
    """Act as people do at such an hour; return the incidents of the pictures."""
    found: dict[str, str] = {}

    def ready() -> bool:
        for line in site.incidents():
            incident = site.get(f"/api/v1/incidents/{line['id']}")["incident"]
            books = {one["name"] for one in incident.get("playbooks", [])}
            changes = {one["name"] for cause in incident.get("causes", [])[:1] for one in cause["evidence"]}
            if incident["stream_count"] >= seeds.MEMBERS:
                found["large"] = line["id"]
            elif "bad-deploy-rollback" in books and "change" in changes:
                found["deploy"] = line["id"]
            elif len(incident.get("services", [])) > 9 and incident["stream_count"] > 60:
                found["wide"] = line["id"]
        return len(found) == 3

    eventually(ready, or_say=lambda: found)
    open_now = [one["id"] for one in site.incidents() if one["status"] == "open" and one["id"] not in found.values()]
    for name in open_now[:2]:
        site.post(f"/api/v1/incidents/{name}/acknowledge", {"message": "on it"})
    job = site.post("/api/v1/replays", {"changes": {"correlate.sensitivity": "0.3"}, "last_s": 6 * 3_600})["id"]
    eventually(lambda: site.get(f"/api/v1/replays/{job}").get("result"))
    return found | {"replay": job}


class _browser:  # noqa: N801 - a context, as the function would be
    """A browser without a test around it."""

    def __enter__(self) -> Browser:
        path = executable()
        if path is None:
            sys.exit("screenshots: expected Chromium (or AIOPS_TEST_BROWSER with its path); found none")
        self._playwright = sync_playwright().start()
        flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        self._browser = self._playwright.chromium.launch(executable_path=path, args=flags)
        return self._browser

    def __exit__(self, *_: Any) -> None:
        self._browser.close()
        self._playwright.stop()


def _taken(browser: Browser, site: Gallery, picture: Picture, incidents: dict[str, str]) -> bytes:
    width, height = picture.size
    context = browser.new_context(
        base_url=site.url,
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    if not picture.path.startswith("/login"):
        _sign_in(page)
    answer = page.goto(picture.path.format_map(incidents), wait_until="load")
    assert answer is not None
    assert answer.status == 200, f"{picture.path}: HTTP {answer.status}"
    if page.locator("html[data-stream]").count():
        page.locator("html[data-live='live']").wait_for(state="attached")
    shot = page.locator(picture.part).first.screenshot() if picture.part else page.screenshot()
    context.close()
    return smaller(shot)


def _sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Token").fill(TOKEN)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES, sys.argv[2:])
