"""Access over HTTP: bearer tokens, known by their hash only, and the rules of a loopback bind.

A token is random (`new_token`, 256 bits), so one SHA-256 is enough to keep it: slow hashes are for what people can
remember. Scopes: `ingest` (send alerts), `read` (see incidents), `write` (act on them; holds `read`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.site_address import Address, Origins

Scope = Literal["ingest", "read", "write"]
PREFIX = "aiops_"
# Shorter ones could be guessed: 22 characters of base 64 are 128 bits.
MIN_TOKEN_CHARS = 22
# Two ways to show a token: as it is, or as the password of basic authentication, for senders that know nothing else.
CHALLENGES = [(b"www-authenticate", b"Bearer"), (b"www-authenticate", b'Basic realm="aiops", charset="UTF-8"')]
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Token(Struct, frozen=True, forbid_unknown_fields=True):
    """A token's name (the actor of its actions), its scopes, and the place of its secret.

    Either `sha256`, the hash in hexadecimal (`aiops connectors token` makes a token and prints its hash), or `env`, the
    environment variable that holds the token itself.
    """

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$(?!\n)",
            description="Who it is: the actor of what is done with the token, in the audit.",
        ),
    ]
    scopes: Annotated[
        list[Scope],
        Meta(description="`ingest` sends alerts, `read` sees incidents, `write` acts on them and holds `read`."),
    ]
    sha256: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9a-f]{64}$(?!\n)",
                description="The token's hash in hexadecimal; the file then holds no secret. Either this or `env`.",
            ),
        ]
        | None
    ) = None
    env: Annotated[str | None, Meta(description="The environment variable with the token itself.")] = None


def new_token() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the hash of a token, which is all that is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class Refusal(Struct, frozen=True):
    """A refused request: 401 without a valid token, 403 for a missing scope or a foreign origin."""

    status: int
    reason: str


class Guard:
    """The guard of a server. Without tokens everything is allowed; only a loopback bind accepts that."""

    def __init__(self, tokens: Sequence[Token], host: str, external_url: str = "", *, tls: bool = False) -> None:
        """Raise `UsageError` if other machines could reach an API without tokens; `tls`: this server uses TLS."""
        self._by_hash = {_secret_hash(token): token for token in tokens}
        self.open = not tokens
        self.address = Address.parse(external_url)
        self._origins = Origins(self.address, tls)
        self._hosts = {*_LOCAL_NAMES, host.lower().strip("[]")}
        if self.address.place:
            self._hosts.add(_host_name(self.address.place))
        if self.open and not is_loopback(host):
            raise UsageError(
                f"http: expected tokens, since {host!r} can be reached from other machines; got none: add one to "
                "http.options.tokens, or bind to 127.0.0.1"
            )

    def check(self, headers: Mapping[str, str], scope: Scope, *, basic: bool = False) -> Token | Refusal | None:
        """Return the token of a request (None: allowed without one), or the refusal.

        Header names are lower case. `basic`: the token may be the password of basic authentication, whatever the scope.
        """
        foreign = self.check_origin(headers, changes=scope != "read")
        if foreign is not None:
            return foreign
        if self.open:
            return None
        token = self._token(headers.get("authorization", ""), basic=basic or scope == "ingest")
        if token is None:
            return Refusal(401, "expected `Authorization: Bearer TOKEN` with a token that is known")
        if scope not in token.scopes and not (scope == "read" and "write" in token.scopes):
            return Refusal(403, f"expected a token with the scope {scope}; {token.name} has {', '.join(token.scopes)}")
        return token

    def check_secret(self, secret: str, *, alone: bool = False) -> Refusal | None:
        """Return the refusal of a token that came for ingest outside of `Authorization`; None if it may send.

        `alone`: it came in an address, which proxies and browsers log. It must then be good for nothing else.
        """
        token = self.find(secret) if secret else None
        if token is None:
            return Refusal(401, "expected a token that is known")
        if "ingest" not in token.scopes:
            return Refusal(403, f"expected a token with the scope ingest; {token.name} has {', '.join(token.scopes)}")
        if alone and set(token.scopes) != {"ingest"}:
            return Refusal(
                403,
                f"expected a token with the scope ingest alone in an address; {token.name} has "
                f"{', '.join(token.scopes)}: make another one",
            )
        return None

    def check_origin(self, headers: Mapping[str, str], *, changes: bool = True) -> Refusal | None:
        """Refuse a request of another site's page: it must not use the operator's browser to reach the API.

        Without tokens, a browser on this machine would be enough. The `Host` must then be one of ours as well: another
        name that resolves to loopback is an attack.
        """
        host = _host_name(headers.get("host", ""))
        if self.open and host and host not in self._hosts:
            return Refusal(403, f"expected the Host {', '.join(sorted(self._hosts))}; got {host[:100]!r}")
        reason = self._origins.foreign(headers, changes=changes)
        return Refusal(403, reason) if reason is not None else None

    def _token(self, header: str, *, basic: bool) -> Token | None:
        """Return the token of an `Authorization` header: a bearer, or the password of basic authentication.

        Basic authentication is for programs that know nothing else (SNS, Pingdom: `https://name:TOKEN@host/`, amtool),
        and only for their requests: a browser that once knew it would add it to every later request of its own accord.
        """
        kind, _, given = header.partition(" ")
        if kind.lower() == "basic" and basic:
            given = _password(given)
        elif kind.lower() != "bearer":
            return None
        return self.find(given.strip()) if given.strip() else None

    @property
    def tokens(self) -> list[Token]:
        """Return all tokens, as configured."""
        return list(self._by_hash.values())

    def find(self, secret: str) -> Token | None:
        """Return the token that has this secret."""
        wanted = token_hash(secret)
        found = None
        for known, token in self._by_hash.items():
            # All are compared, each in constant time: the duration must not reveal which one was near.
            if hmac.compare_digest(known, wanted):
                found = token
        return found


def is_loopback(host: str) -> bool:
    """Return True if a bind address can be reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _password(encoded: str) -> str:
    """Return the password of basic authentication; empty if malformed.

    Without a password it is the name (`https://TOKEN@host/`).

    >>> _password("c25zOnNlY3JldA=="), _password("c2VjcmV0Og=="), _password("?")
    ('secret', 'secret', '')
    """
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    name, _, password = text.partition(":")
    return password or name


def _secret_hash(token: Token) -> str:
    place = f"http.options.tokens: {token.name}"
    if (token.sha256 is None) == (token.env is None):
        raise UsageError(f"{place}: expected either sha256 or env")
    if token.sha256 is not None:
        return token.sha256
    secret = os.environ.get(token.env or "", "")
    if len(secret) < MIN_TOKEN_CHARS:
        raise UsageError(
            f"{place}: expected a token of at least {MIN_TOKEN_CHARS} characters in the environment variable "
            f"{token.env}; got {len(secret)} characters"
        )
    return token_hash(secret)


def _host_name(host: str) -> str:
    """Return the name of a `Host` header without its port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.rpartition(":")[2].isdigit() and ":" in host else host.lower()
