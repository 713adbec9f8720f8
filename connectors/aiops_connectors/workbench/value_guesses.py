"""Fields of a draft guessed by values: words of states, addresses, times, ids and sentences.

A value that is the same in the payloads of an alert and of its end may be its identity; one that differs is its state
or its text. Each guess becomes a check for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from aiops.records.severity import find_severity
from aiops_connectors.mapping.expressions import text
from aiops_connectors.mapping.states import state_of
from aiops_connectors.mapping.times import parse_time

# A name is a line that people read; a longer text is a message.
MAX_NAME_CHARS = 120
# A word of a state or a severity.
MAX_WORD_CHARS = 24
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,23}")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
# Numbers, UUIDs and hashes, and keys such as PX-4471.
_ID = re.compile(r"\d{2,20}|[0-9a-fA-F-]{16,64}|[A-Z]{1,10}[-_#]?\d{1,12}")
_HOST = re.compile(r"[a-z][a-z0-9]{0,62}(?:[-.][a-z0-9]{1,62}){1,8}")

Values = dict[str, list[str]]


def guessed_by_value(taken: dict[str, str], found: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Return paths of fields that `taken` lacks, by the values at (path, value) of all payloads."""
    values = _by_path(found)
    payloads = max((len(ones) for ones in values.values()), default=0)
    guesses: dict[str, str] = {}
    for field, fits in _FIELDS.items():
        if field in taken:
            continue
        used = {*taken.values(), *guesses.values()}
        path = next((path for path, ones in values.items() if path not in used and fits(ones, payloads)), None)
        if path is not None:
            guesses[field] = path
    if "name" not in taken and "name" not in guesses:
        rest = [path for path in values if path not in {*taken.values(), *guesses.values()}]
        if rest or values:
            guesses["name"] = rest[0] if rest else next(iter(values))
    return guesses


def _by_path(found: Sequence[tuple[str, Any]]) -> Values:
    values: Values = {}
    for path, value in found:
        word = text(value)
        if word is not None and not isinstance(value, bool):
            values.setdefault(path, []).append(word)
    return values


def _is_link(ones: list[str], _: int) -> bool:
    return all(one.startswith(("http://", "https://")) for one in ones)


def _is_time(ones: list[str], _: int) -> bool:
    # Small numbers parse as times of 1970: they are counts.
    return all((parse_time(one) or 0.0) > 1e9 or _epoch(one) for one in ones)


def _epoch(one: str) -> bool:
    return one.isdecimal() and len(one) <= 19 and (parse_time(int(one)) or 0.0) > 1e9


def _is_severity(ones: list[str], _: int) -> bool:
    return all(
        len(one) <= MAX_WORD_CHARS and not _NUMBER.fullmatch(one) and find_severity(one) is not None for one in ones
    )


def _is_state(ones: list[str], payloads: int) -> bool:
    if not all(_WORD.fullmatch(one) for one in ones) or not any(state_of(one) is not None for one in ones):
        return False
    return payloads < 2 or len(set(ones)) > 1


def _is_identity(ones: list[str], payloads: int) -> bool:
    return _is_same(ones, payloads) and all(_ID.fullmatch(one) for one in ones) and not _is_time(ones, payloads)


def _is_host(ones: list[str], payloads: int) -> bool:
    return _is_same(ones, payloads) and all(_HOST.fullmatch(one) for one in ones)


def _is_title(ones: list[str], payloads: int) -> bool:
    fits = all(" " in one and len(one) <= MAX_NAME_CHARS for one in ones)
    return fits and _is_same(ones, payloads) and not _is_time(ones, payloads)


def _is_text(ones: list[str], payloads: int) -> bool:
    return all(" " in one for one in ones) and not _is_time(ones, payloads)


def _is_same(ones: list[str], payloads: int) -> bool:
    return len(set(ones)) == 1 and len(ones) == payloads


# In this order: what is certain by its form first, sentences last.
_FIELDS: dict[str, Callable[[list[str], int], bool]] = {
    "url": _is_link,
    "ts": _is_time,
    "status": _is_state,
    "severity": _is_severity,
    "key": _is_identity,
    "entity": _is_host,
    "name": _is_title,
    "message": _is_text,
}
