"""Signatures of senders: each scheme defines the signed text, the key and the header.

All are HMAC-SHA-256 over the body as it was sent, and compared in constant time. Where the scheme signs a time, one
outside the window is refused; within it, a signature that was taken before is known and counts once.

- `github`: `X-Hub-Signature-256: sha256=HEX` over the body. Also for others that sign the body only: name the header.
- `pagerduty`: `X-PagerDuty-Signature: v1=HEX[,v1=HEX]` over the body.
- `grafana`: `X-Grafana-Alerting-Signature: HEX` over `{timestamp}:{body}`, time in
  `X-Grafana-Alerting-Signature-Timestamp` (the sender must be configured to send it).
- `slack`: `X-Slack-Signature: v0=HEX` over `v0:{timestamp}:{body}`, time in `X-Slack-Request-Timestamp`.
- `standard`: Standard Webhooks 1.0, `webhook-signature: v1,BASE64 …` over `{id}.{timestamp}.{body}`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.errors import UsageError

Scheme = Literal["github", "pagerduty", "grafana", "slack", "standard"]
# Bounds what is compared for one request: a rotation has two signatures.
MAX_SIGNATURES = 8
# Signatures remembered: at 100 requests a second, those of a window of five minutes.
MAX_SEEN = 30_000
_HEADERS: dict[Scheme, tuple[str, str]] = {
    "github": ("x-hub-signature-256", ""),
    "pagerduty": ("x-pagerduty-signature", ""),
    "grafana": ("x-grafana-alerting-signature", "x-grafana-alerting-signature-timestamp"),
    "slack": ("x-slack-signature", "x-slack-request-timestamp"),
    "standard": ("webhook-signature", "webhook-timestamp"),
}


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """The way a sender signs."""

    scheme: Annotated[
        Scheme,
        Meta(
            description="How the sender signs: what is signed, and in which header the signature is. A signature "
            "stands in for the bearer token."
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
        """Raise `UsageError` when a secret is missing or of the wrong form."""
        self._scheme: Scheme = signature.scheme
        envs = [name for name in (signature.secret_env, signature.old_secret_env) if name]
        self._keys = [_key(signature.scheme, name, place) for name in envs]
        header, timestamp = _HEADERS[signature.scheme]
        self._header = (signature.header or header).lower()
        self._timestamp = (signature.timestamp_header or timestamp).lower()
        self._window_s = signature.window_s
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
        """Return the request's identity (its id, or its signature) if it is genuine; raise `Forged` otherwise."""
        given = headers.get(self._header)
        if not given:
            raise Forged(f"expected a signature in the header {self._header}; got none")
        signed = self._signed(headers, body, now)
        found = _given(self._scheme, given)
        for key in self._keys:
            right = hmac.digest(key, signed, hashlib.sha256)
            if any(hmac.compare_digest(right, one) for one in found):
                # A sender's retry keeps its id and signs the new time.
                return headers.get("webhook-id", "").encode() if self._scheme == "standard" else right
        raise Forged("expected a signature of this body with the shared secret; got another")

    def _signed(self, headers: Mapping[str, str], body: bytes, now: float) -> bytes:
        if not self._timestamp:
            return body
        timestamp = headers.get(self._timestamp, "")
        if not timestamp.isdecimal() or not timestamp.isascii() or len(timestamp) > 12:
            raise Forged(f"expected Unix seconds in the header {self._timestamp}")
        if abs(int(timestamp) - now) > self._window_s:
            raise Forged(
                f"expected a time within {self._window_s:g} s of ours; got one outside: a replay, or a wrong clock"
            )
        if self._scheme == "grafana":
            return b"%s:%s" % (timestamp.encode(), body)
        if self._scheme == "slack":
            return b"v0:%s:%s" % (timestamp.encode(), body)
        name = headers.get("webhook-id", "")
        if not name or len(name) > 256:
            raise Forged("expected an identity in the header webhook-id")
        return b"%s.%s.%s" % (name.encode("utf-8", "replace"), timestamp.encode(), body)

    def is_known(self, identity: bytes, now: float) -> bool:
        """Return True if the request was accepted before, in the window."""
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * self._window_s:
                self._seen.popitem(last=False)
            return identity in self._seen

    def taken(self, identity: bytes, now: float) -> None:
        """Record that the request is on disk: a repeat brings nothing new."""
        with self._lock:
            self._seen[identity] = now
            if len(self._seen) > MAX_SEEN:
                self._seen.popitem(last=False)


def _given(scheme: Scheme, header: str) -> Sequence[bytes]:
    """The signatures in a header; what does not look like one is left out."""
    if scheme == "standard":
        return [_base64(part[3:]) for part in header.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES] if part[:3] == "v1,"]
    prefix = {"github": "sha256=", "pagerduty": "v1=", "slack": "v0=", "grafana": ""}[scheme]
    parts = [part.strip() for part in header.split(",", MAX_SIGNATURES)[:MAX_SIGNATURES]]
    # Some senders that sign like GitHub leave the prefix out.
    return [_hex(part.removeprefix(prefix)) for part in parts if part.startswith(prefix) or scheme == "github"]


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


def _key(scheme: Scheme, env: str, place: str) -> bytes:
    secret = os.environ.get(env, "")
    if not secret:
        raise UsageError(f"{place}: expected the shared secret in the environment variable {env}; it is not set")
    if scheme != "standard":
        return secret.encode()
    key = _base64(secret.removeprefix("whsec_"))
    if not 16 <= len(key) <= 128:
        raise UsageError(f"{place}: expected whsec_ and base 64 of 24 to 64 bytes in {env}; got something else")
    return key
