"""Settings: kept in a cookie, checked, and open to whoever may only read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.http.auth import Token, new_token, token_hash
from aiops.pages.reader import COOKIE, Reader
from aiops.pages.settings import chosen
from aiops.web.operations import ApiError
from tests.pages.test_sign_in import cookies
from tests.web.conftest import NOW


def save(site: Any, **fields: str) -> Any:
    return site.client.post("/settings", data={"density": "compact", **fields}, headers=site.origin)


def test_a_zone_is_kept_and_used_on_all_pages(site: Any) -> None:
    assert "2026-03-01 21:20:00 UTC" in site.client.get("/settings").text
    answer = save(site, zone="Europe/Berlin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert {"httponly", "samesite=lax", "path=/", "max-age=31536000"} <= cookies(answer)[COOKIE]
    text = site.client.get("/settings").text
    assert "2026-03-01 22:20:00 Europe/Berlin" in text
    assert "Saved for this browser." in text
    assert "Saved for this browser." not in site.client.get("/settings").text
    assert '<body class="compact' in text
    assert NOW == 1_772_400_000.0


def test_a_wrong_zone_stands_at_its_field_with_what_was_written(site: Any) -> None:
    answer = save(site, zone="Berlin<b>")
    assert answer.status_code == 400
    assert 'value="Berlin&lt;b&gt;"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "unknown time zone" in answer.text
    assert COOKIE not in cookies(answer)


@pytest.mark.parametrize("value", ["", "x" * 5_000, "Nowhere~compact", "~~~", "Europe:Berlin~<script>"])
def test_a_cookie_that_is_no_preference_breaks_no_page(site: Any, value: str) -> None:
    assert site.client.get("/settings", headers={"cookie": f"{COOKIE}={value}"}).status_code == 200


def test_whoever_may_only_read_may_set_them(tmp_path: Path, serve: Callable[..., Any]) -> None:
    secret = new_token()
    with serve(tmp_path, [Token("bob", ["read"], token_hash(secret))]) as site:
        site.client.post("/login", data={"token": secret}, headers=site.origin)
        assert save(site, zone="Asia/Tokyo").status_code == 303
        assert "Asia/Tokyo" in site.client.get("/settings").text
        assert site.client.post("/settings", data={"zone": "UTC"}).status_code == 403


def test_fields_become_preferences_or_an_error() -> None:
    assert chosen({"zone": " Asia/Tokyo ", "density": "compact"}) == Reader("Asia/Tokyo", "compact")
    with pytest.raises(UsageError, match="unknown time zone"):
        chosen({"zone": "", "density": "compact"})
    with pytest.raises(ApiError, match="density: expected comfortable or compact; got 'cosy'"):
        chosen({"zone": "UTC", "density": "cosy"})
