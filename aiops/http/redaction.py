"""Redaction of requests and answers: no secret is shown, and no URL's path, which often is one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

# Enough to read what a receiver complains about; the rest of an error page adds nothing.
MAX_EXCERPT_CHARS = 300
_URL = re.compile(r"(https?://)(?:[^\s/@\"'<>]*@)?([^\s/?#\"'<>]{1,255})[^\s\"'<>]*", re.IGNORECASE)
# Text that looks like a credential, known or not: signing secrets, and what follows a scheme of authorization.
_CREDENTIAL = re.compile(r"(whsec_|(?:bearer|basic|geniekey)\s+)[\w+/=.~-]{4,}", re.IGNORECASE)
# A token of this server (`aiops.http.auth.new_token`), which senders may have in an address.
_TOKEN = re.compile(r"(aiops_)[\w-]{43}(?![\w-])")
_RAW_TOKEN = re.compile(rb"(aiops_)[\w-]{43}(?![\w-])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
# A "secret" of fewer characters is a test's; replacing it would garble every text.
_MIN_SECRET_CHARS = 4
_HIDDEN = "[redacted]"


def origin_of(url: str) -> str:
    """Return scheme and host of a URL, which may be shown.

    >>> origin_of("https://user:pass@hooks.example.org:8443/services/T0/B0/x?y=z")
    'https://hooks.example.org:8443'
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an URL that cannot be read"
    return f"{parts.scheme}://[{host}]{port}" if ":" in host else f"{parts.scheme}://{host}{port}"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` as one line without the given secrets, and with URLs cut to their hosts.

    >>> redact("no such hook https://hooks.example.org/T0/B0 for key-1234", ["key-1234"])
    'no such hook https://hooks.example.org/… for [redacted]'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _MIN_SECRET_CHARS:
            text = text.replace(secret, _HIDDEN)
    text = _CREDENTIAL.sub(rf"\1{_HIDDEN}", text)
    text = _TOKEN.sub(rf"\1{_HIDDEN}", text)
    text = _URL.sub(r"\1\2/…", text)
    return _CONTROL.sub(" ", text).strip()


def without_tokens(raw: bytes) -> bytes:
    """Return a body without tokens of this server, for people: some senders put one into a field.

    >>> without_tokens(b'{"key": "aiops_' + b"x" * 43 + b'"}')
    b'{"key": "aiops_[redacted]"}'
    """
    return _RAW_TOKEN.sub(rb"\1[redacted]", raw) if b"aiops_" in raw else raw


def excerpt(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Return the beginning of an answer's body, for people."""
    # Secrets are searched for in more than is shown, as one that is cut in half at the end would stay.
    known = list(secrets)
    beginning = body[: 8 * MAX_EXCERPT_CHARS]
    if len(beginning) < len(body):
        # Long addresses are shortened: a secret that is cut in half here could still be shown.
        longest = max((len(secret.encode()) for secret in known), default=0)
        beginning = beginning[: max(0, len(beginning) - longest)]
    text = redact(beginning.decode("utf-8", "replace"), known)
    return text if len(text) <= MAX_EXCERPT_CHARS else text[: MAX_EXCERPT_CHARS - 1] + "…"
