"""JSON held as text in a field of a payload."""

from __future__ import annotations

from typing import Any

import msgspec

from aiops.records.lenient import NotJsonError, read


def unwrapped(value: Any) -> Any:
    """Return what the JSON in a text holds; everything else as it is. Never raises.

    >>> unwrapped('{"a": 1}'), unwrapped({"a": 1}), unwrapped("plain")
    ({'a': 1}, {'a': 1}, 'plain')
    """
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        # A lone surrogate in the text cannot be encoded; the lenient reader replaces it.
        pass
    try:
        return read(value).value
    except NotJsonError:
        return value
