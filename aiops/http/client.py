"""The HTTP client for all requests that an incident causes: guarded, bounded, without redirects.

It keeps no cookies, follows no redirect and accepts no compressed answers. It uses a proxy only if it is given one. An
error never holds more of a request than its host.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import unquote

import httpcore2
import httpx2
from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.http.connections import AddressRefused, Deadline, GuardedBackend, Resolve, resolve
from aiops.http.network_guard import refusal
from aiops.http.proxies import Choose, Proxy, no_proxy
from aiops.http.redaction import origin_of, redact
from aiops.version import __version__

# Receivers promise an answer within 15 to 30 s (Standard Webhooks 1.0); slower ones get another attempt.
DEFAULT_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0
# The part of an answer that is read: an error message and its reason. The rest is never needed.
MAX_ANSWER_BYTES = 16_384
# Receivers close idle connections after 60 s or later: one that is used for longer than this is opened anew.
KEEP_ALIVE_S = 20.0
_MAX_CONNECTIONS = 16
_MAX_URL_CHARS = 4_096


class HttpReply(Struct):
    """An answer; `headers` by lower-case name.

    `cut` is why `body` is only its beginning; empty: it is whole.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: str = ""


class HttpFailure(Exception):
    """A request without an answer; the text is fit for logs, `retry` is True if another attempt can help."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.retry = retry


class HttpClient:
    """A client that sends one request at a time for each thread; each endpoint has its own."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        ca_file: str | None = None,
        certificate: tuple[str, str] | None = None,
        proxy: Choose = no_proxy,
        resolve: Resolve = resolve,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raise `UsageError` for files that hold no certificates.

        `allow_private` permits http and private addresses; `ca_file` (PEM) replaces the system's trust; `certificate`
        is our own with its key (two files, PEM); `proxy` chooses a proxy for each target.
        """
        self.allow_private = allow_private
        self._deadline = Deadline(monotonic)
        self._resolve = resolve
        self._proxy = proxy
        self._trust = _trust(ca_file, certificate)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=self._trust,
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=GuardedBackend(resolve, self._deadline, allow_private=allow_private),
        )
        self._proxied: dict[Proxy, httpcore2.HTTPProxy] = {}
        self._lock = threading.Lock()

    def check(self, url: str, place: str) -> None:
        """Raise `UsageError` for a URL that is never allowed; addresses are checked when connecting."""
        try:
            parsed = self._parse(url)
        except HttpFailure as error:
            raise UsageError(f"{place}: {error}") from None
        host = parsed.raw_host.decode("ascii", "replace")
        why = refusal(host, allow_private=self.allow_private)
        if why not in (None, "no IP address"):
            raise UsageError(f"{place}: expected a public address, or allow_private = true; got {why}")

    def host_of(self, url: str) -> str:
        """Return the host of `url` in lower case; raise `HttpFailure` for text that is no URL."""
        return self._parse(url).raw_host.decode("ascii", "replace").lower()

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        gate: Callable[[], bool] | None = None,
        answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> HttpReply:
        """Make one attempt; raise `HttpFailure` when no answer came within `timeout_s`.

        At most `answer_bytes` of the answer are read.

        `gate` is called once the connection stands, just before the first byte of the request; raise `NotSent` if it
        returns False.
        """
        target = self._parse(url)
        pool, through = self._way(target)
        self._deadline.start(timeout_s, gate)
        wait_s = {"connect": min(CONNECT_TIMEOUT_S, timeout_s), "read": timeout_s, "write": timeout_s}
        try:
            with pool.stream(
                method,
                httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path),
                headers=_headers(target, headers or {}, body),
                content=body,
                extensions={"timeout": {**wait_s, "pool": timeout_s}},
            ) as response:
                found = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
                return HttpReply(response.status, found, *_beginning(response, answer_bytes))
        except AddressRefused as error:
            raise HttpFailure(f"{origin_of(url)}{through}: {error}") from None
        except httpcore2.TimeoutException:
            raise HttpFailure(f"{origin_of(url)}{through}: no answer within {timeout_s:g} s") from None
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError, httpcore2.ProxyError) as error:
            raise HttpFailure(f"{origin_of(url)}{through}: {_reason(error)}") from None
        except (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol):
            # The text of this one may quote a header, which may be a secret.
            raise HttpFailure(f"{origin_of(url)}: the request has a character that HTTP forbids", retry=False) from None

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            pools = [self._pool, *self._proxied.values()]
        for pool in pools:
            pool.close()

    def _way(self, target: httpx2.URL) -> tuple[httpcore2.ConnectionPool, str]:
        """Return the pool of connections to a target, and the words for its proxy."""
        host = target.raw_host.decode("ascii", "replace")
        proxy = self._proxy(target.scheme, host, target.port or (443 if target.scheme == "https" else 80))
        if proxy is None:
            return self._pool, ""
        # Only the proxy learns where a name leads; an address in the URL is judged here, as without one.
        why = refusal(host, allow_private=self.allow_private)
        if why == "no IP address" and not self.allow_private and host.rstrip(".").split(".")[-1] == "localhost":
            # To the proxy, this is its own machine.
            why = "this host"
        if why not in (None, "no IP address"):
            raise HttpFailure(f"{target.scheme}://{host}: refused to connect: {why}")
        with self._lock:
            pool = self._proxied.get(proxy)
            if pool is None:
                pool = self._proxied[proxy] = self._proxy_pool(proxy)
        return pool, f" through the proxy {proxy.url.partition('://')[2]}"

    def _proxy_pool(self, proxy: Proxy) -> httpcore2.HTTPProxy:
        # A proxy is part of the own network. What is refused of it is what is no proxy anywhere: metadata services.
        backend = GuardedBackend(self._resolve, self._deadline, allow_private=True)
        return httpcore2.HTTPProxy(
            proxy.url,
            proxy_auth=proxy.auth,
            ssl_context=self._trust,
            proxy_ssl_context=self._trust if proxy.url.startswith("https:") else None,
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=backend,
        )

    def _parse(self, url: str) -> httpx2.URL:
        schemes = ("https", "http") if self.allow_private else ("https",)
        try:
            parsed = httpx2.URL(url[: _MAX_URL_CHARS + 1])
        except (httpx2.InvalidURL, UnicodeError, ValueError):
            raise HttpFailure("expected a URL; got something else", retry=False) from None
        if len(url) > _MAX_URL_CHARS or not parsed.host:
            raise HttpFailure(f"expected a URL with a host, of up to {_MAX_URL_CHARS} characters", retry=False)
        if parsed.port is not None and not 0 < parsed.port < 65_536:
            raise HttpFailure(f"expected a port from 1 to 65535; got {parsed.port}", retry=False)
        if parsed.scheme not in schemes:
            hint = "" if self.allow_private else " (http needs allow_private = true)"
            raise HttpFailure(f"expected {' or '.join(schemes)}{hint}; got {parsed.scheme!r}", retry=False)
        return parsed


def _trust(ca_file: str | None, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
    if not ca_file and certificate is None:
        return _system_trust()
    try:
        # Not the shared one: our certificate must not go to the receivers of other endpoints.
        context = ssl.create_default_context(cafile=ca_file) if ca_file else httpcore2.default_ssl_context()
    except OSError as error:
        raise UsageError(f"ca_file {ca_file}: {error.strerror or error}: expected certificates in PEM") from error
    if certificate is not None:
        try:
            context.load_cert_chain(*certificate)
        except OSError as error:
            # An `SSLError` is one as well: a key of another certificate, or one with a password.
            raise UsageError(
                f"cert_file {certificate[0]}, key_file {certificate[1]}: {error.strerror or error}: expected a "
                "certificate and its key without a password, in PEM"
            ) from error
    return context


@cache
def _system_trust() -> ssl.SSLContext:
    """Return the system's certificates; they take tens of milliseconds and a megabyte, and are shared."""
    return httpcore2.default_ssl_context()


