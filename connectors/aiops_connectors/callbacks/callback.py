"""The shared part of callbacks: a genuine request, decoded, and texts of people within bounds.

A callback acts only for what a person did. What a receiver did alone, or by our own request, is no reply: an
acknowledgement that is sent there would else return as another one.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from aiops.errors import RecordError
from aiops.ports import NotGenuine, Reply
from aiops_connectors.signatures.schemes import Name
from aiops_connectors.signatures.verifier import Forged, Signature, Verifier, secret_of

Check = Callable[[Mapping[str, str], bytes, float], None]
Verb = Literal["acknowledge", "resolve"]
# Names of people and ids of events; longer ones are no names.
MAX_CHARS = 100


class Callback:
    """Reads the webhooks of one endpoint."""

    def __init__(self, check: Check, read: Callable[[bytes], Sequence[Reply]]) -> None:
        self._check = check
        self._read = read

    def read(self, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply]:
        """Return what people did; raise `NotGenuine` without a proof, `RecordError` for another body."""
        self._check(headers, body, now)
        return self._read(body)


def signed(scheme: Name, secret_env: str, place: str) -> Check:
    """Return the check of a signature; raise `UsageError` if the secret is not set."""
    verifier = Verifier(Signature(scheme, secret_env), f"{place}.callback_secret_env")

    def check(headers: Mapping[str, str], body: bytes, now: float) -> None:
        try:
            verifier.check(headers, body, now)
        except Forged as error:
            raise NotGenuine(str(error)) from None

    return check


def bearer(secret_env: str, place: str) -> Check:
    """Return the check of a bearer token, for receivers that sign nothing; raise `UsageError` as `signed`."""
    wanted = b"Bearer " + secret_of(secret_env, f"{place}.callback_secret_env")

    def check(headers: Mapping[str, str], body: bytes, now: float) -> None:
        if not hmac.compare_digest(headers.get("authorization", "").encode("utf-8", "replace"), wanted):
            raise NotGenuine("expected `Authorization: Bearer` with the secret of callback_secret_env; got another")

    return check


def decoded(body: bytes) -> Mapping[str, Any]:
    """Return an object of JSON; raise `RecordError` for anything else."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"body: expected JSON ({str(error)[:200]})") from None
    if not isinstance(found, Mapping):
        raise RecordError("body: expected an object")
    return found


def inner(value: Any, name: str) -> Mapping[str, Any]:
    """Return an object inside of another one; an empty one if there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text(value: Any) -> str:
    """Return a short text without control characters; empty for anything else.

    >>> text("Ann\\n(on call)"), text(7), text(None)
    ('Ann (on call)', '7', '')
    """
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in value[:MAX_CHARS]).strip()
