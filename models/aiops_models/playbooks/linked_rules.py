"""Runbooks that engineers chose for alerts like this one: the links of the operator's rules.

A rule links to a runbook. If its words and expression are like those of an alert without a link, and more than one
alert is sent to that runbook, the alert probably belongs there too: a runbook for the database takes the next rule for
the database. A runbook that one alert alone links to is that alert's own, and no evidence for its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct

from aiops.respond.alert_rules import AlertRule
from aiops.respond.runbooks import Runbook, plain
from aiops_models.retrieval import Bm25, weighted

# Rules that are less alike share the words of every rule ("high", "instance", "rate"). .2 to .4 do equally well.
MIN_ALIKE = 0.3
# Neighbours that are looked at: a shared runbook rarely has more rules on one subject.
NEIGHBOURS = 10
K1, B = 1.2, 0.75
_ENDING = re.compile(r"\.(md|markdown|html?|mdx|txt)$", re.IGNORECASE)
_INDEXES = frozenset({"readme", "index", "_index"})


class Neighbour(Struct, gc=False):
    """The rule that links to a runbook, its likeness (0 to 1), and the number of alerts linking there."""

    rule: str
    alike: float
    alerts: int

    @property
    def value(self) -> float:
        """Return the evidence for the runbook, 0 to 1: of m alerts with one runbook, m - 1 share it."""
        return max(0.0, self.alike * (self.alerts - 1) / self.alerts - MIN_ALIKE)


class Links:
    """Resolves links to runbooks of a folder: by the longest end of the path that both have."""

    def __init__(self, books: Sequence[Runbook]) -> None:
        self._by_end: dict[tuple[str, ...], int | None] = {}
        for index, book in enumerate(books):
            for end in _ends(_pieces(book.name)):
                # An end that two runbooks have names neither.
                self._by_end[end] = None if end in self._by_end else index
        self._by_alert = {plain(book.alert): index for index, book in reversed(list(enumerate(books)))}

    def resolve(self, link: str) -> int | None:
        """Return the position of the runbook that a link names; None if there is none, or more than one.

        An address whose part after `#` is the name of a runbook's alert names that one.
        """
        address, _, anchor = link.partition("#")
        by_anchor = self._by_alert.get(plain(anchor.removeprefix("alert-name-"))) if anchor else None
        if by_anchor is not None:
            return by_anchor
        for end in _ends(_pieces(unquote(address.split("?")[0]))):
            found = self._by_end.get(end)
            if found is not None:
                return found
            if end in self._by_end:
                return None
        return None

    def of(self, rules: Sequence[AlertRule]) -> list[tuple[AlertRule, int]]:
        """Return the rules that link to a known runbook, each with the runbook."""
        resolved = ((rule, self.resolve(rule.link)) for rule in rules if rule.link)
        return [(rule, book) for rule, book in resolved if book is not None]


class LinkedRules:
    """The rules that link to a known runbook, by their words."""

    def __init__(self, linked: Sequence[tuple[AlertRule, int]]) -> None:
        """`linked` are rules with the positions of their runbooks (see `Links.of`)."""
        self._names = [rule.name for rule, _ in linked]
        self._books = [book for _, book in linked]
        self._index = Bm25([{"text": f"{rule.text}\n{rule.expression}"} for rule, _ in linked], {"text": 1.0}, K1, B)
        # Of an alert with several rules (one a severity), the first that links.
        self.by_name = dict(reversed(list(zip(self._names, self._books, strict=True))))
        self._alerts: dict[int, set[str]] = {}
        for rule, book in linked:
            self._alerts.setdefault(book, set()).add(rule.name)

    def neighbours(self, query: Mapping[str, float], left_out: Sequence[str] = ()) -> dict[int, Neighbour]:
        """Return the runbooks of the rules that are most like a query, each with the best of its rules.

        Rules of the names `left_out` do not count, neither as neighbours nor among the alerts of a runbook.
        """
        # The score of a rule of average length that has every word once.
        most = self._index.ceiling(query) / (1.0 + K1)
        if most <= 0.0:
            return {}
        scores = self._index.scores(query)
        known = ((score, place) for place, score in scores.items() if self._names[place] not in left_out)
        found: dict[int, Neighbour] = {}
        for score, place in sorted(known, key=lambda item: (-item[0], item[1]))[:NEIGHBOURS]:
            book = self._books[place]
            if book not in found:
                alerts = len(self._alerts[book]) - sum(name in self._alerts[book] for name in dict.fromkeys(left_out))
                found[book] = Neighbour(self._names[place], min(1.0, score / most), alerts)
        return {book: one for book, one in found.items() if one.value > 0.0}


def rule_query(texts: Sequence[str], expression: str) -> dict[str, float]:
    """Return a query of the words of an alert and of its expression, in full: rules have both."""
    return weighted([("\n".join([*texts, expression]), 1.0)])


def _pieces(path: str) -> list[str]:
    """Return the normalised parts of a path; a README stands for its folder.

    >>> _pieces("https://example.org/docs/patroni/README.md")
    ['https', 'exampleorg', 'docs', 'patroni']
    """
    pieces = [_ENDING.sub("", piece).lower() for piece in path.split("/") if piece]
    if len(pieces) > 1 and pieces[-1] in _INDEXES:
        pieces.pop()
    return [plain(piece) for piece in pieces]


def _ends(pieces: list[str]) -> list[tuple[str, ...]]:
    """Return the ends of a path, the longest first."""
    return [tuple(pieces[start:]) for start in range(len(pieces)) if pieces[-1]]
