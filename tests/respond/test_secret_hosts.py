"""Hosts that may receive a secret."""

from __future__ import annotations

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.config import RespondConfig
from aiops.respond.secret_hosts import allows, place_of, split_host


@pytest.mark.parametrize(
    ("hosts", "url", "port_of_system", "allowed"),
    [
        (["awx.example"], "https://awx.example/api", False, True),
        (["AWX.example"], "https://AWX.EXAMPLE:443", False, True),
        (["awx.example"], "http://awx.example", False, True),
        # Another service on the same host.
        (["awx.example"], "https://awx.example:8443", False, False),
        (["awx.example"], "http://awx.example:443", False, False),
        (["awx.example"], "https://awx.example:8443", True, True),
        (["awx.example:8443"], "https://awx.example:8443", False, True),
        (["awx.example:8443"], "https://awx.example", False, False),
        (["awx.example:8443"], "https://awx.example:9443", True, False),
        (["awx.example:8443", "awx.example"], "https://awx.example", False, True),
        (["[fd00::1]:6443"], "https://[fd00::1]:6443", False, True),
        (["fd00::1"], "https://[fd00::1]", False, True),
        (["fd00::1"], "https://[fd00::1]:6443", False, False),
        (["awx.example"], "https://awx.example.evil.example", True, False),
        (["awx.example"], "https://awx.example@evil.example", True, False),
        (["awx.example"], "https://awx.example\\@evil.example", True, False),
        (["awx.example"], "https://awx.example.", True, False),
    ],
)
def test_a_host_without_a_port_stands_for_the_default_one(
    hosts: list[str], url: str, port_of_system: bool, allowed: bool
) -> None:
    assert allows(hosts, *place_of(url), any_port=port_of_system) is allowed


@pytest.mark.parametrize(
    "entry",
    [
        *("", " ", "https://awx.example", "*.example", "a b", "awx.example:", "awx.example:0", "awx.example:70000"),
        *("a:b", "ann@awx.example", "awx.example/api", "[fd00::1", "[fd00::1]x", "fd00::zz", "awx.example:²"),
    ],
)
def test_an_entry_that_names_no_host_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"hosts|address"):
        split_host(entry)
    secret = {"use": "bearer", "env": "TOKEN", "hosts": ["awx.example", entry]}
    with pytest.raises(msgspec.ValidationError, match=r"secrets"):
        msgspec.convert({"secrets": {"awx": secret}}, RespondConfig)


def test_text_that_is_no_url_has_no_place() -> None:
    with pytest.raises(UsageError, match="expected a URL"):
        place_of("https:")
