"""Signatures of Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA-256 over id, time and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from aiops.errors import UsageError

# Shorter keys can be guessed; the specification requires 24 to 64 bytes.
_MIN_KEY_BYTES = 24
_MAX_KEY_BYTES = 64


def key_of(secret: str, place: str) -> bytes:
    """Return the key of a secret in the form `whsec_` + base 64.

    Raise `UsageError`, without the secret, for another form.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise UsageError(f"{place}: expected whsec_ and base 64 of 24 to 64 random bytes; got something else")
    return key


def signature_headers(keys: Sequence[bytes], message_id: str, at: float, body: bytes) -> dict[str, str]:
    """Return the three headers; several keys sign side by side, to change a secret without a gap.

    `message_id` is the same for every attempt, `at` (Unix seconds) is the time of this one.
    """
    timestamp = str(int(at))
    signed = f"{message_id}.{timestamp}.".encode() + body
    marks = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    if marks:
        headers["webhook-signature"] = " ".join(f"v1,{mark}" for mark in marks)
    return headers
