"""Forward proxies: the way out of networks that have no other one.

A proxy is named by an endpoint's `proxy_url`, or by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the
environment, in lower case as well, as curl and Go read them. Targets over TLS are reached by CONNECT: the proxy sees
their names and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from aiops.errors import UsageError

# In `proxy_url`: no proxy, whatever the environment names.
DIRECT = "direct"
_PORTS = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True):
    """A proxy: its address without credentials, and these for basic authentication."""

    url: str
    auth: tuple[str, str] | None = None


# The proxy for (scheme, host, port) of a target; None: connect directly.
Choose = Callable[[str, str, int], Proxy | None]


def no_proxy(scheme: str, host: str, port: int) -> Proxy | None:
    """Connect directly."""
    return None


def parse_proxy(text: str, place: str) -> Proxy:
    """Return the proxy of a URL; a name without a scheme is `http`. Raise `UsageError` for anything else.

    >>> parse_proxy("proxy.example.org:3128", "x"), parse_proxy("http://u:p%40@[::1]:8080/", "x")
    (Proxy(url='http://proxy.example.org:3128', auth=None), Proxy(url='http://[::1]:8080', auth=('u', 'p@')))
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _wrong(place) from None
    host = parts.hostname
    if not host or parts.scheme not in _PORTS or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _wrong(place)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _wrong(place)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Proxy(f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}", auth)


def always(proxy: Proxy) -> Choose:
    """Return the choice of one proxy for every target."""
    return lambda scheme, host, port: proxy


def from_environment(environment: Mapping[str, str] | None = None) -> Choose:
    """Return the choice by the variables of the environment; raise `UsageError` for one that is no proxy."""
    values = os.environ if environment is None else environment

    def value(name: str) -> str:
        return (values.get(name.lower()) or values.get(name) or "").strip()

    default = value("ALL_PROXY")
    by_scheme: dict[str, Proxy] = {}
    for scheme in _PORTS:
        name = f"{scheme.upper()}_PROXY"
        found = value(name) or default
        if found:
            by_scheme[scheme] = parse_proxy(found, f"environment variable {name if value(name) else 'ALL_PROXY'}")
    exempt = [entry.strip().lower() for entry in value("NO_PROXY").split(",") if entry.strip()]

    def choose(scheme: str, host: str, port: int) -> Proxy | None:
        # Another machine's loopback is never meant; Go does the same.
        return None if _is_here(host) or is_exempt(host, port, exempt) else by_scheme.get(scheme)

    return choose if by_scheme else no_proxy


def _is_here(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_exempt(host: str, port: int, entries: Sequence[str]) -> bool:
    """Return True if an entry of `NO_PROXY` names the host: itself, its domain, its network, or `*`.

    >>> [is_exempt("hooks.example.org", 443, [entry]) for entry in ("example.org", ".example.org", "ample.org", "*")]
    [True, True, False, True]
    >>> is_exempt("10.1.2.3", 443, ["10.0.0.0/8"]), is_exempt("a.example", 443, ["a.example:8443"])
    (True, False)
    """
    host = host.lower().strip("[]").rstrip(".")
    return any(_names(entry, host, port) for entry in entries)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal() and (name.count(":") == 0 or name.endswith("]")):
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        domain = entry.removeprefix("*").lstrip(".").rstrip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(entry, strict=False)
    except ValueError:
        return False


def _wrong(place: str) -> UsageError:
    # The text may hold a password.
    return UsageError(f"{place}: expected a proxy such as http://proxy.example.org:3128; got something else")
