"""Settings and signing in, pressed in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import TOKEN, Visit, running


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_settings_are_kept_and_signing_in_continues(tmp_path: Path, visit: Callable[..., Visit], scripts: bool) -> None:
    with running(tmp_path) as site:
        window = visit(site.url, 390, scripts)
        window.page.goto("/settings")
        assert "You continue to settings." in window.text()
        window.forgiven = True
        window.fill("Token", "wrong")
        window.press("Sign in")
        assert (
            window.page.get_by_role("alert").inner_text() == "This token is not known. Check for a missing character."
        )
        window.fill("Token", TOKEN)
        window.press("Sign in")
        assert window.page.url == f"{site.url}/settings"
        window.fill("Time zone of all times on the pages", "Europe/Nowhere")
        window.page.get_by_label("Compact").check()
        window.press("Save")
        assert "unknown time zone 'Europe/Nowhere'" in window.text()
        assert window.page.get_by_label("Compact").is_checked()
        window.fill("Time zone of all times on the pages", "Asia/Tokyo")
        window.press("Save")
        assert "Saved for this browser." in window.text()
        assert "Asia/Tokyo." in window.text()
        assert window.page.locator("body.compact").count() == 1
        window.press("Sign out")
        assert window.page.url.endswith("/login")
