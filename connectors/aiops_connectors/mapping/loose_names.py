"""Names of fields whatever their case and separators: `~alert_name` also reads `AlertName`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# Keys of one object that are compared; a tool's payload has a few dozen.
MAX_KEYS = 500
MAX_NAME = 256


@lru_cache(maxsize=4_096)
def folded(name: str) -> str:
    """Return a name in lower case without separators.

    >>> folded("Alert_Name"), folded("alert-name"), folded("alertName")
    ('alertname', 'alertname', 'alertname')
    """
    return "".join(letter for letter in name[:MAX_NAME].lower() if letter not in "_- .")


def folded_fields(item: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an object by their folded names; of several, the first counts."""
    fields: dict[str, Any] = {}
    for number, (key, value) in enumerate(item.items()):
        if number >= MAX_KEYS:
            break
        if len(key) <= MAX_NAME:
            fields.setdefault(folded(key), value)
    return fields


def loose(value: Any, name: str, wanted: str) -> Any:
    """Return the field of an object with exactly `name`, or else the first whose folded name is `wanted`."""
    if type(value) is not dict:
        return None
    if name in value:
        return value[name]
    for number, key in enumerate(value):
        if number >= MAX_KEYS:
            break
        if len(key) <= MAX_NAME and folded(key) == wanted:
            return value[key]
    return None


__all__ = ["folded", "folded_fields", "loose"]
