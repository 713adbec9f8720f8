"""Texts that must occur for an expression to match: a cheap test before the expression itself.

Most playbooks match `.*(this|that|other).*` on a message. The test `"this" in text` takes 50 ns, the expression 10 µs,
and the answer is nearly always no.
"""

from __future__ import annotations

import re

# Shorter texts are in nearly every message: testing for them saves nothing.
MIN_LENGTH = 3
# `\\pL`, `\\x41`, `\\Qa.b\\E`, `\\101`.
_LONG_ESCAPE = re.compile(r"\\[pPxQ0-7]")
_SPECIAL = set(".^$*+?{}[]\\|()")


def inner(pattern: str) -> str | None:
    """Return the text between `.*(` and `).*` if these belong to the whole pattern; else None.

    >>> inner(".*(disk|inode).*"), inner(".*(a).*(b).*"), inner("disk")
    ('disk|inode', None, None)
    """
    if not (pattern.startswith(".*(") and pattern.endswith(").*")) or pattern.startswith(".*(?") or "\\Q" in pattern:
        return None
    body = pattern[3:-3]
    return body if len(split(f"({body})")) == 1 and _balanced(body) else None


def required(pattern: str) -> tuple[str, ...]:
    """Return texts of which at least one is in every match of the pattern; empty if that is unknown.

    >>> required(".*(no space left|inodes? free).*")
    ('no space left', 'inode')
    """
    # Flags, counts, named classes and escapes of several characters change the meaning of a literal. Such patterns are
    # rare, and are simply always evaluated.
    if "(?" in pattern.replace("(?:", "(") or "{" in pattern or "[:" in pattern or _LONG_ESCAPE.search(pattern):
        return ()
    body = inner(pattern)
    return _of_all(split(body if body is not None else pattern))


def _of_all(alternatives: list[str]) -> tuple[str, ...]:
    """Return the texts of all alternatives; empty if one alternative has none."""
    found: list[str] = []
    for alternative in alternatives:
        best = _longest(alternative)
        texts = (best,) if len(best) >= MIN_LENGTH else _of_groups(alternative)
        if not texts:
            return ()
        found.extend(texts)
    return tuple(dict.fromkeys(found))


def _of_groups(alternative: str) -> tuple[str, ...]:
    """Return the texts of the first group of a sequence such as `.*(a|b).*(c|d).*` that has some.

    Each group must match.
    """
    start = -1
    for index, depth in _depths(alternative):
        char = alternative[index]
        if char == "(" and depth == 1:
            start = index
        elif char == ")" and depth == 0 and alternative[index + 1 : index + 2] not in ("?", "*"):
            body = alternative[start + 1 : index].removeprefix("?:")
            texts = _of_all(split(body))
            if texts:
                return texts
    return ()


def split(pattern: str) -> list[str]:
    """Return the alternatives of a pattern at its outermost level."""
    parts, start = [], 0
    for index, depth in _depths(pattern):
        if depth == 0 and pattern[index] == "|":
            parts.append(pattern[start:index])
            start = index + 1
    return [*parts, pattern[start:]]


def _balanced(body: str) -> bool:
    return all(depth >= 0 for _, depth in _depths(body))


def _depths(pattern: str) -> list[tuple[int, int]]:
    """Return the positions of unescaped characters outside classes, with the depth of groups at each."""
    made, depth, index, inside = [], 0, 0, False
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 2
            continue
        if inside:
            inside = char != "]"
        elif char == "[":
            inside = True
            # A bracket that comes first in a class is a member of it.
            index += 1 if pattern[index + 1 : index + 2] == "]" else 0
        else:
            depth += (char == "(") - (char == ")")
            made.append((index, depth))
        index += 1
    return made


def _longest(alternative: str) -> str:
    """Return the longest run of plain characters outside groups and classes that every match contains."""
    plain = {index for index, depth in _depths(alternative) if depth == 0 and alternative[index] not in _SPECIAL}
    best = run = ""
    for index, char in enumerate(alternative):
        optional = alternative[index + 1 : index + 2] in ("?", "*", "{")
        if index in plain and not optional:
            run += char
        else:
            run = ""
        best = max(best, run, key=len)
    return best
