"""Admission of senders: by a token, by a signature, or by a certificate that a proxy checked.

A token comes as `Authorization: Bearer`, as the password of basic authentication, in the address, or in a header that
the connector names. The most specific place that has one counts, and only that: header, address, `Authorization`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.types import Scope

from aiops.errors import UsageError
from aiops.http.auth import Guard, Refusal, Token
from aiops_connectors.http.client_certificates import CertificateCheck, Network
from aiops_connectors.http.options import TOKEN_PLACES, ConnectorOptions

# Headers that proxies and the protocol itself use.
_TAKEN = frozenset({"authorization", "connection", "cookie", "content-type", "content-length", "content-encoding"})
_TAKEN_TOO = frozenset({"expect", "forwarded", "host", "origin", "te", "trailer", "transfer-encoding", "upgrade"})


class Admission:
    """Admits or refuses the requests to one connector by what is known before the body."""

    def __init__(self, guard: Guard, own: ConnectorOptions, proxies: Sequence[Network], place: str) -> None:
        """Raise `UsageError` for a combination that cannot be meant."""
        _check(own, place, has_tokens=not guard.open)
        self._guard = guard
        self._place = place
        self._ways = frozenset(own.token_in if own.token_in is not None else TOKEN_PLACES)
        self._header = (own.token_header or "").lower()
        self.is_signed = own.signature is not None
        # Most connectors: the guard alone decides, unless the address has a token.
        self._is_plain = (own.signature or own.client_certificate or own.token_header) is None and own.token_in is None
        self._certificate = (
            CertificateCheck(own.client_certificate, proxies, f"{place}.client_certificate")
            if own.client_certificate is not None
            else None
        )

    def refusal(self, scope: Scope, headers: Mapping[str, str], tokens: Sequence[str]) -> Refusal | None:
        """Return the refusal of a request; `tokens` are those of its address, header names are lower case."""
        if self._is_plain and not tokens:
            return _refusal(self._guard.check(headers, "ingest"))
        foreign = self._guard.check_origin(headers)
        if foreign is not None:
            return foreign
        if self.is_signed or self._certificate is not None:
            return self._without_token(scope, tokens)
        return None if self._guard.open else self._by_token(headers, tokens)

    def _without_token(self, scope: Scope, tokens: Sequence[str]) -> Refusal | None:
        if tokens:
            return Refusal(401, "expected no token in the address: this connector takes a signature or a certificate")
        if self._certificate is None:
            return Refusal(405, "expected a POST: the query is not signed") if scope["method"] == "GET" else None
        client = scope.get("client")
        return self._certificate.refusal(client[0] if client else "", scope["headers"])

    def _by_token(self, headers: Mapping[str, str], tokens: Sequence[str]) -> Refusal | None:
        if self._header and self._header in headers:
            return self._guard.check_secret(headers[self._header])
        if tokens:
            if "url" not in self._ways:
                return self._elsewhere("in the address")
            return self._guard.check_secret(tokens[0] if len(tokens) == 1 else "", alone=True)
        kind = headers.get("authorization", "").partition(" ")[0].lower()
        if kind in ("bearer", "basic") and kind not in self._ways:
            return self._elsewhere(f"as {kind}")
        if not kind and not self._ways & {"bearer", "basic"}:
            return self._elsewhere("nowhere")
        return _refusal(self._guard.check(headers, "ingest"))

    def _elsewhere(self, got: str) -> Refusal:
        ways = [*sorted(self._ways), *([f"header {self._header}"] if self._header else [])]
        return Refusal(401, f"expected a token by {' or '.join(ways)}; got it {got}")


def _refusal(found: Token | Refusal | None) -> Refusal | None:
    return found if isinstance(found, Refusal) else None


def _check(own: ConnectorOptions, place: str, *, has_tokens: bool) -> None:
    by_token = own.token_header is not None or own.token_in is not None
    ways = [
        name for name, value in (("signature", own.signature), ("client_certificate", own.client_certificate)) if value
    ]
    if len(ways) + by_token > 1:
        named = " and ".join([*ways, *(["token_header or token_in"] if by_token else [])])
        raise UsageError(f"{place}: expected one way to authenticate senders (got {named}); remove all but one")
    if by_token and not has_tokens:
        raise UsageError(
            f"{place}: expected a token of the scope ingest in http.options.tokens, for token_header and token_in "
            "(got none: everything is accepted); add one: aiops connectors token"
        )
    if own.token_in is not None and not own.token_in and own.token_header is None:
        raise UsageError(f"{place}: expected a place for tokens in token_in, or a token_header (got none); name one")
    if own.token_header is not None and not _is_own_header(own.token_header):
        raise UsageError(
            f"{place}.token_header: expected a header of its own, such as X-Api-Key (got {own.token_header[:60]!r}); "
            "Authorization is read anyway"
        )


def _is_own_header(name: str) -> bool:
    is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return is_name and name.lower() not in _TAKEN | _TAKEN_TOO
