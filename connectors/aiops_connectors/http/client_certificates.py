"""Client certificates that a proxy checked; its headers count only in requests of the proxy.

- nginx: `X-SSL-Client-Verify $ssl_client_verify` (`SUCCESS`), `X-SSL-Client-S-DN $ssl_client_s_dn`.
- HAProxy: `%[ssl_c_verify]` (`0`) and `%[ssl_c_s_dn]`; Apache: `%{SSL_CLIENT_VERIFY}s` and `%{SSL_CLIENT_S_DN}s`.
- Envoy, Istio: `X-Forwarded-Client-Cert`, elements `By=…;Hash=…;Subject="…";URI=…;DNS=…`
  (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.auth import Refusal
from aiops.http.network_guard import unwrapped

ENVOY = "x-forwarded-client-cert"
_NAMING = ("subject", "uri", "dns")
Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]


class ClientCertificate(Struct, frozen=True, forbid_unknown_fields=True):
    """The headers in which a proxy reports on a sender's certificate."""

    verify_header: Annotated[
        str | None,
        Meta(description="The proxy's header with the result of its check, such as `X-SSL-Client-Verify`."),
    ] = None
    verified: Annotated[str, Meta(min_length=1, description="Its value for a valid certificate; `0` for HAProxy.")] = (
        "SUCCESS"
    )
    subject_header: Annotated[
        str | None,
        Meta(
            description="The proxy's header with the certificate's subject, such as `X-SSL-Client-S-DN` or "
            "`X-Forwarded-Client-Cert`."
        ),
    ] = None
    subjects: Annotated[
        list[str],
        Meta(
            description="The subjects that may send, exactly as the proxy writes them; Envoy's URI and DNS count too."
        ),
    ] = []


class CertificateCheck:
    """Checks the headers of a proxy for one connector."""

    def __init__(self, options: ClientCertificate, proxies: Sequence[Network], place: str) -> None:
        """Raise `UsageError` for options that would admit everybody or nobody."""
        if options.verify_header is None and options.subject_header is None:
            raise UsageError(f"{place}: expected verify_header, subject_header or both; got neither")
        if (options.subject_header is None) != (not options.subjects):
            raise UsageError(f"{place}: expected subject_header and subjects together; got one of them")
        if not proxies:
            raise UsageError(
                f"{place}: expected http.options.trusted_proxies, since anybody can send such a header; got none: "
                "add the address of the proxy"
            )
        self._proxies = proxies
        self._options = options
        self._verify = (options.verify_header or "").lower().encode("latin-1", "replace")
        self._subject = (options.subject_header or "").lower().encode("latin-1", "replace")
        self._subjects = [subject.encode() for subject in options.subjects]

    def refusal(self, peer: str, headers: Headers) -> Refusal | None:
        """Return the refusal of a request that came from address `peer`; None if its certificate is good."""
        if not is_within(peer, self._proxies):
            return Refusal(401, "expected a request by a trusted proxy, which checks the certificate; got another's")
        given = list(headers)
        if self._verify and not self._is_verified(given):
            return Refusal(401, f"expected a verified client certificate ({self._options.verify_header})")
        if self._subject and not self._is_admitted(given):
            return Refusal(403, f"expected a client certificate of another subject ({self._options.subject_header})")
        return None

    def _is_verified(self, headers: Headers) -> bool:
        return hmac.compare_digest(_only(headers, self._verify), self._options.verified.encode())

    def _is_admitted(self, headers: Headers) -> bool:
        text = _only(headers, self._subject)
        names = envoy_names(text) if self._subject == ENVOY.encode() else [text]
        return any(name and hmac.compare_digest(name, subject) for name in names for subject in self._subjects)


def networks(texts: Sequence[str], place: str) -> list[Network]:
    """Return the networks of trusted proxies.

    Raise `UsageError` for text that is no network, and for a network that holds everybody.
    """
    found: list[Network] = []
    for text in texts:
        try:
            network = ip_network(text.strip())
        except ValueError:
            raise UsageError(
                f"{place}: expected an IP address or a network such as 10.0.0.0/8 (got {text[:60]!r})"
            ) from None
        if network.prefixlen == 0:
            raise UsageError(f"{place}: expected the addresses of proxies (got {text}, which is everybody's)")
        found.append(network)
    return found


def is_within(peer: str, proxies: Sequence[Network]) -> bool:
    """Return True if an address lies in one of the networks; an unreadable one does not.

    >>> is_within("::ffff:10.1.2.3", networks(["10.0.0.0/8"], "x")), is_within("", networks(["10.0.0.0/8"], "x"))
    (True, False)
    """
    try:
        address = unwrapped(ip_address(peer.partition("%")[0]))
    except ValueError:
        return False
    return any(address in network for network in proxies)


def envoy_names(text: bytes) -> list[bytes]:
    """Return subject, URIs and DNS names of the certificate in `X-Forwarded-Client-Cert`; none of several.

    An element for each proxy on the way: with several of them, a sender could have written the first itself. Envoy's
    `SANITIZE_SET` leaves one.

    >>> envoy_names(b'By=spiffe://a;Subject="CN=x,O=\\\\"y\\\\"";URI=spiffe://b'), envoy_names(b"Subject=a,Subject=b")
    ([b'CN=x,O="y"', b'spiffe://b'], [])
    """
    names: list[bytes] = []
    for pair, end in _pairs(text):
        key, equals, value = pair.partition(b"=")
        if equals and key.strip().lower().decode("latin-1") in _NAMING:
            names.append(value)
        if end == b",":
            return []
    return names


def _pairs(text: bytes) -> list[tuple[bytes, bytes]]:
    """Split at `;` and `,` outside of quotes; each part without its quotes, with the sign that ended it."""
    parts: list[tuple[bytes, bytes]] = []
    part = bytearray()
    is_quoted = is_escaped = False
    for number in text:
        sign = bytes([number])
        if is_escaped:
            part, is_escaped = part + sign, False
        elif is_quoted and sign == b"\\":
            is_escaped = True
        elif sign == b'"':
            is_quoted = not is_quoted
        elif sign in (b";", b",") and not is_quoted:
            parts.append((bytes(part), sign))
            part = bytearray()
        else:
            part += sign
    # An open quote hides where the element ends: nothing of it counts.
    return [] if is_quoted else [*parts, (bytes(part), b"")]


def _only(headers: Headers, name: bytes) -> bytes:
    """Return the value of a header that came once.

    A proxy that adds its header to the sender's own leaves two: neither counts.
    """
    found = [value for key, value in headers if key == name]
    return found[0].strip() if len(found) == 1 else b""
