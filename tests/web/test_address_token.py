"""A token in an address opens neither the API nor a page, whatever its scopes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, new_token, token_hash

SECRET = new_token()
TOKENS = [Token("all", ["ingest", "read", "write"], token_hash(SECRET))]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/incidents", "/api/v1/silences", "/api/v1/openapi.json", "/metrics", "/", "/silences", "/incidents/x"],
)
def test_an_address_opens_neither_api_nor_page(serve: Callable[..., Any], tmp_path: Path, path: str) -> None:
    with serve(tmp_path, TOKENS) as site:
        for address in (f"{path}?token={SECRET}", f"{path.rstrip('/')}/{SECRET}"):
            answer = site.client.get(address)
            assert answer.status_code in (401, 303, 404, 405), address
            assert SECRET not in answer.text
            assert "disk" not in answer.text.lower()
            assert SECRET not in answer.headers.get("location", "")
        acts = site.client.post(f"/api/v1/incidents/{site.incident}/acknowledge?token={SECRET}", json={})
        assert acts.status_code == 401
