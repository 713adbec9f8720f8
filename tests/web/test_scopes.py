"""What a token of each scope may do, and where none is needed."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.http.auth import Guard, Refusal, Scope, Token, new_token, token_hash

ALLOWED: dict[Scope, set[Scope]] = {"ingest": {"ingest"}, "read": {"read"}, "write": {"read", "write"}}


@pytest.mark.parametrize("has", ["ingest", "read", "write"])
@pytest.mark.parametrize("asked", ["ingest", "read", "write"])
def test_a_token_may_do_what_its_scope_says_and_no_more(has: Scope, asked: Scope) -> None:
    secret = new_token()
    guard = Guard([Token("t", [has], token_hash(secret))], "0.0.0.0")
    found = guard.check({"host": "ops", "authorization": f"Bearer {secret}"}, asked)
    assert isinstance(found, Token) == (asked in ALLOWED[has])
    assert isinstance(found, Token) or (isinstance(found, Refusal) and found.status == 403)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic x", f"Bearer {new_token()}"],
    ids=["none", "bare", "empty", "basic", "unknown"],
)
def test_a_request_without_a_known_token_is_refused(header: str) -> None:
    guard = Guard([Token("t", ["write"], token_hash(new_token()))], "0.0.0.0")
    found = guard.check({"host": "ops", "authorization": header}, "read")
    assert isinstance(found, Refusal)
    assert found.status == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ops.example.org"])
def test_an_address_that_others_reach_needs_tokens(host: str) -> None:
    with pytest.raises(UsageError, match="http: expected tokens"):
        Guard([], host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8640"])
def test_without_tokens_the_host_is_one_of_ours(host: str) -> None:
    guard = Guard([], "127.0.0.1", "https://ops.example.org")
    assert isinstance(guard.check({"host": host}, "read"), Refusal)
    assert guard.check({"host": "ops.example.org"}, "read") is None
    assert guard.check({"host": "localhost:8640"}, "read") is None
