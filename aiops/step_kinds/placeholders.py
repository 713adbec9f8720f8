"""Placeholders: values of parameters, put into requests as whole scalars and whole path segments.

Nothing is evaluated and nothing is joined: a value never leaves its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from aiops.errors import UsageError
from aiops.step_kinds.forms import Scalar

PLACEHOLDER = re.compile(r"\{\{ ?([a-z][a-zA-Z0-9_]{0,31}) ?\}\}")


def fill(value: Any, values: Mapping[str, Scalar]) -> Any:
    """Replace each scalar `"{{ name }}"` in a JSON value by the value itself; its type is kept.

    >>> fill({"host": "{{ host }}", "n": ["{{ count }}"]}, {"host": "web-1", "count": 2})
    {'host': 'web-1', 'n': [2]}
    """
    if isinstance(value, dict):
        return {key: fill(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, values) for part in value]
    if not isinstance(value, str):
        return value
    found = PLACEHOLDER.fullmatch(value)
    if found is None:
        if "}}" in value.partition("{{")[2]:
            raise UsageError(f"expected '{{{{ name }}}}' to be the whole of a value; got {value!r}")
        return value
    if found.group(1) not in values:
        raise UsageError(f"parameter {found.group(1)!r} has no value")
    return values[found.group(1)]


def path(base: str, *segments: Any) -> str:
    """Return a URL below `base`, each segment quoted as a whole; raise `UsageError` for one that is none.

    >>> path("https://ops.example/v1/", "hosts", "a/b")
    'https://ops.example/v1/hosts/a%2Fb'
    """
    return "/".join([base.rstrip("/"), *map(segment, segments)]) if segments else base


def segment(value: Any) -> str:
    """Return a value as one segment of a path."""
    text = plain(value)
    if text in ("", ".", ".."):
        raise UsageError(f"expected a path segment; got {text!r}")
    return quote(text, safe="")


def query(values: Mapping[str, Any]) -> str:
    """Return the query of a URL with its question mark; empty for no values."""
    return "?" + urlencode({key: plain(value) for key, value in values.items()}) if values else ""


def plain(value: Any) -> str:
    """Return a scalar as text; booleans as JSON has them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def placeholders(part: Any) -> list[str]:
    """Return the names of the parameters that a step uses, in order of appearance, each once."""
    return list(dict.fromkeys(name for text in texts(part) for name in PLACEHOLDER.findall(text)))


def texts(part: Any) -> Iterator[str]:
    """Yield every text in a step's fields, keys included."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)
    elif isinstance(part, Struct):
        for name in part.__struct_fields__:
            yield from texts(getattr(part, name))
