"""The page of tokens: who may do what, and no secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, new_token, token_hash

SECRET, READER = new_token(), new_token()


def test_tokens_are_listed_without_their_secrets(
    tmp_path: Path, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOPS_BOB", READER)
    tokens = [Token("alice", ["write", "ingest"], token_hash(SECRET)), Token("bob", ["read"], env="AIOPS_BOB")]
    with serve(tmp_path, tokens) as site:
        site.client.post("/login", data={"token": READER}, headers=site.origin)
        text = site.client.get("/tokens").text
        for word in ("alice", "bob", "AIOPS_BOB", "ingest", "aiops connectors token", "2 tokens"):
            assert word in text
        for secret in (SECRET, READER, token_hash(SECRET), token_hash(READER)):
            assert secret not in text


def test_without_tokens_the_page_names_what_that_means(site: Any) -> None:
    text = site.client.get("/tokens").text
    assert "No tokens are configured" in text
    assert "aiops connectors token" in text


def test_the_page_needs_a_token_where_there_are_some(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with serve(tmp_path, [Token("alice", ["write"], token_hash(SECRET))]) as site:
        assert site.client.get("/tokens").headers["location"] == "/login?next=%2Ftokens"
