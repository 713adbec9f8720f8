"""Alert names in plain words: "rollout stuck" for "KubeDeploymentRolloutStuck".

A first-match word list, kept as data in `alert_words.toml`. Names come from payloads: they are cut before they
are read. Cost: some 50 µs for a new name; memory is bounded by the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct

# The words for a name that has no entry.
UNKNOWN = "failing"
MAX_NAME = 256
_WORD = re.compile(r"[0-9]+[a-z]*|[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z]+[0-9]*")


class _Entry(Struct, forbid_unknown_fields=True):
    """One entry of the file: words for people, and the patterns of names that they stand for."""

    plain: str
    names: list[str]


class _WordsFile(Struct, forbid_unknown_fields=True):
    version: int
    words: list[_Entry]


def plain_words(names: Iterable[str]) -> str:
    """Return the plain words of the first entry that any of the alert names has; empty if none has one.

    >>> plain_words(["HighErrorRate", "KubeDeploymentRolloutStuck"]), plain_words(["PayrollExport"])
    ('rollout stuck', '')
    """
    found = [place for name in names if (place := _place(name[:MAX_NAME])) is not None]
    return _entries()[min(found)][0] if found else ""


@lru_cache(maxsize=4_096)
def _place(name: str) -> int | None:
    words = [word.lower() for word in _WORD.findall(name)]
    for place, (_, patterns) in enumerate(_entries()):
        if any(_holds(words, pattern) for pattern in patterns):
            return place
    return None


@cache
def _entries() -> list[tuple[str, list[list[str]]]]:
    raw = files(__package__).joinpath("alert_words.toml").read_bytes()
    whole = msgspec.toml.decode(raw, type=_WordsFile)
    return [(entry.plain, [pattern.split() for pattern in entry.names]) for entry in whole.words]


def _holds(words: list[str], pattern: list[str]) -> bool:
    """Return True if the words of the pattern follow each other somewhere in the name."""
    last = len(words) - len(pattern)
    return any(all(map(_fits, words[start:], pattern)) for start in range(last + 1))


def _fits(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
