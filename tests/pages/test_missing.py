"""Addresses that lead nowhere: a page for browsers, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, new_token, token_hash
from aiops.pages.missing import MissingRoute

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = new_token()


@pytest.mark.parametrize("path", ["/nothing", "/a/b/c", "/silences/", "/%3Cscript%3E", "/incidents/x/acknowledge"])
def test_a_browser_gets_a_page(site: Any, path: str) -> None:
    answer = site.client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "No page has this address" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/static/nothing.css", "/ingest/nothing"])
def test_a_program_gets_json(site: Any, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code in (404, 405)
    assert "<html" not in answer.text
    if path != "/nothing":
        assert "<html" not in site.client.get(path, headers=BROWSER).text


def test_without_a_token_the_page_holds_no_counts(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, [Token("alice", ["write"], token_hash(SECRET))]) as site:
        answer = site.client.get("/nothing", headers=BROWSER)
        assert answer.status_code == 404
        assert "rail-count" not in answer.text
        assert "rail-status" not in answer.text


def test_a_websocket_is_no_page() -> None:
    route = MissingRoute("/{path:path}", lambda request: request, methods=["GET"])
    assert route.matches({"type": "websocket", "path": "/", "headers": []})[1] == {}
