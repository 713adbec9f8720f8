"""Configuration files: TOML converted to Structs and overridden by `KEY=VALUE`.

Errors name the position.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aiops.errors import UsageError

T = TypeVar("T")


def load(path: Path | None, sets: Sequence[str], type_: type[T], settings: Mapping[str, Any] | None = None) -> T:
    """Load a configuration of `type_`: its defaults, the file over them, values, assignments.

    `settings` are values by dotted key, as a program has them: {"correlate.sensitivity": 0.4}. `sets` are
    `section.key=value`, over all others.

    Raise `UsageError` for a file that cannot be read, is no TOML, or has a key or a value that does not fit.
    """
    table: dict[str, Any] = _table(path) if path is not None else {}
    for key, value in (settings or {}).items():
        _put(table, key, _plain(value), f"settings[{key!r}]")
    for assignment in sets:
        _set(table, assignment)
    place = str(path) if path is not None else "settings" if settings else "--set"
    try:
        return msgspec.convert(table, type_)
    except msgspec.ValidationError as error:
        hint = "; see `aiops config keys`" if "unknown field" in str(error) else ""
        raise UsageError(f"{place}: {error}{hint}") from None


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: expected TOML: {error}") from None


def _set(table: dict[str, Any], assignment: str) -> None:
    key, equals, text = assignment.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise UsageError(f"--set: expected section.key=value; got {assignment!r}")
    _put(table, key, parse_value(text.strip()), f"--set {key}")


def _put(table: dict[str, Any], key: str, value: Any, place: str) -> None:
    steps = key.strip().split(".")
    if not all(steps):
        raise UsageError(f"{place}: expected section.key")
    within: Any = table
    for step in steps[:-1]:
        within = _inside(within, step, place)
    if isinstance(within, list):
        raise UsageError(f"{place}: {steps[-1]} is an item of a list; expected a key of it")
    within[steps[-1]] = value


def _inside(within: dict[str, Any] | list[Any], step: str, place: str) -> dict[str, Any] | list[Any]:
    """Return the section of a table, or the item with that `name` of a list of tables (`endpoints.pager`)."""
    if isinstance(within, list):
        named = {item.get("name"): item for item in within if isinstance(item, dict)}
        if step not in named:
            known = ", ".join(str(name) for name in named) or "there is none"
            raise UsageError(f"{place}: no item of that name (got {step!r}; use {known})")
        return named[step]
    inner = within.setdefault(step, {})
    if not isinstance(inner, dict | list):
        raise UsageError(f"{place}: {step} is a value, not a section")
    return inner


def _plain(value: Any) -> Any:
    """Convert a number of numpy to Python's; return anything else as it is."""
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def parse_value(text: str) -> Any:
    """Parse a TOML value; anything else is text, and needs no quotes.

    >>> parse_value("0.5"), parse_value("true"), parse_value("causes"), parse_value('["a"]')
    (0.5, True, 'causes', ['a'])
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
