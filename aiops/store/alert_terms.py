"""Terms of a search in the history of alerts, as conditions on its tables.

    disk entity:db-1,db-2 label:team=data -service:web went:silenced severity:critical

Words are looked for in names and labels; values of fields are exact in any case, or begin with what stands before a
`*`. The syntax is that of searches for incidents.
"""

from __future__ import annotations

from collections.abc import Callable

from aiops.records import Severity
from aiops.search.syntax import SEVERITIES, Query, Term, Value, read_query

# Where alerts went, in words for people, and as the store has it.
WENT = {"incident": "incident", "silenced": "suppressed", "background": "background", "rejected": "rejected"}
FIELDS: dict[str, tuple[str, ...]] = {
    "alert": (),
    "entity": (),
    "service": (),
    "source": (),
    "label": (),
    "went": tuple(WENT),
    "severity": SEVERITIES,
    "state": ("firing", "ended"),
    "incident": (),
    "silence": (),
    "fingerprint": (),
}
# A condition in SQL, with its values.
Condition = tuple[str, tuple[object, ...]]

_TEXTS = ("name", "entity", "workload", "service", "source", "labels")
_HAS_TEXT = "(" + " or ".join(f"s.{column} like ? escape '!'" for column in _TEXTS) + ")"
_COLUMNS = {"alert": "s.name", "entity": "s.entity", "source": "s.source", "fingerprint": "s.fingerprint"}
_OF_EPISODES = {"incident": "e.incident", "silence": "e.silence"}


def terms_of(text: str) -> Query:
    """Return the terms of a text; raise `UsageError` that names what does not fit.

    >>> [term.field for term in terms_of("disk went:silenced").terms]
    ['', 'went']
    """
    return read_query(text, FIELDS)


def conditions(query: Query) -> tuple[list[Condition], list[Condition]]:
    """Return the conditions on streams (table `s`) and on episodes (table `e`), all of which must hold."""
    of_streams: list[Condition] = []
    of_episodes: list[Condition] = []
    for term in query.terms:
        is_of_episodes = term.field in ("went", "severity", "state", *_OF_EPISODES)
        (of_episodes if is_of_episodes else of_streams).append(_condition(term))
    return of_streams, of_episodes


def has_text(word: str) -> Condition:
    """Return the condition that a word occurs in a stream's names or labels."""
    return _HAS_TEXT, (f"%{_escaped(word)}%",) * len(_TEXTS)


def _condition(term: Term) -> Condition:
    make = _MAKERS.get(term.field, _column)
    found = [make(term.field, value) for value in term.values]
    clause = " or ".join(clause for clause, _ in found)
    values = tuple(value for _, values in found for value in values)
    # What is not known (null) is not equal to anything.
    return (f"not coalesce(({clause}), 0)" if term.is_negated else f"({clause})"), values


def _column(field: str, value: Value) -> Condition:
    column = _COLUMNS.get(field) or _OF_EPISODES[field]
    return _equal(column, value)


def _equal(column: str, value: Value) -> Condition:
    if value.is_prefix:
        return f"{column} like ? escape '!'", (f"{_escaped(value.text)}%",)
    return f"{column} = ? collate nocase", (value.text,)


def _word(_: str, value: Value) -> Condition:
    return has_text(value.text)


def _service(_: str, value: Value) -> Condition:
    clause, values = _equal("s.service", value)
    other, more = _equal("s.workload", value)
    return f"({clause} or {other})", values + more


def _label(_: str, value: Value) -> Condition:
    name, sign, text = value.text.partition("=")
    if not sign:
        return "exists (select 1 from json_each(s.labels) where key = ?)", (name,)
    clause, values = _equal("value", Value(text, value.is_prefix))
    return f"exists (select 1 from json_each(s.labels) where key = ? and {clause})", (name, *values)  # noqa: S608


def _went(_: str, value: Value) -> Condition:
    return "e.disposition = ?", (WENT[value.text],)


def _severity(_: str, value: Value) -> Condition:
    return "e.severity = ?", (int(Severity[value.text.upper()]),)


def _state(_: str, value: Value) -> Condition:
    return ("e.ended_at is null" if value.text == "firing" else "e.ended_at is not null"), ()


def _escaped(word: str) -> str:
    for sign in "!%_":
        word = word.replace(sign, f"!{sign}")
    return word


_MAKERS: dict[str, Callable[[str, Value], Condition]] = {
    "": _word,
    "service": _service,
    "label": _label,
    "went": _went,
    "severity": _severity,
    "state": _state,
}
