"""Playbooks in a real browser: searched, filled in for an incident, and judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Visit, running

Open = Callable[..., Visit]


@pytest.mark.parametrize(
    ("width", "scripts"),
    [(1440, True), (390, True), (1440, False), (390, False)],
    ids=["wide", "narrow", "wide-without-scripts", "narrow-without-scripts"],
)
def test_a_playbook_is_found_filled_in_and_judged(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path, tokens=False) as site:
        incident = site.incident()
        window = visit(site.url, width, scripts)
        window.page.goto("/playbooks")
        window.page.locator("main input[type=search]").fill("worker hangs")
        window.press("Search")
        assert "restart-worker" in window.text()
        window.page.locator("main").get_by_role("link", name="restart-worker").click()
        window.page.wait_for_url("**/playbooks/restart-worker")
        assert "Not filled in" in window.text()
        assert "Runs after an approval" in window.text()
        window.page.get_by_role("link", name="fill in").first.click()
        window.page.wait_for_url(f"**/playbooks/restart-worker?incident={incident}")
        assert "/worker-1/restart" in window.text()
        window.press("Helped")
        window.page.goto("/playbooks/restart-worker")
        assert window.page.locator("#outcomes").inner_text().count("Helped") == 1
        assert site.get("/api/v1/playbooks/restart-worker")["outcomes"] == {"helped": 1}
        assert window.fits()
        window.press("Back to suggest")
        assert "Set to suggest by" in window.page.locator("#promotion").inner_text()
        # Without tokens nobody's name stands for a promotion.
        assert "sign in with a token" in window.page.locator("#promotion").inner_text()
        assert window.page.get_by_role("button", name="Promote to approve").count() == 0
        assert window.fits()
