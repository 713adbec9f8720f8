"""Hosts that may receive a secret, each with a port or the default one of its scheme."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import httpx2

from aiops.errors import UsageError

DEFAULT_PORTS = {"https": 443, "http": 80, "postgres": 5432, "postgresql": 5432}


def split_host(entry: str) -> tuple[str, int | None]:
    """Return host and port of an entry of `hosts`, None without a port; `ValueError` for other text.

    >>> split_host("AWX.example"), split_host("awx.example:8443"), split_host("[fd00::1]:6443"), split_host("fd00::1")
    (('awx.example', None), ('awx.example', 8443), ('fd00::1', 6443), ('fd00::1', None))
    """
    text = entry.strip().lower()
    if text.startswith("["):
        host, end, rest = text[1:].partition("]")
        is_port, port = rest.startswith(":"), rest[1:]
        if not end or (rest and not is_port):
            raise _wrong(entry)
    elif text.count(":") > 1:
        host, is_port, port = text, False, ""
    else:
        host, colon, port = text.partition(":")
        is_port = bool(colon)
    if ":" in host:
        host = str(ip_address(host))
    elif not host or not set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_"):
        raise _wrong(entry)
    if not is_port:
        return host, None
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise _wrong(entry)
    return host, int(port)


def place_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL as the client reads it; `UsageError` for other text.

    >>> place_of("https://awx.example/api"), place_of("http://[::1]:8080")
    (('https', 'awx.example', 443), ('http', '::1', 8080))
    """
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise UsageError("expected a URL; got something else") from None
    host = parsed.raw_host.decode("ascii", "replace").lower().strip("[]")
    if not host:
        raise UsageError("expected a URL with a host; got none")
    return parsed.scheme, host, parsed.port or DEFAULT_PORTS.get(parsed.scheme, 0)


def allows(hosts: Sequence[str], scheme: str, host: str, port: int, *, any_port: bool = False) -> bool:
    """Return True if an entry of `hosts` stands for a place; `any_port`: without a port for any.

    >>> allows(["a.example"], "https", "a.example", 443), allows(["a.example"], "https", "a.example", 8443)
    (True, False)
    >>> allows(["a.example:8443"], "https", "a.example", 8443), allows(["a.example:8443"], "https", "a.example", 443)
    (True, False)
    """
    for entry in hosts:
        named, wanted = split_host(entry)
        if named == host and (port == (wanted or DEFAULT_PORTS.get(scheme)) or (any_port and wanted is None)):
            return True
    return False


def _wrong(entry: str) -> ValueError:
    return ValueError(f"hosts: expected a host such as awx.example or awx.example:8443; got {entry[:80]!r}")
