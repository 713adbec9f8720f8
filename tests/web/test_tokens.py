"""Tokens over the API: names and scopes, and nothing that opens a door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiops.http.auth import Token, new_token, token_hash

WRITER, SENDER = new_token(), new_token()
TOKENS = [Token("alice", ["write"], token_hash(WRITER)), Token("prometheus", ["ingest"], token_hash(SENDER))]


def test_tokens_are_listed_to_whoever_may_read(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, TOKENS) as site:
        answer = site.client.get("/api/v1/tokens", headers={"authorization": f"Bearer {WRITER}"})
        assert answer.json() == {
            "open": False,
            "tokens": [
                {"name": "alice", "scopes": ["write"], "env": None, "own": True},
                {"name": "prometheus", "scopes": ["ingest"], "env": None, "own": False},
            ],
        }
        assert token_hash(WRITER) not in answer.text
        assert site.client.get("/api/v1/tokens").status_code == 401
        sender = {"authorization": f"Bearer {SENDER}"}
        assert site.client.get("/api/v1/tokens", headers=sender).status_code == 403


def test_without_tokens_the_site_is_open(site: Any) -> None:
    assert site.client.get("/api/v1/tokens").json() == {"open": True, "tokens": []}
