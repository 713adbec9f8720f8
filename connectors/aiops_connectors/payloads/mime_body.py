"""E-mail messages (RFC 5322, MIME) as objects: headers, subject, sender, text and HTML.

The structure is read by the standard library under its `compat32` policy: headers stay as they came, and are decoded
here with bounds. The newer policy parses addresses by a recursive grammar, which long hostile headers slow down.
"""

from __future__ import annotations

import binascii
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from typing import Any

from aiops.errors import RecordError

# A message with its attachments. What alerts by e-mail is a few kilobytes; 1 MiB holds any HTML.
MAX_BYTES = 8 << 20
MAX_TEXT = 1 << 20
# RFC 5322 limits a line to 998 characters; a `References` header of a long thread has several.
MAX_HEADER, MAX_HEADERS = 8_192, 200
# Parts that are looked at: alternatives, related pictures, forwarded messages.
MAX_PARTS = 100
# The library's parser compares each line with the boundaries of all parts around it, and takes quadratic time for the
# parameters of a header: 8 MB of hostile message would take minutes.
MAX_DEPTH, MAX_BUILT = 16, 2_000
_NAMES = ("subject", "from", "to", "date", "message-id")


class _Policy(Compat32):
    """Headers as they came, up to `MAX_HEADER` characters each."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER]


class _Part(Message):
    """A message or a part of one, which refuses to be nested too deeply or to have too many parts."""

    depth = 0

    def attach(self, payload: Any) -> None:
        """Take a part; the parser does this before it reads it."""
        payload.depth = self.depth + 1
        parts = self.get_payload()
        if payload.depth > MAX_DEPTH or (isinstance(parts, list) and len(parts) >= MAX_BUILT):
            raise MessageError(f"expected at most {MAX_DEPTH} levels of at most {MAX_BUILT} parts; got more")
        super().attach(payload)


_POLICY = _Policy()


def mime(body: bytes) -> dict[str, Any]:
    """Return a message as `headers`, `subject`, `from`, `to`, `date`, `message_id`, `text` and `html`.

    Header names are lower case; of a header that is given several times, the first counts. Attachments are left out.
    Raise `RecordError` for what has no headers, or is too long.
    """
    if len(body) > MAX_BYTES:
        raise RecordError(f"expected a message of at most {MAX_BYTES} bytes; got {len(body)}")
    try:
        message = message_from_bytes(body.lstrip(b"\r\n"), _Part, policy=_POLICY)
        headers = _headers(message)
        texts = _texts(message)
    except (MessageError, ValueError, LookupError, RecursionError, AssertionError, TypeError, AttributeError) as error:
        raise RecordError(f"expected an e-mail message: {str(error)[:200]}") from None
    if not headers:
        raise RecordError("expected an e-mail message with headers; got none")
    found: dict[str, Any] = {name.replace("-", "_"): headers[name] for name in _NAMES if name in headers}
    return {"headers": headers, **found, **texts}


def _headers(message: Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in message.items()[:MAX_HEADERS]:
        headers.setdefault(name.strip().lower()[:256], header_text(str(value)))
    return headers


def header_text(value: str) -> str:
    """Return the text of a header: unfolded, and with encoded words (RFC 2047) decoded.

    >>> header_text("=?utf-8?q?Disk_f=C3=BCll?=\\r\\n =?utf-8?q?_on_web-1?=")
    'Disk füll on web-1'
    """
    flat = " ".join(value[:MAX_HEADER].splitlines())
    if "=?" not in flat:
        return " ".join(flat.split()).encode("utf-8", "replace").decode()
    try:
        pieces = decode_header(flat)
    except (HeaderParseError, binascii.Error, ValueError):
        return " ".join(flat.split())
    decoded = "".join(part if isinstance(part, str) else _decoded(part, charset or "ascii") for part, charset in pieces)
    return " ".join(decoded.split())


def _texts(message: Message) -> dict[str, str]:
    """Return the first plain text and the first HTML of a message."""
    found: dict[str, str] = {}
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            break
        kind = {"text/plain": "text", "text/html": "html"}.get(part.get_content_type())
        if kind is None or kind in found or part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            charset = part.get_content_charset() or "utf-8"
            found[kind] = _decoded(payload[:MAX_TEXT], charset).replace("\r\n", "\n")
    return found


def _decoded(raw: bytes, charset: str) -> str:
    """Decode by a stated charset; by UTF-8 or else Windows-1252 where it does not hold."""
    for name in (charset if _is_text(charset) else "utf-8", "utf-8"):
        try:
            return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("cp1252", "replace")


def _is_text(charset: str) -> bool:
    """Python has codecs that are no charsets (`zip`, `hex`): a message must not choose one."""
    name = charset.lower().replace("_", "-")
    prefixes = ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "iso8859", "windows-", "cp12", "koi8", "gb", "big5")
    return name.startswith((*prefixes, "shift-jis", "euc-", "iso-2022", "utf-16", "utf-32", "latin"))


__all__ = ["header_text", "mime"]
