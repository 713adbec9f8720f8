"""Proofs in the body instead of a header: Mailgun's signed fields and StatusCake's password.

Neither covers the rest of the body: whoever saw one such request could send another. Mailgun's holds for the window and
for one use of its token; StatusCake's is a password and must travel over TLS only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aiops.errors import RecordError
from aiops_connectors.payloads.documents import document
from aiops_connectors.signatures.schemes import Scheme

# Mailgun's tokens have 50 characters, its signatures 64.
MAX_CHARS = 512


class Proof(Struct, frozen=True):
    """A proof of a body: as given, the signed text (None: the proof is a password), the time."""

    given: str
    signed: str | None
    time: str | None
    identity: bytes

    def is_by(self, key: bytes) -> bool:
        """Return True if `key` made the proof."""
        if self.signed is not None:
            right = hmac.new(key, self.signed.encode(), hashlib.sha256).hexdigest()
        else:
            right = password(key)
        return hmac.compare_digest(right.encode(), self.given.lower().encode("utf-8", "replace"))


def password(key: bytes) -> str:
    """Return StatusCake's password: the MD5 of user name and API key, which are the secret here."""
    return hashlib.md5(key, usedforsecurity=False).hexdigest()


def field_proof(scheme: Scheme, body: bytes, content_type: str) -> Proof | None:
    """Return the proof in a body; None if a field is missing."""
    fields = _fields(body, content_type)
    inner = fields.get(scheme.field)
    # Mailgun's webhooks hold all three in one object, its forwarded mails at the top.
    if isinstance(inner, Mapping):
        fields = inner
    given, parts = _text(fields.get(scheme.field)), [_text(fields.get(name)) for name in scheme.fields]
    if not given or not all(parts):
        return None
    if not parts:
        return Proof(given, None, None, b"")
    return Proof(given, "".join(parts), _text(fields.get("timestamp")) or None, parts[-1].encode("utf-8", "replace"))


def _fields(body: bytes, content_type: str) -> Mapping[str, Any]:
    """Return the fields as a mapping reads them later.

    A name that is given twice has a list, which proves nothing.
    """
    try:
        found = document(body, content_type, [])
    except RecordError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    # JSON senders write the time as a number.
    text = str(value) if isinstance(value, str) or type(value) is int else ""
    return text if len(text) <= MAX_CHARS else ""
