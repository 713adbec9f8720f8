"""Regular expressions of users and senders, matched in linear time by RE2 (Prometheus' syntax).

The standard library's `re` backtracks: `((a+))+$` on one pod name of forty letters takes years, and holds the
interpreter's lock meanwhile. RE2 has no back-references and no look-around. Its cost is the length of the text times
the size of the program, and both are bounded here. Reference: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import re2

from aiops.errors import UsageError

Result = TypeVar("Result")
# The longest expression of the shipped playbooks has under 300 characters. A list of alert names has a few thousand
# characters at most; a longer one belongs in several silences.
MAX_PATTERN_CHARS = 4_000
# Memory of one expression, its cache of states included. A thousand silences may hold one each.
MAX_MEMORY_BYTES = 1 << 20
# Instructions. Beyond its cache RE2 pays for each with each character: 5,000 of them over `MAX_TEXT_CHARS` take 85 ms.
MAX_PROGRAM = 5_000
# A longer text is not examined. Label values have tens of characters, and Kubernetes allows 63.
MAX_TEXT_CHARS = 4_096
# The longest text whose result is cached, and the number of results. The same names, instances and texts occur
# repeatedly; RE2 takes 2 to 4 µs where a lookup takes 0.1. Usual label values make that 50 kB for each of up to a
# thousand expressions, and 1.6 MB for each of the few that a mapping has, which see the instances of a whole site each
# time.
MAX_REMEMBERED_CHARS, MAX_REMEMBERED, MAX_CAUGHT = 512, 256, 8_192


class Expression:
    """A compiled expression that must match a whole text, as Prometheus' `=~` does.

    A dot matches a newline, too.

    >>> Expression("High.*").matches("HighLatency"), Expression("High").matches("HighLatency")
    (True, False)
    """

    __slots__ = ("__weakref__", "_compiled", "_occurred", "_remembered", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._compiled = _compiled(pattern, captures=False, dot_all=True)
        self._remembered: dict[str, bool] = {}
        self._occurred: dict[str, bool] = {}

    def matches(self, text: str) -> bool:
        """Match the whole text."""
        known = self._remembered.get(text)
        if known is not None:
            return known
        found = self._compiled.fullmatch(_bytes(text)) is not None
        _remember(self._remembered, text, found, MAX_REMEMBERED)
        return found

    def occurs(self, text: str) -> bool:
        """Match any part of the text."""
        known = self._occurred.get(text)
        if known is not None:
            return known
        found = self._compiled.search(_bytes(text)) is not None
        _remember(self._occurred, text, found, MAX_REMEMBERED)
        return found


class Finder:
    """A compiled expression that returns group 1 of its first match, or the match if it has no group.

    >>> Finder("host=([a-z]+)").find("env=x,host=db"), Finder("[0-9]+").find("none")
    ('db', None)
    """

    __slots__ = ("_compiled", "_group", "_remembered")

    def __init__(self, pattern: str) -> None:
        self._remembered: dict[str, str | None] = {}
        self._compiled = _compiled(pattern, captures=True, dot_all=False)
        self._group = 1 if self._compiled.groups else 0

    def find(self, text: str) -> str | None:
        """Return the captured text; None if nothing matches, or the group took no part."""
        remembered = self._remembered
        if text in remembered:
            return remembered[text]
        found = self._compiled.search(_bytes(text))
        caught: bytes | None = found[self._group] if found is not None else None
        made = None if caught is None else caught.decode("utf-8", "replace")
        _remember(remembered, text, made, MAX_CAUGHT)
        return made

    def occurs(self, text: str) -> bool:
        """Match any part of the text."""
        return self._compiled.search(_bytes(text)) is not None


class Captures:
    """A compiled expression that must match a whole text, and keeps what its groups capture.

    >>> Captures("(.+)-[0-9]+([.].+)?").joined("web-3.example"), Captures("(a)").joined("b")
    ('web.example', '')
    """

    __slots__ = ("_compiled", "count")

    def __init__(self, pattern: str) -> None:
        self._compiled = _compiled(pattern, captures=True, dot_all=False)
        # The number of groups.
        self.count: int = self._compiled.groups

    def joined(self, text: str) -> str:
        """Return the captured texts, joined; empty if nothing matches."""
        found = self._compiled.fullmatch(_bytes(text))
        if found is None:
            return ""
        # One look-up each takes 1 µs, all at once by `groups` 6.
        return b"".join([found[index] or b"" for index in range(1, self.count + 1)]).decode("utf-8", "replace")


class Choice:
    """Several expressions that are matched with a whole text at once: one pass instead of one each.

    >>> Choice(["a+", "b", "[ab]"]).matching("a")
    [0, 2]
    """

    __slots__ = ("_set",)

    def __init__(self, patterns: Sequence[str]) -> None:
        options = re2.Options()
        options.log_errors = False
        # All expressions are one automaton, with one cache of states.
        options.max_mem = MAX_MEMORY_BYTES * max(8, len(patterns))
        self._set = re2.Set.FullMatchSet(options)
        for pattern in patterns:
            # An expression that cannot be used is refused with its reason.
            _compiled(pattern, captures=False, dot_all=False)
            self._set.Add(pattern.encode())
        if patterns:
            self._set.Compile()

    def matching(self, text: str) -> list[int]:
        """Return the numbers of the expressions that match, in their order."""
        return sorted(self._set.Match(_bytes(text)) or ())


def _remember(results: dict[str, Result], text: str, result: Result, most: int) -> None:
    """Cache a result.

    Threads may share the table: each step is atomic, and a lost result is computed again.
    """
    if len(text) <= MAX_REMEMBERED_CHARS:
        if len(results) >= most:
            results.clear()
        results[text] = result


def union(expressions: Sequence[Expression]) -> Expression:
    """Return an expression that matches if one of several does.

    Raise `UsageError` if it would be too large.

    >>> union([Expression("a+"), Expression("(?i)b")]).matches("B")
    True
    """
    for one in expressions:
        # It would close a quotation that another one leaves open; without any, such a one is an error here.
        if "\\E" in one.pattern:
            raise _refused(one.pattern, "it cannot be a part of another")
    return Expression("|".join(f"(?:{one.pattern})" for one in expressions))


def _compiled(pattern: str, *, captures: bool, dot_all: bool) -> Any:
    if len(pattern) > MAX_PATTERN_CHARS:
        raise _refused(pattern, f"{len(pattern)} characters; at most {MAX_PATTERN_CHARS} are allowed")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY_BYTES
    options.never_capture = not captures
    options.dot_nl = dot_all
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        raise _refused(pattern, _message(error)) from None
    except UnicodeEncodeError:
        raise _refused(pattern, "not valid Unicode") from None
    if compiled.programsize > MAX_PROGRAM:
        raise _refused(pattern, f"{compiled.programsize} instructions; at most {MAX_PROGRAM} are allowed")
    return compiled


def _message(error: Exception) -> str:
    message = error.args[0] if error.args else error
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)


def _refused(pattern: str, why: str) -> UsageError:
    shown = pattern if len(pattern) <= 80 else pattern[:77] + "..."
    return UsageError(f"expected a regular expression in RE2 syntax; got {shown!r}: {why}")


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
