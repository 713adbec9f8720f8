"""Lenient JSON decoding: reads a document with a bad character as far as possible and notes each flaw.

The fast decoder refuses a whole document for a lone surrogate, a byte order mark, a line break inside a text or a
number outside JSON (NaN, infinity, 1e999). Real senders produce all of them. This decoder runs only after the fast one
has refused. A lone surrogate becomes U+FFFD; an invalid number becomes null.
"""

from __future__ import annotations

import codecs
import json
import math
from typing import Any, NoReturn

from msgspec import Struct, field

# Notes kept for one document; a person reads a handful.
MAX_FLAWS = 20
# The interpreter's own bound on digits is 4,300, and reading them takes time that grows with the square.
MAX_DIGITS = 400
# Deeper than any tool nests, and less deep than the interpreter's stack.
MAX_DEPTH = 200


class NotJsonError(ValueError):
    """Raised for input that cannot be read at all; the text names the expected and the actual content."""


class Lenient(Struct):
    """The decoded value, and its flaws as (position, reason)."""

    value: Any
    flaws: list[tuple[str, str]] = field(default_factory=list)


def read(raw: bytes | str) -> Lenient:
    """Read a document that the strict decoder refused; raise `NotJsonError` if it is no JSON at all.

    >>> read(b'\\xef\\xbb\\xbf{"a": "cut \\\\ud83d", "b": NaN}')
    Lenient(value={'a': 'cut �', 'b': None}, flaws=[('$.b', 'expected a number; got nan')])
    """
    text = raw if isinstance(raw, str) else _text(raw)
    try:
        value = json.loads(text, strict=False, parse_int=_integer)
        found = Lenient(None)
        found.value = _clean(value, "$", found.flaws, 0)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"JSON is malformed: {error.msg} (character {error.pos})") from None
    except RecursionError:
        raise NotJsonError("JSON is nested too deeply") from None
    return found


def _text(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotJsonError("text is not UTF-8: it starts with the byte order mark of UTF-16; state the charset")
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        byte = raw.removeprefix(codecs.BOM_UTF8)[error.start]
        raise NotJsonError(f"text is not UTF-8: byte 0x{byte:02x} at {error.start}; state the charset") from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def _too_deep() -> NoReturn:
    raise NotJsonError("JSON is nested too deeply")


def _clean(value: Any, place: str, flaws: list[tuple[str, str]], depth: int) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        if len(flaws) < MAX_FLAWS:
            flaws.append((place, f"expected a number; got {value}"))
        return None
    if depth > MAX_DEPTH:
        _too_deep()
    if isinstance(value, list):
        return [_clean(item, f"{place}[{number}]", flaws, depth + 1) for number, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            (key := _clean_text(name)): _clean(item, f"{place}.{key[:64]}", flaws, depth + 1)
            for name, item in value.items()
        }
    return value


def _clean_text(text: str) -> str:
    """Replace lone surrogates by U+FFFD; pairs are one character already."""
    if text.isascii():
        return text
    # UTF-16 joins two halves that belong together into one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
