"""The word that was meant: the nearest of those that are known, for messages about what was not found."""

from __future__ import annotations

from collections.abc import Iterable

# A longer word is no typing error of another; more candidates take longer than a person waits.
MAX_WORD, MAX_CANDIDATES = 64, 5_000


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word with the fewest typing errors between; None if all are too far.

    One error is allowed for three letters, at most three: what is added, left out, changed, or swapped. Cost: at most
    some 20 µs a candidate.

    >>> nearest("sevice", ["service", "source"]), nearest("payment-api", ["payments-api"]), nearest("x", ["service"])
    ('service', 'payments-api', None)
    """
    word = word.casefold()[:MAX_WORD]
    best, least = None, min(3, len(word) // 3) + 1
    for place, candidate in enumerate(known):
        if place == MAX_CANDIDATES or (least <= 1 and best is not None):
            break
        other = candidate.casefold()
        if other != word and abs(len(other) - len(word)) < least:
            errors = _errors(word, other, least)
            if errors < least:
                best, least = candidate, errors
    return best


def _errors(one: str, other: str, most: int) -> int:
    """Return the optimal string alignment distance, or `most` if it is not below."""
    before, last, row = list[int](), list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = last, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) >= most:
            return most
    return row[-1]
