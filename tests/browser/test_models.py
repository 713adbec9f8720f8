"""Models in a real browser: a candidate is promoted, another one ended, and what served before serves again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import TOKEN, Visit, running
from tests.browser.seeds import tried
from tests.waiting import eventually

Open = Callable[..., Visit]


@pytest.mark.parametrize(("width", "scripts"), [(1440, True), (390, False)], ids=["wide", "narrow-without-scripts"])
def test_a_candidate_is_promoted_and_rolled_back(tmp_path: Path, visit: Open, width: int, scripts: bool) -> None:
    with running(tmp_path) as site:
        tried(site)
        site.incident()
        window = visit(site.url, width, scripts)
        window.page.goto("/login")
        window.fill("Token", TOKEN)
        window.press("Sign in")
        window.page.goto("/models")
        assert "Decides for payments-api" in window.text()
        window.press("Promote shadow")
        assert "takes the place of" in window.text()
        window.press("End canary")
        assert "ended after" in window.text()
        served = json.loads(site.client.get("/api/v1/models").text)["slots"][0]
        assert (served["by"], served["shadow"], served["canary"]) == ("ann", None, None)
        window.press(f"Roll back to {served['previous']}")
        eventually(lambda: site.get("/api/v1/models")["slots"][0]["version_id"] == served["previous"])
        assert window.fits()
