"""Options that sinks over HTTP share: secrets by name, addresses without them."""

from __future__ import annotations

import pytest
from aiops_connectors.sinks.options import HttpOptions, base_url, client_of, secret, url_of

from aiops.errors import UsageError


@pytest.mark.parametrize("value", ["", "   ", "two\nlines", "bell\x07", "\u202ex"])
def test_secret_must_be_one_printable_line(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TEST_SECRET", value)
    with pytest.raises(UsageError, match=r"^endpoints\.a: expected .*TEST_SECRET") as caught:
        secret("TEST_SECRET", "endpoints.a")
    assert not value.strip() or value not in str(caught.value)


def test_secret_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", " hunter2\n")
    assert secret("TEST_SECRET", "endpoints.a") == "hunter2"
    monkeypatch.delenv("TEST_SECRET")
    with pytest.raises(UsageError, match="not set"):
        secret("TEST_SECRET", "endpoints.a")


def test_address_is_given_or_named_and_not_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_URL", "https://a.example/hook")
    assert url_of("https://b.example", "", "p") == ("https://b.example", False)
    assert url_of("", "TEST_URL", "p") == ("https://a.example/hook", True)
    for url, url_env in (("", ""), ("https://b.example", "TEST_URL")):
        with pytest.raises(UsageError, match="either url or url_env"):
            url_of(url, url_env, "p")


@pytest.mark.parametrize("url", ["https://user:pass@a.example", "https://token@a.example/x"])
def test_address_with_a_password_belongs_into_the_environment(url: str) -> None:
    with pytest.raises(UsageError, match="url_env") as caught:
        url_of(url, "", "p")
    assert "pass" not in str(caught.value).replace("password", "")


def test_at_sign_in_the_path_is_no_password() -> None:
    assert url_of("https://a.example/@team", "", "p") == ("https://a.example/@team", False)


@pytest.mark.parametrize(
    "url", ["https://a.example/?x=1", "https://a.example/#x", "https://u@a.example", "ftp://a", "a"]
)
def test_root_of_an_api_has_no_query_fragment_or_user(url: str) -> None:
    client = client_of(HttpOptions())
    try:
        with pytest.raises(UsageError, match=r"p\.base_url"):
            base_url(url, client, "p")
    finally:
        client.close()


def test_root_of_an_api_ends_without_a_slash() -> None:
    client = client_of(HttpOptions())
    try:
        assert base_url("https://a.example/v2//", client, "p") == "https://a.example/v2"
    finally:
        client.close()
