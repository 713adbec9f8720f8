"""The destination of traces: secrets come from the environment, and no error shows them."""

from __future__ import annotations

import pytest

from aiops.config import TracingConfig
from aiops.errors import UsageError
from aiops.telemetry.exports import exports_of


def config(endpoint: str = "https://collector.example/v1/traces", headers_env: str = "") -> TracingConfig:
    return TracingConfig(enabled=True, endpoint=endpoint, headers_env=headers_env)


@pytest.mark.parametrize(
    "endpoint", ["", "collector:4318", "ftp://a/x", "http://", "http://a:0/x", "http://a:99999", "http://[::1"]
)
def test_address_that_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(UsageError, match=r"tracing\.endpoint: expected a URL"):
        exports_of(config(endpoint))


@pytest.mark.parametrize("endpoint", ["http://user:hunter2@a/x", "http://a/x?key=hunter2", "http://a/x#hunter2"])
def test_secret_in_the_address_is_refused_and_not_shown(endpoint: str) -> None:
    with pytest.raises(UsageError, match="headers_env") as caught:
        exports_of(config(endpoint))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("Authorization=Bearer%20abc", {"authorization": "Bearer abc"}),
        (" a = b , c=d,", {"a": "b", "c": "d"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
    ],
)
def test_headers_are_those_of_the_variable(monkeypatch: pytest.MonkeyPatch, text: str, headers: dict[str, str]) -> None:
    monkeypatch.setenv("TEST_HEADERS", text)
    assert exports_of(config(headers_env="TEST_HEADERS")).headers == headers


@pytest.mark.parametrize(
    "text", ["", " , ", "hunter2", "=hunter2", "a b=hunter2", "a:b=hunter2", "a=hunter2%0d%0ax: y", "a=hunter2%c3%a4"]
)
def test_headers_that_are_none_are_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TEST_HEADERS", text)
    with pytest.raises(UsageError, match=r"tracing\.headers_env.*TEST_HEADERS") as caught:
        exports_of(config(headers_env="TEST_HEADERS"))
    assert "hunter2" not in str(caught.value)


def test_no_variable_is_no_headers() -> None:
    assert exports_of(config()).headers == {}
