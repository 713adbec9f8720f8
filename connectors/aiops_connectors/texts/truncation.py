"""Cutting texts to what receivers take, without cutting a character in half."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without control characters, marks that turn the direction of writing, and broken surrogates."""
    return _CONTROL.sub(" ", text)


def line(text: str, limit: int) -> str:
    """One line of up to `limit` characters.

    >>> line("disk is\\nfull on db-1", 12)
    'disk is ful…'
    """
    return cut(" ".join(plain(text).split()), limit)


def cut(text: str, limit: int) -> str:
    """Up to `limit` characters (code points); the last one is an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def cut_utf16(text: str, limit: int) -> str:
    """Up to `limit` UTF-16 units, in which receivers written in Java, C# and JavaScript count."""
    if len(text) * 2 <= limit or len(text.encode("utf-16-le")) // 2 <= limit:
        return text
    raw = text.encode("utf-16-le")[: 2 * max(0, limit - 1)]
    return raw.decode("utf-16-le", "ignore") + "…"
