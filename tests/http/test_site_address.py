"""The site's own address, and which requests come from its own pages."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.http.auth import Guard, Refusal, Token, new_token, token_hash
from aiops.http.site_address import Address, Origins

OWN = "http://127.0.0.1:8640"
HOST = {"host": "127.0.0.1:8640"}


@pytest.mark.parametrize(
    ("url", "origin", "base"),
    [
        ("", "", ""),
        ("https://ops.example.org", "https://ops.example.org", ""),
        ("HTTPS://Ops.Example.org:443/", "https://ops.example.org", ""),
        ("https://ops.example.org/aiops/", "https://ops.example.org", "/aiops"),
        ("http://[::1]:8640/a/b-c", "http://[::1]:8640", "/a/b-c"),
    ],
)
def test_an_address_has_an_origin_and_a_path(url: str, origin: str, base: str) -> None:
    found = Address.parse(url)
    assert (found.origin, found.base) == (origin, base)
    assert found.secure == origin.startswith("https:")


@pytest.mark.parametrize(
    "url",
    [
        "ops.example.org",
        "ftp://ops.example.org",
        "javascript:alert(1)",
        "https://",
        "https://user:secret@ops.example.org",
        "https://ops.example.org/?a=b",
        "https://ops.example.org/#x",
        "https://ops.example.org/a/../b",
        "https://ops.example.org//other.example",
        'https://ops.example.org/"><script>',
        "https://ops.example.org/a;Domain=x",
        "https://ops.example.org:port",
        "https://ops.example.org/é",
    ],
)
def test_an_address_that_pages_cannot_lie_below_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"http\.external_url: expected"):
        Address.parse(url)


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"origin": OWN}, True),
        ({"origin": "HTTP://127.0.0.1:8640"}, True),
        ({"origin": "https://127.0.0.1:8640"}, False),
        ({"origin": "http://127.0.0.1:3000"}, False),
        ({"origin": "http://127.0.0.1"}, False),
        ({"origin": "http://localhost:8640"}, False),
        ({"origin": "http://127.0.0.1:8640.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null", "sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": OWN}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://127.0.0.1:8640"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, False),
    ],
)
def test_what_changes_something_comes_from_an_own_page(headers: dict[str, str], is_own: bool) -> None:
    for guard in (Guard([], "127.0.0.1"), Guard([Token("t", ["write"], token_hash(new_token()))], "127.0.0.1")):
        assert (guard.check_origin({**HOST, **headers}) is None) == is_own


def test_a_page_may_be_opened_from_anywhere() -> None:
    origins = Origins(Address(), tls=False)
    for site in ("cross-site", "same-site", "none", "same-origin"):
        assert origins.foreign({**HOST, "sec-fetch-site": site}, changes=False) is None


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://ops.example.org", "ops.example.org", True),
        ("https://ops.example.org", "ops.example.org:443", True),
        # The proxy passes its own name for us.
        ("https://ops.example.org", "127.0.0.1:8640", True),
        # Without TLS, anybody on the way could have written the page.
        ("http://ops.example.org", "ops.example.org", False),
        ("http://127.0.0.1:8640", "127.0.0.1:8640", True),
        ("https://other.example.org", "ops.example.org", False),
        ("https://ops.example.org:8443", "ops.example.org", False),
    ],
)
def test_behind_a_proxy_the_configured_origin_counts(origin: str, host: str, is_own: bool) -> None:
    guard = Guard([], "127.0.0.1", "https://ops.example.org/aiops/")
    assert (guard.check_origin({"host": host, "origin": origin}) is None) == is_own


def test_a_server_that_speaks_tls_itself_has_an_origin_with_tls() -> None:
    guard = Guard([], "127.0.0.1", tls=True)
    assert guard.check_origin({**HOST, "origin": "https://127.0.0.1:8640"}) is None
    assert isinstance(guard.check_origin({**HOST, "origin": OWN}), Refusal)


def test_a_refusal_says_what_to_configure() -> None:
    refused = Guard([], "127.0.0.1").check_origin({**HOST, "origin": "https://ops.example.org"})
    assert isinstance(refused, Refusal)
    assert "got another origin (https://ops.example.org)" in refused.reason
    assert "set http.external_url" in refused.reason


def test_programs_with_a_token_need_no_origin() -> None:
    secret = new_token()
    guard = Guard([Token("ci", ["write"], token_hash(secret))], "0.0.0.0")
    found = guard.check({"host": "ops:8640", "authorization": f"Bearer {secret}"}, "write")
    assert isinstance(found, Token)
