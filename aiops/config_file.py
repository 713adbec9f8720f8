"""Configuration files: TOML into Structs, with `KEY=VALUE` on top, and errors that name the place."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aiops.errors import UsageError

T = TypeVar("T")


def load(path: Path | None, sets: Sequence[str], type_: type[T]) -> T:
    """A configuration of `type_`: its defaults, the file over them, `section.key=value` over that.

    Raise `UsageError` for a file that cannot be read, is no TOML, or has a key or a value that does not fit.
    """
    table: dict[str, Any] = _table(path) if path is not None else {}
    for assignment in sets:
        _set(table, assignment)
    place = str(path) if path is not None else "--set"
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
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise UsageError(f"--set: expected section.key=value; got {assignment!r}")
    for step in steps[:-1]:
        inner = table.setdefault(step, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--set {key}: {step} is a value, not a section")
        table = inner
    table[steps[-1]] = _value(text.strip())


def _value(text: str) -> Any:
    """A TOML value; what is none is a text, so that quotes are not needed.

    >>> _value("0.5"), _value("true"), _value("causes"), _value('["a"]')
    (0.5, True, 'causes', ['a'])
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
