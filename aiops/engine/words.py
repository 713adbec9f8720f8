"""Counts and times as people say them."""

from __future__ import annotations


def plural(count: int, word: str, words: str | None = None) -> str:
    """
    >>> plural(1, "alert"), plural(2, "entity", "entities")
    ('1 alert', '2 entities')
    """
    return f"{count} {word if count == 1 else words or word + 's'}"


def duration(seconds: float) -> str:
    """
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
