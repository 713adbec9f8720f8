"""Counts, durations and lists as people write them; the only module that formats them."""

from __future__ import annotations

import json
from collections.abc import Sequence


def plural(count: int, word: str, words: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "alert"), plural(2, "entity", "entities"), plural(3_000, "hop")
    ('1 alert', '2 entities', '3,000 hops')
    """
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def duration(seconds: float) -> str:
    """Return a duration.

    >>> duration(0.4), duration(75), duration(7300)
    ('less than a second', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 1:
        return "less than a second"
    whole = round(seconds)
    if whole < 60:
        return plural(whole, "second")
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 2 * 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return plural(whole // 86_400, "day")


def listed(names: Sequence[str], shown: int, count: int = 0, *, is_cut: bool = False) -> str:
    """Return the first names of a list, and the number of the others.

    `count` is the total if the list holds fewer; `is_cut` means that there may be more, uncounted.

    >>> listed(["a", "b", "c"], 2), listed(["a", "b"], 2), listed(["a", "b", "c"], 2, 3_000)
    ('a, b and 1 more', 'a, b', 'a, b and 2,998 more')
    >>> listed(["a", "b", "c"], 2, is_cut=True)
    'a, b and at least 1 more'
    """
    more = max(count, len(names)) - min(len(names), shown)
    text = ", ".join(names[:shown])
    return f"{text} and {'at least ' if is_cut else ''}{more:,} more" if more else text


def yaml_quoted(text: str) -> str:
    """Return a text as a double-quoted scalar of YAML, in ASCII.

    >>> yaml_quoted('disk "é"')
    '"disk \\\\"\\\\U000000e9\\\\""'
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if " " <= one <= "~" else f"\\U{ord(one):08x}" for one in quoted)
