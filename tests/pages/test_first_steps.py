"""The page before the first incident: commands with this daemon's address, safe to paste."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest
import yaml
from starlette.requests import Request

from aiops.http.auth import Guard, Token, new_token, token_hash
from aiops.pages.first_steps import address_of, steps_of

TOKENS = [Token("ann", ["read"], token_hash(new_token()))]


def request(headers: Mapping[str, str], scheme: str = "http") -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "scheme": scheme, "server": ("x", 80), "path": "/", "headers": raw})


def guard(url: str = "", tokens: bool = False) -> Guard:
    return Guard(TOKENS if tokens else [], "127.0.0.1", url)


def texts(guard: Guard, host: str = "127.0.0.1:8640") -> dict[str, str]:
    return {step.name: step.text for step in steps_of(request({"host": host}), guard)}


@pytest.mark.parametrize(
    ("host", "url", "address"),
    [
        ("127.0.0.1:8640", "", "http://127.0.0.1:8640"),
        ("[::1]:8640", "", "http://[::1]:8640"),
        ("ops.example.org", "", "http://ops.example.org"),
        ("anything", "https://ops.example.org/aiops", "https://ops.example.org/aiops"),
        ("$(reboot)", "", "http://127.0.0.1:8640"),
        ("a'; rm -rf /", "", "http://127.0.0.1:8640"),
        ("x" * 300, "", "http://127.0.0.1:8640"),
        ("", "", "http://127.0.0.1:8640"),
    ],
)
def test_the_address_is_the_configured_one_or_that_of_the_request(host: str, url: str, address: str) -> None:
    assert address_of(request({"host": host}), guard(url)) == address


@pytest.mark.parametrize("tokens", [False, True])
def test_the_command_is_one_for_a_shell(tokens: bool) -> None:
    command = texts(guard(tokens=tokens))["Try it"]
    told = subprocess.run(["sh", "-c", f"curl() {{ printf '%s\\n' \"$@\"; }}; TOKEN=t; {command}"], capture_output=True)
    words = told.stdout.decode().splitlines()
    assert told.returncode == 0
    assert words[1] == "http://127.0.0.1:8640/api/v2/alerts"
    assert ("Authorization: Bearer t" in words) is tokens
    assert words[-1].startswith('[{"labels": {"alertname"')


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("url", ["", "https://ops.example.org/aiops"])
def test_configurations_are_yaml(tokens: bool, url: str) -> None:
    found = texts(guard(url, tokens))
    (receiver,) = yaml.safe_load(found["Alertmanager"])["receivers"]
    (hook,) = receiver["webhook_configs"]
    assert hook["url"] == f"{url or 'http://127.0.0.1:8640'}/ingest/alertmanager"
    assert ("http_config" in hook) is tokens
    (entry,) = yaml.safe_load(found["Prometheus"])["alerting"]["alertmanagers"]
    assert entry["static_configs"] == [{"targets": ["ops.example.org" if url else "127.0.0.1:8640"]}]
    assert (entry.get("scheme"), entry.get("path_prefix")) == (("https", "/aiops") if url else (None, None))
    assert ("authorization" in entry) is tokens
