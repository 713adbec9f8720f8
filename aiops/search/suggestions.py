"""Suggestions for a query that finds nothing: the nearest word that some incident has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from aiops.search.conditions import KINDS
from aiops.search.nearest import MAX_CANDIDATES, nearest
from aiops.search.syntax import Query, Term, Value, quoted
from aiops.search.words import LABEL, WORD, folded

# A query with more typing errors is rather another query.
MAX_SUGGESTIONS = 3


class Suggestion(Struct):
    """A term that finds nothing, the one that was meant, and the query with it."""

    got: str
    meant: str
    query: str


def suggestions(connection: sqlite3.Connection, query: Query) -> list[Suggestion]:
    """Return what was meant by the terms that nothing has; empty if all are known, or nothing is near."""
    found: list[Suggestion] = []
    for place, term in enumerate(query.terms):
        meant = _meant(connection, term) if not term.is_negated and len(term.values) == 1 else None
        if meant is None:
            continue
        better = replace(term, values=(Value(meant, is_quoted=term.values[0].is_quoted),))
        terms = (*query.terms[:place], better, *query.terms[place + 1 :])
        found.append(Suggestion(text_of(term), text_of(better), " ".join(map(text_of, terms))))
    return found[:MAX_SUGGESTIONS]


def text_of(term: Term) -> str:
    """Return a term as it is written.

    >>> text_of(Term("service", (Value("a b"), Value("c", is_prefix=True)), is_negated=True))
    '-service:"a b",c*'
    """
    values = ",".join(_written(value) for value in term.values)
    return f"{'-' if term.is_negated else ''}{f'{term.field}:' if term.field else ''}{values}"


def _written(value: Value) -> str:
    text = f'"{value.text}"' if value.is_quoted and '"' not in value.text and "\\" not in value.text else None
    return (text or quoted(value.text)) + ("*" if value.is_prefix else "")


def _meant(connection: sqlite3.Connection, term: Term) -> str | None:
    word = folded(term.values[0].text)
    kind = KINDS.get(term.field, WORD if not term.field else None)
    if kind is None or (" " in word and kind == WORD):
        return None
    return nearest(word, _candidates(connection, kind, word))


def _candidates(connection: sqlite3.Connection, kind: int, word: str) -> Iterator[str]:
    """Yield the words of a kind that begin alike: with the same letter, or label."""
    start = word.partition("=")[0] + "=" if kind == LABEL and "=" in word else word[:1] if kind == WORD else ""
    found = connection.execute(
        "select distinct word from incident_terms where kind = ? and word >= ? and word < ? limit ?",
        (kind, start, start + "\U0010ffff", MAX_CANDIDATES),
    )
    return (str(row[0]) for row in found)
