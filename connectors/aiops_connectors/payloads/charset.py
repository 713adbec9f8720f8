"""Bodies in a charset that their sender states (`Content-Type: application/json; charset=…`).

PowerShell 5.1 sends Latin-1, old collectors Windows-1252, some .NET senders UTF-16. JSON itself is UTF-8 (RFC 8259),
the default without a charset. Only codecs of text are allowed: Python has others, which unpack.
"""

from __future__ import annotations

import codecs

# What senders call the allowed charsets (lower case, hyphens), and Python's name. ASCII is a part of UTF-8, and who
# states it and sends more usually sends UTF-8.
_UTF8 = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))
_ISO = {
    f"iso{dash}8859-{number}": f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17)) for dash in ("", "-")
}
_WINDOWS = {f"{name}{number}": f"cp{number}" for number in range(1250, 1259) for name in ("windows-", "cp", "cp-")}
_WIDE = {
    f"utf{dash}{width}{end}": f"utf-{width}{end and '-' + end.strip('-')}"
    for width in (16, 32)
    for end in ("", "le", "be", "-le", "-be")
    for dash in ("", "-")
}
_CODECS: dict[str, str] = {
    **_ISO,
    **_WINDOWS,
    **_WIDE,
    "latin1": "iso8859-1",
    "latin-1": "iso8859-1",
    "l1": "iso8859-1",
}

ALLOWED = "utf-8, utf-16, utf-32, iso-8859-1 to 16, windows-1250 to 1258 or ascii"


class CharsetError(Exception):
    """A body that is not taken: the status to answer (413, 415) and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def declared(content_type: str) -> str:
    """The charset that a content type states, in lower case; empty where it states none.

    >>> declared('application/json; charset="ISO_8859-1"'), declared("text/plain")
    ('iso-8859-1', '')
    """
    for parameter in content_type[:1_024].split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").strip().lower().replace("_", "-")
    return ""


def as_utf8(body: bytes, content_type: str, most: int) -> bytes:
    """The body in UTF-8 and without a byte order mark, of at most `most` bytes.

    A character that the charset does not have becomes U+FFFD: one of them is no reason to lose an alert. Raise
    `CharsetError`: 415 for a charset that is not allowed, 413 for a body that grows beyond `most` (a Latin-1 letter
    takes two bytes in UTF-8).

    >>> as_utf8(b"srv-m\\xfcnchen", "application/json; charset=iso-8859-1", 100).decode()
    'srv-münchen'
    """
    charset = declared(content_type) if "charset" in content_type.lower() else ""
    if not charset or charset in _UTF8:
        return body.removeprefix(codecs.BOM_UTF8)
    name = _CODECS.get(charset)
    if name is None:
        raise CharsetError(415, f"charset: expected {ALLOWED}; got {charset[:40]!r}")
    text = body.decode(_with_order(body, name), "replace").removeprefix("\ufeff")
    encoded = text.encode("utf-8", "replace")
    if len(encoded) > most:
        raise CharsetError(413, f"expected a body of at most {most} bytes in UTF-8; got {len(encoded)}")
    return encoded


def _with_order(body: bytes, codec: str) -> str:
    """Return the codec with its byte order: by the mark, or else by the zeros of the first character.

    The standard prescribes big-endian without a mark; Windows sends little-endian anyway.
    """
    marks = (
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) if codec == "utf-16" else (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
    )
    if codec not in ("utf-16", "utf-32") or body.startswith(marks):
        return codec
    return f"{codec}-be" if body[:1] == b"\0" else f"{codec}-le"


__all__ = ["CharsetError", "as_utf8", "declared"]
