"""Forms as objects of texts: bodies of web forms, the query of a URL, text fields of multipart bodies.

Sources: https://url.spec.whatwg.org/#application/x-www-form-urlencoded, RFC 7578 (multipart/form-data).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from aiops.errors import RecordError

# Tools send some thirty fields; more is no form, and each costs memory beyond its bytes.
MAX_FIELDS = 1_000
# RFC 2046: a boundary has at most 70 characters.
MAX_BOUNDARY = 70
# Decoded at once.
PIECE = 64 << 10
# The head of a part: two or three short lines.
MAX_PART_HEAD = 4_096

Form = dict[str, str | list[str]]


def form(body: bytes | str) -> Form:
    """Return the fields of a form or of a query; one that is given several times is a list.

    Raise `RecordError` for more than `MAX_FIELDS`.

    >>> form(b"host=web-1&state=down&tag=a&tag=b&note=")
    {'host': 'web-1', 'state': 'down', 'tag': ['a', 'b'], 'note': ''}
    """
    raw = (body.encode("utf-8", "replace") if isinstance(body, str) else body).strip()
    if raw.count(b"&") >= MAX_FIELDS:
        raise RecordError(f"expected a form of at most {MAX_FIELDS} fields; got more")
    pairs = (part.partition(b"=") for part in raw.split(b"&") if part)
    return gathered((_decoded(name), _decoded(value)) for name, _, value in pairs)


def _decoded(text: bytes) -> str:
    """Return a name or a value decoded in pieces: the library holds 120 bytes for each `%`."""
    if b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" not in text:
        return _text(text)
    pieces: list[bytes] = []
    start = 0
    while start < len(text):
        end = start + PIECE
        # A sign and its two digits stay together.
        end = end - 2 if b"%" in text[end - 2 : end] else end
        pieces.append(unquote_to_bytes(text[start:end]))
        start = end
    return _text(b"".join(pieces))


def gathered(pairs: Iterable[tuple[str, str]]) -> Form:
    """Return pairs as an object; the values of a name that is given several times become a list."""
    found: Form = {}
    for name, value in pairs:
        known = found.get(name)
        if known is None:
            found[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def resembles_form(body: bytes) -> bool:
    """Return True if a body is a form whatever its type: encoded, with a name before the first `=`.

    >>> resembles_form(b"host=web-1&msg=disk+full"), resembles_form(b"a = b"), resembles_form(b"disk full")
    (True, False, False)
    """
    text = body.strip()
    name, equals, _ = text[:1_024].partition(b"=")
    is_name = (
        bool(name)
        and name.replace(b"%5B", b"")
        .replace(b"[", b"")
        .replace(b"]", b"")
        .replace(b"_", b"")
        .replace(b"-", b"")
        .replace(b".", b"")
        .isalnum()
    )
    return bool(equals) and is_name and not any(byte in text for byte in b' \t\r\n<>"{}')


def multipart(body: bytes, boundary: str) -> Form:
    """Return the text fields of a `multipart/form-data` body; attached files are left out.

    Raise `RecordError` without a boundary, or with more than `MAX_FIELDS` parts.
    """
    if not boundary or len(boundary) > MAX_BOUNDARY or not boundary.isascii():
        raise RecordError("expected a boundary in the content type multipart/form-data")
    mark = b"--" + boundary.encode()
    # Careless senders end lines with a line feed alone.
    end = b"\r\n" if b"\r\n" + mark in body else b"\n"
    parts = (end + body).split(end + mark, MAX_FIELDS + 1)
    if len(parts) > MAX_FIELDS + 1:
        raise RecordError(f"expected at most {MAX_FIELDS} parts of a form; got more")
    if len(parts) == 1:
        raise RecordError(f"expected parts between the boundary {boundary!r}; got none")
    return gathered(field for part in parts[1:] if not part.startswith(b"--") and (field := _field(part)) is not None)


def _field(part: bytes) -> tuple[str, str] | None:
    """Return name and text of one part; None for a file, and for a part without a name."""
    part = part.lstrip(b" \t").removeprefix(b"\r").removeprefix(b"\n")
    end, gap = min(
        ((at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := part.find(mark, 0, MAX_PART_HEAD)) >= 0),
        default=(-1, 0),
    )
    if end < 0:
        return None
    for line in _text(part[:end]).splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            given = parameters(value)
            if "name" not in given or "filename" in given or "filename*" in given:
                return None
            return given["name"], _text(part[end + gap :])
    return None


def parameters(header: str) -> dict[str, str]:
    """Return the parameters of a header's value, with lower-case names.

    >>> parameters('form-data; name="a;b"; x=1')
    {'name': 'a;b', 'x': '1'}
    """
    found: dict[str, str] = {}
    rest = header[:MAX_PART_HEAD].partition(";")[2]
    while rest:
        name, equals, rest = rest.partition("=")
        if not equals:
            break
        rest = rest.lstrip()
        if rest.startswith('"'):
            value, rest = _quoted(rest[1:])
            rest = rest.partition(";")[2]
        else:
            value, _, rest = rest.partition(";")
        found.setdefault(name.strip(" ;").lower(), value.strip())
    return found


def _quoted(text: str) -> tuple[str, str]:
    """Return a quoted text up to its end, and what follows."""
    letters: list[str] = []
    at = 0
    while at < len(text) and text[at] != '"':
        # Browsers and most clients write a quote inside as \" (some as %22).
        at += text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\")
        letters.append(text[at : at + 1])
        at += 1
    return "".join(letters), text[at + 1 :]


def _text(raw: bytes) -> str:
    """UTF-8, or else Windows-1252: old tools state no charset."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


__all__ = ["form", "multipart", "parameters", "resembles_form"]
