"""Values of labels in the history: what a silence or a search can name, also before it fires again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from aiops.search.nearest import MAX_CANDIDATES, nearest
from aiops.search.suggestions import text_of
from aiops.search.syntax import Query, Term, Value

# Fields of an alert that matchers and searches name like labels.
COLUMNS = {"alertname": "name", "alert": "name", "entity": "entity", "service": "service", "source": "source"}
MAX_NAMES = 200


class Meant(Struct):
    """A term that nothing has, the nearest that something has, and the whole search with that."""

    got: str
    meant: str
    query: str


def values(reader: sqlite3.Connection, label: str, limit: int = MAX_CANDIDATES) -> list[str]:
    """Return the values of a label, or of a field by its name, those of many streams first."""
    column = COLUMNS.get(label)
    if column is not None:
        found = reader.execute(
            f"select {column} from alert_streams where {column} is not null"  # noqa: S608
            f" group by 1 order by count(*) desc, 1 limit ?",
            (limit,),
        )
    else:
        found = reader.execute(
            "select j.value from alert_streams s, json_each(s.labels) j where j.key = ?"
            " group by 1 order by count(*) desc, 1 limit ?",
            (label, limit),
        )
    return [str(row[0]) for row in found]


def names(reader: sqlite3.Connection, limit: int = MAX_NAMES) -> list[str]:
    """Return the names of labels, those of many streams first."""
    found = reader.execute(
        "select j.key from alert_streams s, json_each(s.labels) j group by 1 order by count(*) desc, 1 limit ?",
        (limit,),
    )
    return [str(row[0]) for row in found]


def nearest_value(reader: sqlite3.Connection, label: str, value: str) -> str | None:
    """Return the known value of a label with the fewest typing errors between; None if none is near."""
    return nearest(value, values(reader, label))


def nearest_name(reader: sqlite3.Connection, label: str) -> str | None:
    """Return the known name of a label that was meant."""
    return nearest(label, [*COLUMNS, *names(reader)])


def meant(reader: sqlite3.Connection, query: Query) -> list[Meant]:
    """Return what was meant by the terms of a search that found nothing."""
    found: list[Meant] = []
    for place, term in enumerate(query.terms):
        other = None if term.is_negated or len(term.values) != 1 else _other(reader, term)
        if other is not None:
            terms = (*query.terms[:place], other, *query.terms[place + 1 :])
            found.append(Meant(text_of(term), text_of(other), " ".join(map(text_of, terms))))
    return found


def _other(reader: sqlite3.Connection, term: Term) -> Term | None:
    text = term.values[0].text
    if term.field == "label":
        name, sign, value = text.partition("=")
        known = nearest_value(reader, name, value) if sign else nearest_name(reader, name)
        other = None if known is None else f"{name}={known}" if sign else known
    elif term.field in COLUMNS:
        other = nearest_value(reader, term.field, text)
    elif not term.field:
        every: Iterable[str] = (one for field in ("alert", "entity", "service") for one in values(reader, field, 1_000))
        other = nearest(text, every)
    else:
        return None
    return None if other is None else replace(term, values=(Value(other),))