def _headers(target: httpx2.URL, headers: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    full = {
        "host": target.netloc.decode("ascii"),
        "user-agent": f"aiops/{__version__}",
        "accept": "*/*",
        # An answer that unpacks to gigabytes cannot come if none is accepted, and none is unpacked.
        "accept-encoding": "identity",
        "content-length": str(len(body)),
    }
    if target.userinfo:
        plain = unquote(target.userinfo.decode("ascii"))
        full["authorization"] = "Basic " + base64.b64encode(plain.encode()).decode()
    full.update({key.lower(): value for key, value in headers.items()})
    # Checked here: the library's own complaint quotes the value, which may be a secret, in its debug log.
    if not all(key.isascii() and value.isprintable() and key.isprintable() for key, value in full.items()):
        raise HttpFailure("a header has a character that HTTP forbids", retry=False)
    try:
        return [(key.encode("ascii"), value.encode("latin-1")) for key, value in full.items()]
    except UnicodeEncodeError:
        raise HttpFailure("a header has a character that HTTP forbids", retry=False) from None


def _beginning(response: httpcore2.Response, most: int) -> tuple[bytes, str]:
    """Return the beginning of a body, and why it is not all; the status is the answer, even so."""
    body, cut = b"", ""
    try:
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > most:
                cut = f"it is longer than {most // 1024} KiB"
                break
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.RemoteProtocolError):
        cut = "it broke off before its end"
    return body[:most], cut


def _reason(error: Exception) -> str:
    text = redact(str(error))[:200]
    return text or type(error).__name__
