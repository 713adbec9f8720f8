"""JSON of a body or a value, read leniently where a sender was careless: one document or lines."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from aiops.errors import RecordError
from aiops.records.lenient import NotJsonError, read
from aiops_connectors.mapping.builders import Problem

# Lines of one body; as many as records of one value.
MAX_LINES = 10_000
_PLAIN = msgspec.json.Decoder()


def plain(value: bytes | str, problems: list[Problem]) -> Any:
    """Decode JSON, leniently if necessary; its flaws are added to `problems` as warnings.

    Raise `RecordError` if it cannot be read at all.
    """
    try:
        return _PLAIN.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = read(value)
    except NotJsonError as error:
        raise RecordError(f"expected JSON: {error}") from None
    problems += [Problem(place, f"{place}: {reason}: taken as null", warning=True) for place, reason in found.flaws]
    return found.value


def json_lines(body: bytes) -> list[Any] | None:
    """Return the objects of JSON Lines; None if a line is no object, or there are fewer than two.

    >>> json_lines(b'{"a": 1}\\n\\n{"a": 2}\\n'), json_lines(b'{"a": 1}')
    ([{'a': 1}, {'a': 2}], None)
    """
    lines = [line for line in body.split(b"\n", MAX_LINES + 1) if line.strip()]
    if not 2 <= len(lines) <= MAX_LINES:
        return None
    found: list[Any] = []
    for line in lines:
        try:
            value = _PLAIN.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if type(value) is not dict:
            return None
        found.append(value)
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(word)


_ONE = json.JSONDecoder(parse_constant=_no_constant)


def json_documents(body: bytes) -> list[Any] | None:
    """Return objects that follow each other, with or without a comma; None for anything else.

    One object alone is none of these. A template that repeats an object for each alert writes them so, such as
    Kibana's `{{#context.alerts}}{{{.}}}{{/context.alerts}}`.

    >>> json_documents(b'{"a": 1}{"a": 2}'), json_documents(b'{"a": 1}, {"a": 2},'), json_documents(b'{"a": 1}')
    ([{'a': 1}, {'a': 2}], [{'a': 1}, {'a': 2}], None)
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    found: list[Any] = []
    at = _next(text, 0)
    while at < len(text) and len(found) < MAX_LINES:
        try:
            value, at = _ONE.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        if type(value) is not dict:
            return None
        found.append(value)
        at = _next(text, at)
    return found if len(found) > 1 and at >= len(text) else None


def _next(text: str, at: int) -> int:
    """Return the place of the next object: after blanks and at most one comma."""
    has_comma = False
    while at < len(text) and (text[at].isspace() or (text[at] == "," and not has_comma)):
        has_comma = has_comma or text[at] == ","
        at += 1
    return at


__all__ = ["json_documents", "json_lines", "plain"]
