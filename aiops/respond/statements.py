"""Statements of SQL by their words: one that does more than read is refused before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

from aiops.errors import UsageError

# Words of SQL that no statement has which only reads; `into` makes a table, and `for update` locks rows.
_WRITING = frozenset({"alter", "create", "delete", "drop", "insert", "into", "update"})
_QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}
_COMMENTS = {"--": "\n", "/*": "*/"}


def check_statement(statement: str) -> None:
    r"""Raise `UsageError` for a statement that writes, or for more than one.

    >>> check_statement("select 'insert' as \"update\", replace(a, 'x', 'y') from t -- delete")
    """
    found = list(_words(statement))
    for word, following in zip(found, [*found[1:], ""], strict=True):
        if word in _WRITING:
            raise UsageError(f"statement: expected one that only reads; got the word {word.upper()}")
        if word == ";" and following:
            raise UsageError("statement: expected one statement; got another one after a semicolon")


def _words(statement: str) -> Iterator[str]:
    """Yield words in lower case and semicolons, without what is quoted and without comments."""
    at, end = 0, len(statement)
    while at < end:
        begin, first = at, statement[at]
        closing = _QUOTES.get(first) or _COMMENTS.get(statement[at : at + 2])
        if closing is not None:
            place = statement.find(closing, at + (1 if first in _QUOTES else 2))
            at = place + len(closing) if place >= 0 else end
            continue
        while at < end and (statement[at].isalnum() or statement[at] in "_$:@"):
            at += 1
        if at > begin:
            yield statement[begin:at].lower()
        else:
            at += 1
            if first == ";":
                yield first
