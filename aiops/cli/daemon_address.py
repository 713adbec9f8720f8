"""The address of the daemon that a command sends to: the given one, or that of a configuration."""

from __future__ import annotations

import socket
from pathlib import Path

from aiops.config import HttpConfig, load_config

# Addresses that stand for all of a machine's; a person uses its name.
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


def daemon_address(url: str | None, config: Path | None, sets: list[str] | None) -> str:
    """Return `url`, or the address of the configured daemon.

    Raise `UsageError` if the configuration does not fit.

    >>> daemon_address("http://192.0.2.1:8640", None, None), daemon_address(None, None, ["http.port=8080"])
    ('http://192.0.2.1:8640', 'http://127.0.0.1:8080')
    """
    return url if url is not None else address_of(load_config(config, sets or ()).http)


def address_of(http: HttpConfig) -> str:
    """Return the address of a configured daemon: `external_url`, else its own host and port.

    >>> address_of(HttpConfig(host="192.0.2.1", options={"certfile": "a.pem", "keyfile": "b.pem"}))
    'https://192.0.2.1:8640'
    """
    if http.external_url:
        return http.external_url.rstrip("/")
    host = socket.gethostname() if http.host in _EVERYWHERE else http.host.strip("[]")
    scheme = "https" if http.options.get("certfile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{http.port}"
