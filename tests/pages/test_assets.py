"""Static files: their names change with their content, and they may be kept for ever."""

from __future__ import annotations

import re
from typing import Any

from aiops.pages.assets import FOREVER, Asset, Assets


def test_asset_name_changes_with_the_content() -> None:
    names = {Asset("style", "css", "text/css", content).name for content in (b"a", b"b", b"a")}
    assert len(names) == 2
    assert all(re.fullmatch(r"style\.[0-9a-f]{12}\.css", name) for name in names)


def test_assets_are_served_for_ever_with_their_types(lasting: Any) -> None:
    assets = Assets()
    for asset, kind in ((assets.style, "text/css"), (assets.script, "text/javascript"), (assets.icon, "image/svg+xml")):
        answer = lasting.client.get(f"/static/{asset.name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == kind
        assert answer.headers["cache-control"] == FOREVER
        assert answer.content == asset.content


def test_icon_shows_the_count_that_it_is_asked_for(lasting: Any) -> None:
    icon = f"/static/{Assets().icon.name}"
    assert b">7</text>" in lasting.client.get(f"{icon}?count=7&level=critical").content
    assert lasting.client.get(f"{icon}?count=<b>").content == Assets().icon.content


def test_pages_allow_the_scripts_of_this_site_alone(lasting: Any) -> None:
    policy = lasting.client.get("/login").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy


def test_script_is_small_enough_to_be_read() -> None:
    lines = Assets().script.content.decode().splitlines()
    assert len(lines) <= 300
    assert max(map(len, lines)) <= 160
