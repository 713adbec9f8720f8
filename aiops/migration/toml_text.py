"""Writes a configuration as TOML: scalars and inline lists first, then tables, then lists of tables.

Source: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(config: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """Return the configuration as TOML; `comments` stand above their sections, by dotted key.

    >>> print(toml_text({"a": 1, "b": {"c": ["x"]}}, {"b": "Why."}).strip())
    a = 1
    <BLANKLINE>
    # Why.
    [b]
    c = ["x"]
    """
    lines = list(_table(config, (), comments or {}))
    return "\n".join(lines).strip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...], comments: Mapping[str, str]) -> Iterator[str]:
    inner = {name: value for name, value in table.items() if _is_section(value) or (not path and type(value) is dict)}
    for name, value in table.items():
        if name not in inner:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in inner.items():
        place = (*path, name)
        header = ".".join(map(_key, place))
        above = [f"# {line}" for line in comments.get(".".join(place), "").splitlines()]
        for one in value if isinstance(value, list) else [value]:
            brackets = f"[[{header}]]" if isinstance(value, list) else f"[{header}]"
            yield from ("", *above, brackets)
            above = []
            yield from _table(one, place, comments)


def _is_section(value: Any) -> bool:
    """Return true for a table or a list of tables that does not fit into one line."""
    if isinstance(value, dict):
        return len(_value(value)) > 100 or any(isinstance(one, dict | list) for one in value.values())
    return (
        isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value) and not _is_flat(value)
    )


def _is_flat(tables: list[dict[str, Any]]) -> bool:
    return len(tables) == 1 and len(_value(tables)) <= 80 and not any(isinstance(v, list) for v in tables[0].values())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # A literal string is easier to read where quotes are in it.
        if '"' in value and "'" not in value and value.isprintable():
            return f"'{value}'"
        return _quoted(value)
    return repr(value)


def _quoted(text: str) -> str:
    """Return a basic string, which has JSON's escapes and must not hold DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
