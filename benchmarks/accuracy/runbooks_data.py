"""Real runbooks and labelled alerts, with the alert's own name taken out of both sides.

With the name in place finding a runbook is a look-up. Masked, only the meaning is left: the names of the alerts that
belong to a runbook are removed from its title, path and text, and an alert's from its summary, description and
expression.

Three kinds of label. `name-match` and `same-page` come with the data. `human-link` is made here of the `runbook`
annotations of rules that name a document under another name than the alert's: what engineers chose. Those of generated
rules (one template for each service) are `generated`, as one pattern would decide all of them.
"""

from __future__ import annotations

import gzip
import json
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiops_models.playbooks.linked_rules import Links
from aiops_models.retrieval import weighted
from msgspec import Struct

from aiops.respond.alert_rules import AlertRule
from aiops.respond.runbooks import Runbook, parse

_TEMPLATE = re.compile(r"\{\{.*?\}\}")
HUMAN, GENERATED = "human-link", "generated"


class Query(Struct):
    """An alert with the positions of its runbooks; texts are masked. `file` is where its rule is, `source` by whom."""

    kind: str
    alert: str
    said: list[str]
    expression: str
    relevant: set[int]
    source: str = ""
    file: str = ""

    def words(self) -> dict[str, float]:
        """The query as the suggester asks it: what people wrote, and the rule's expression."""
        return weighted([(text, 1.0) for text in self.said], [self.expression] if self.expression else [])


class Linked(Struct):
    """A rule with the runbook that it links to, its file, and who publishes it; its texts are masked."""

    rule: AlertRule
    book: int
    source: str
    file: str


class Corpus(Struct):
    """Masked runbooks, the same texts plain for the naive row, who publishes each, queries, and rules that link."""

    books: list[Runbook]
    texts: list[str]
    sources: list[str]
    queries: list[Query]
    linked: list[Linked]


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a gzipped JSON Lines file."""
    with gzip.open(path, "rb") as lines:
        return [json.loads(line) for line in lines]


def load(folder: Path) -> Corpus:
    """Read the data of a folder; without rules there are no queries of kind `human-link`."""
    docs = read(folder / "docs.jsonl.gz")
    rules = read(folder / "rules.jsonl.gz") if (folder / "rules.jsonl.gz").exists() else []
    linked = _linked(docs, rules)
    names: dict[int, set[str]] = {}
    for one in linked:
        names.setdefault(one.book, set()).add(one.rule.name)
    books = [_book(doc, sorted(names.get(index, ()))) for index, doc in enumerate(docs)]
    texts = [masked(doc["text"], doc["alert"], doc["title"]) for doc in docs]
    position = {doc["doc_id"]: index for index, doc in enumerate(docs)}
    queries = [_query(line, position) for line in read(folder / "queries.jsonl.gz")]
    if not any(query.kind == HUMAN for query in queries):
        queries += _human(docs, linked)
    return Corpus(books, texts, [doc["source"] for doc in docs], queries, [_masked_rule(one) for one in linked])


def masked(text: str, *names: str | None) -> str:
    """The text without the names, whatever their case."""
    wanted = sorted((name for name in names if name), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, wanted)), " ", text, flags=re.IGNORECASE) if wanted else text


def recall(found: Sequence[Sequence[int]], queries: Sequence[Query], count: int) -> float:
    """The share of queries with a right runbook among the first `count`."""
    hits = sum(1 for best, query in zip(found, queries, strict=True) if query.relevant.intersection(best[:count]))
    return hits / len(queries)


def _book(doc: dict[str, Any], names: list[str]) -> Runbook:
    """Return a runbook as a folder of them would give it; one for a single alert keeps no name and no title."""
    own = [doc["alert"], doc["title"]] if doc["alert"] else []
    folder, file = posixpath.split(masked(doc["path"], *names, *own))
    is_named = not doc["alert"]
    book = parse(f"{folder}/{posixpath.splitext(file)[0] if is_named else ''}", masked(doc["text"], *names, *own))
    if not is_named:
        book.alert = book.title = ""
    return book


def _query(line: dict[str, Any], position: dict[str, int]) -> Query:
    name = line["alert"]
    said = [_plain(line[field], name) for field in ("summary", "description")]
    relevant = {position[doc] for doc in line["relevant"] if doc in position}
    return Query(line["kind"], name, said, _plain(line["expr"], name), relevant, line["source"])


def _human(docs: list[dict[str, Any]], linked: list[Linked]) -> list[Query]:
    """Return a query for each alert and document that a rule of another name links to."""
    made: dict[tuple[str, int], Query] = {}
    for one in linked:
        if (docs[one.book]["alert"] or "").lower() == one.rule.name.lower():
            continue
        kind = GENERATED if "autogenerated" in one.file else HUMAN
        said, name = one.rule.text.split("\0"), one.rule.name
        query = Query(kind, name, [_plain(text, name) for text in said], "", {one.book}, one.source, one.file)
        query.expression = _plain(one.rule.expression, name)
        made.setdefault((name, one.book), query)
    return list(made.values())


def _linked(docs: list[dict[str, Any]], rules: list[dict[str, Any]]) -> list[Linked]:
    """Resolve the links of rules, those of a publisher with its own runbooks (GitLab) by path, others by name."""
    by_path = {doc["path"]: index for index, doc in enumerate(docs) if doc["alert"] is None}
    named = [Runbook(doc["doc_id"], doc["alert"] or "", doc["title"]) for doc in docs]
    links = Links([book for book in named if book.alert])
    places = [index for index, book in enumerate(named) if book.alert]
    found = []
    for rule in rules:
        link = rule["runbook"]
        book = by_path.get(link.split("#")[0])
        if book is None and "://" in link:
            place = links.resolve(link)
            book = places[place] if place is not None else None
        if book is not None:
            text = f"{rule['summary']}\0{rule['description']}"
            found.append(Linked(AlertRule(rule["alert"], rule["expr"], text, link), book, rule["source"], rule["path"]))
    return found


def _masked_rule(one: Linked) -> Linked:
    rule = one.rule
    text, expression = _plain(rule.text.replace("\0", "\n"), rule.name), _plain(rule.expression, rule.name)
    return Linked(AlertRule(rule.name, expression, text, rule.link), one.book, one.source, one.file)


def _plain(text: str, name: str) -> str:
    return _TEMPLATE.sub(" ", masked(text, name))
