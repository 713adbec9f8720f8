"""Signatures of senders, by the schemes of `schemes`, compared in constant time.

Where a scheme signs a time, one outside the window is refused; within it, a signature that was taken before is known
and counts once. Without a time, all requests count. A scheme signs the body as it was sent. Two vendors put their proof
into the body (`signed_fields`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops_connectors.signatures.schemes import SCHEMES, Name, Scheme
from aiops_connectors.signatures.signed_fields import field_proof, password

# Bounds what is compared for one request: a rotation has two signatures.
MAX_SIGNATURES = 8
# Signatures remembered: at 100 requests a second, those of a window of five minutes.
MAX_SEEN = 30_000


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """The way a sender signs."""

    scheme: Annotated[
        Name,
        Meta(
            description="How the sender signs: what is signed, and in which header the signature is. A signature "
            "stands in for the token. `hex` is the common form of others: HMAC-SHA-256 of the body, in `header`."
        ),
    ]
    secret_env: Annotated[str, Meta(description="The environment variable with the secret.")]
    old_secret_env: Annotated[
        str | None, Meta(description="The environment variable with the secret before, during a rotation.")
    ] = None
    header: Annotated[str | None, Meta(description="Stands in for the scheme's own header.")] = None
    timestamp_header: Annotated[str | None, Meta(description="Stands in for the scheme's own header of the time.")] = (
        None
    )
    window_s: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            description="How far the signed time may be from ours, and how long a signature is remembered; senders "
            "advise five minutes.",
        ),
    ] = 300.0


class Forged(Exception):
    """A request without a valid signature; its text names the fault, and nothing of the valid signature."""


class Verifier:
    """Checks the requests of one sender. Safe for many threads."""

    def __init__(self, signature: Signature, place: str) -> None:
        """Raise `UsageError` for a missing or malformed secret, and for headers that the scheme has not."""
        self._scheme = scheme = SCHEMES[signature.scheme]
        envs = [name for name in (signature.secret_env, signature.old_secret_env) if name]
        self._keys = [_key(scheme, name, place) for name in envs]
        if signature.header is not None and not scheme.header:
            raise UsageError(f"{place}: the scheme {signature.scheme} has no header (got header); remove it")
        if signature.timestamp_header is not None and not scheme.time_header:
            raise UsageError(
                f"{place}: the scheme {signature.scheme} signs no time of a header (got timestamp_header); remove it"
            )
        self._header = (signature.header or scheme.header).lower()
        self._timestamp = (signature.timestamp_header or scheme.time_header).lower()
        self._window_s = signature.window_s
        self._is_dated = bool(scheme.fields) or "time" in scheme.signed
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def reads_fields(self) -> bool:
        """True if the proof is in the body, which is then checked after it was unpacked."""
        return not self._scheme.header

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
        """Return the request's identity (its id, or its signature) if it is genuine; raise `Forged` otherwise.

        An empty identity: the scheme cannot distinguish two requests, and no repeat is known.
        """
        if self.reads_fields:
            return self._by_fields(headers, body, now)
        given = headers.get(self._header)
        if not given:
            raise Forged(f"expected a signature in the header {self._header}; got none")
        scheme = self._scheme
        signed = b"".join(self._part(part, headers, body, now) for part in scheme.signed)
        found = _given(scheme, given)
        for right in self._right(signed):
            if any(hmac.compare_digest(right, one) for one in found):
                # A sender's retry keeps its id and signs the new time.
                return headers.get(scheme.id_header, "").encode() if scheme.id_header else right
        raise Forged("expected a signature of this body with the shared secret; got another")

    def hidden(self, raw: bytes) -> bytes:
        """Return a part of a body without a password that is the proof: people read it among the dead letters."""
        if self.reads_fields and not self._scheme.fields:
            for key in self._keys:
                for spelling in (password(key), password(key).upper()):
                    raw = raw.replace(spelling.encode(), b"[redacted]")
        return raw

    def _right(self, signed: bytes) -> list[bytes]:
        return [hmac.digest(key, signed, digest) for key in self._keys for digest in self._scheme.digests]

    def _by_fields(self, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
        proof = field_proof(self._scheme, body, headers.get("content-type", ""))
        if proof is None:
            raise Forged(f"expected the fields {', '.join([*self._scheme.fields, self._scheme.field])}; got others")
        if proof.time is not None:
            self._in_window(proof.time, "field timestamp", now)
        if not any(proof.is_by(key) for key in self._keys):
            raise Forged("expected a proof by the shared secret; got another")
        return proof.identity

    def _part(self, part: str, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
        if part == "body":
            return body
        if part == "time":
            return self._time(headers, now)
        if part != "id":
            return part.encode()
        name = headers.get(self._scheme.id_header, "")
        if not name or len(name) > 256:
            raise Forged(f"expected an identity in the header {self._scheme.id_header}")
        return name.encode("utf-8", "replace")

    def _time(self, headers: Mapping[str, str], now: float) -> bytes:
        if self._scheme.time_pair:
            pairs = [pair.strip().partition("=") for pair in headers[self._header].split(",", MAX_SIGNATURES)]
            times = [value for name, _, value in pairs if name == self._scheme.time_pair]
            return self._in_window(times[0] if times else "", f"header {self._header}", now)
        return self._in_window(headers.get(self._timestamp, ""), f"header {self._timestamp}", now)

    def _in_window(self, timestamp: str, place: str, now: float) -> bytes:
        if not timestamp.isdecimal() or not timestamp.isascii() or len(timestamp) > 12:
            raise Forged(f"expected Unix seconds in the {place}")
        if abs(int(timestamp) - now) > self._window_s:
            raise Forged(
                f"expected a time within {self._window_s:g} s of ours; got one outside: a replay, or a wrong clock"
            )
        return timestamp.encode()

    def is_known(self, identity: bytes, now: float) -> bool:
        """Return True if the request was accepted before, in the window."""
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * self._window_s:
                self._seen.popitem(last=False)
            return identity in self._seen

    def taken(self, identity: bytes, now: float) -> None:
        """Record that the request is on disk: a repeat brings nothing new.

        Where neither a time nor an id is signed, a repeat may be news: "down", "up" and "down" again within minutes has
        the first signature twice. Whoever could replay such a request could also wait until it is forgotten.
        """
        if not identity or not self._is_dated:
            return
        with self._lock:
            self._seen[identity] = now
            if len(self._seen) > MAX_SEEN:
                self._seen.popitem(last=False)


def _given(scheme: Scheme, header: str) -> Sequence[bytes]:
    """The signatures in a header; what does not look like one is left out."""
    parts = [part.strip() for part in header.split(scheme.separator, MAX_SIGNATURES)[:MAX_SIGNATURES]]
    decode = _hex if scheme.encoding == "hex" else _base64
    # Some senders that sign like GitHub leave the prefix out.
    signed = [part for part in parts if part.startswith(scheme.prefix) or not scheme.is_prefix_needed]
    return [decode(part.removeprefix(scheme.prefix)) for part in signed]


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def secret_of(env: str, place: str) -> bytes:
    """Return the shared secret in an environment variable; raise `UsageError` if it is not set."""
    secret = os.environ.get(env, "")
    if not secret:
        raise UsageError(f"{place}: expected the shared secret in the environment variable {env}; it is not set")
    return secret.encode()


def _key(scheme: Scheme, env: str, place: str) -> bytes:
    secret = secret_of(env, place)
    if scheme.key == "text":
        return secret
    key = _base64(secret.decode().removeprefix("whsec_"))
    if not 16 <= len(key) <= 128:
        raise UsageError(f"{place}: expected whsec_ and base 64 of 24 to 64 bytes in {env}; got something else")
    return key
