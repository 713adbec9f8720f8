"""Options of the HTTP source."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.http.options import HttpOptions, http_options

from aiops.errors import UsageError


def test_defaults_listen_on_loopback_with_bounds() -> None:
    options = http_options("web", {})
    assert options == HttpOptions()
    assert (options.host, options.port) == ("127.0.0.1", 8640)
    assert options.max_body_bytes < options.max_unpacked_bytes < options.max_held_bytes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": 65_536}, r"sources\.web.*port"),
        ({"port": -1}, "port"),
        ({"prot": 1}, "prot"),
        ({"max_body_bytes": 10}, "max_body_bytes"),
        ({"body_timeout_s": 0}, "body_timeout_s"),
        ({"workers": 0}, "workers"),
        ({"certfile": "a.pem"}, "certfile and keyfile together"),
        ({"keyfile": "a.pem"}, "certfile and keyfile together"),
        ({"connectors": {"x": {"maping": "y"}}}, "maping"),
    ],
    ids=str,
)
def test_option_that_cannot_be_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        http_options("web", options)


def test_options_of_two_sources_are_not_shared() -> None:
    first = http_options("a", {})
    first.connectors["x"] = None  # type: ignore[assignment]
    assert http_options("b", {}).connectors == {}
