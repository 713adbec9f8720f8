"""The site's own address: its origin, its path, and the test for requests of its own pages.

A browser names the page that a request comes from in `Sec-Fetch-Site`, which no script can set, and in `Origin`. It
leaves the first out where a page came over plain HTTP from another machine, and older browsers do not know it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from aiops.errors import UsageError

# Letters that mean the same in a path, a cookie's path and an attribute of a page.
_BASE = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
_PORTS = {"http": ":80", "https": ":443"}
# The browser's words for requests of the page itself, and for an address that a person typed or reloaded.
OWN_PAGE = ("same-origin", "none")


class Address(Struct, frozen=True):
    """`external_url` in parts: origin (empty: not configured), host with port, path without final slash.

    >>> Address.parse("https://ops.example.org:443/aiops/")
    Address(origin='https://ops.example.org', place='ops.example.org', base='/aiops')
    """

    origin: str = ""
    place: str = ""
    base: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the parts of an address; raise `UsageError` for one that pages cannot lie below."""
        if not url:
            return cls()
        try:
            parts = urlsplit(url)
            named = parts.scheme in _PORTS and parts.hostname and parts.username is None and parts.port != 0
        except ValueError:
            raise _wrong(url) from None
        base = parts.path.rstrip("/")
        if not named or parts.query or parts.fragment or not url.isascii() or not _BASE.fullmatch(base):
            raise _wrong(url)
        origin = normal(f"{parts.scheme}://{parts.netloc}")
        return cls(origin, origin.partition("://")[2], base)

    @property
    def secure(self) -> bool:
        """True if people reach the site over TLS."""
        return self.origin.startswith("https:")


def site_of(address: Address, host: str, scheme: str) -> str:
    """Return the configured address of the site, else that of a request.

    Empty for a host that is no name.

    >>> site_of(Address(), "ops.example:8640", "http"), site_of(Address(), "x y)", "http")
    ('http://ops.example:8640', '')
    """
    if address.origin:
        return address.origin + address.base
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""


class Origins:
    """The test if a page of another site sent a request; `tls`: this server uses TLS itself."""

    def __init__(self, address: Address, tls: bool) -> None:
        self._address = address
        self._scheme = "https" if tls else "http"

    def foreign(self, headers: Mapping[str, str], *, changes: bool) -> str | None:
        """Return the reason to refuse a request; None if nothing in it names another site.

        Header names are lower case.

        `changes`: the request changes something. Pages may be opened from anywhere: a link in a chat is meant to work.
        """
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if changes and site is not None and site not in OWN_PAGE:
            return f"expected a request of this site's own pages; got one of another site (Sec-Fetch-Site: {site[:40]})"
        if not origin or self._is_own(origin, headers.get("host", ""), site):
            return None
        own = " or ".join(sorted(self._own(headers.get("host", ""))))
        return (
            f"expected a request of this site's own pages ({own}); got another origin ({origin[:100]}): behind a "
            "proxy, set http.external_url to the address that people use"
        )

    def _is_own(self, origin: str, host: str, site: str | None) -> bool:
        found = normal(origin)
        if site == "same-origin":
            # A proxy may hide the origin by its own Referrer-Policy, or take TLS off. A sandboxed frame, which hides
            # its origin as well, is cross-site.
            return (
                found == "null"
                or found in self._own(host)
                or _place(found) == _place(normal(f"{found.partition(':')[0]}://{host}"))
            )
        return found in self._own(host)

    def _own(self, host: str) -> set[str]:
        """Return the origins of the site for a `Host`: external_url's, and the one of the request."""
        direct = normal(f"{self._scheme}://{host}")
        if not self._address.origin:
            return {direct}
        if _place(direct) == self._address.place:
            # What is reached over TLS must not be driven by a page that came without.
            return {self._address.origin}
        return {direct, self._address.origin}


def from_own_page(headers: Mapping[str, str]) -> bool:
    """Return True if the browser named a page of this site; for requests that passed `Origins.foreign`."""
    return bool(headers.get("origin")) or headers.get("sec-fetch-site") in OWN_PAGE


def normal(origin: str) -> str:
    """Return an origin in lower case, without the default port of its scheme.

    >>> normal("HTTPS://Ops.example.org:443"), normal("http://[::1]:8640"), normal("null")
    ('https://ops.example.org', 'http://[::1]:8640', 'null')
    """
    scheme, mark, place = origin.lower().partition("://")
    return f"{scheme}{mark}{place.removesuffix(_PORTS.get(scheme, chr(0)))}"


def _place(origin: str) -> str:
    return origin.partition("://")[2]


def _wrong(url: str) -> UsageError:
    return UsageError(
        f"http.external_url: expected an address such as https://ops.example.org or https://ops.example.org/aiops "
        f"(got {url[:200]!r}); a path has letters, digits, '.', '_', '~' and '-'"
    )
