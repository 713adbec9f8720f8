"""Real runbooks and labelled alerts, with the alert's own name taken out of both sides.

With the name in place finding a runbook is a look-up. Masked, only the meaning is left: the title is dropped, and the
name is removed from the runbook's text and from the alert's summary, description and expression.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiops_models.retrieval import weighted
from msgspec import Struct

from aiops.respond.runbooks import Runbook, parse

_TEMPLATE = re.compile(r"\{\{.*?\}\}")


class Query(Struct):
    """An alert with the positions of its runbooks; texts are masked."""

    kind: str
    alert: str
    said: list[str]
    expression: str
    relevant: set[int]

    def words(self) -> dict[str, float]:
        """The query as the suggester asks it: what people wrote, and the rule's expression."""
        return weighted([(text, 1.0) for text in self.said], [self.expression] if self.expression else [])


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a gzipped JSON Lines file."""
    with gzip.open(path, "rb") as lines:
        return [json.loads(line) for line in lines]


def load(folder: Path) -> tuple[list[Runbook], list[str], list[Query]]:
    """Runbooks with masked texts, the same texts plain for the naive row, and queries."""
    docs = read(folder / "docs.jsonl.gz")
    texts = [masked(doc["text"], doc["alert"], doc["title"]) for doc in docs]
    books = []
    for text in texts:
        book = parse("", text)
        book.alert = book.title = ""
        books.append(book)
    position = {doc["doc_id"]: index for index, doc in enumerate(docs)}
    return books, texts, [_query(line, position) for line in read(folder / "queries.jsonl.gz")]


def masked(text: str, *names: str | None) -> str:
    """The text without the names, whatever their case."""
    wanted = sorted((name for name in names if name), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, wanted)), " ", text, flags=re.IGNORECASE) if wanted else text


def recall(found: Sequence[Sequence[int]], queries: Sequence[Query], count: int) -> float:
    """The share of queries with a right runbook among the first `count`."""
    hits = sum(1 for best, query in zip(found, queries, strict=True) if query.relevant.intersection(best[:count]))
    return hits / len(queries)


def _query(line: dict[str, Any], position: dict[str, int]) -> Query:
    name = line["alert"]
    said = [_TEMPLATE.sub(" ", masked(line[field], name)) for field in ("summary", "description")]
    relevant = {position[doc] for doc in line["relevant"] if doc in position}
    return Query(line["kind"], name, said, _TEMPLATE.sub(" ", masked(line["expr"], name)), relevant)
