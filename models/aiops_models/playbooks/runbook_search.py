"""Runbooks by the words of an alert: three views of each runbook, added up.

No single length normalisation suits all: a collection of entries of 50 words needs its own length held against a text,
one of manuals of 2,000 words answers half of its alerts from one section. So a runbook is read as a whole with slow
saturation and full normalisation (terse entries), as a whole with little of it (manuals), and as its best passage.
Each view's scores are divided by its best one before they are added. Name, title, folder and headings are fields
(BM25F) of the first two. Measured in benchmarks/accuracy/playbooks.py. About 3 ms for 1,100 runbooks of 9,000 passages.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from aiops.respond.runbooks import Runbook, body, headings, passages
from aiops_models.retrieval import Bm25

# The words that people chose to find a runbook by weigh more than a word somewhere in it; the folder is the component.
WEIGHTS = {"name": 3.0, "folder": 1.0, "headings": 1.0, "text": 1.0, "meaning": 1.0}
# The fields whose length is that of the runbook; names and headings are short in all.
BODY = ("text", "meaning")
# (k1, b) of the views. They count alike: weights learned on other publishers' alerts were no better (see the card).
TERSE, MANUAL, PASSAGE = (8.0, 1.0), (2.0, 0.5), (8.0, 1.0)
# How much of a runbook without a section Meaning counts as its beginning.
BEGINNING = 300


class Found(Struct):
    """A runbook that words found.

    `score` is 0 to 1, the best is near 1. `share` is the part of the words, by weight, that it has, `words` their
    number.
    """

    index: int
    score: float
    share: float
    words: int


class RunbookSearch:
    """An index over runbooks; ties are broken by their order."""

    def __init__(self, books: list[Runbook]) -> None:
        texts = [runbook_text(book) for book in books]
        self._terse = Bm25(texts, WEIGHTS, *TERSE, whole=BODY)
        self._manual = Bm25(texts, WEIGHTS, *MANUAL, whole=BODY)
        parts = [(index, passage) for index, book in enumerate(books) for passage in passages(book)]
        self._owners = [index for index, _ in parts]
        entitled = [{"title": books[index].title, "text": passage} for index, passage in parts]
        self._passages = Bm25(entitled, {"title": 1.0, "text": 1.0}, *PASSAGE, whole=BODY)

    def scores(self, query: Mapping[str, float]) -> dict[int, float]:
        """Return the score of each runbook that has a word of the query (stem → weight)."""
        views = (self._terse.scores(query), self._manual.scores(query), self._best_passages(query))
        found: dict[int, float] = {}
        for view in views:
            best = max(view.values(), default=0.0) or 1.0
            for index, score in view.items():
                found[index] = found.get(index, 0.0) + score / (best * len(views))
        return found

    def best(self, query: Mapping[str, float], count: int, extra: Mapping[int, float] | None = None) -> list[Found]:
        """Return the best runbooks, best first; `extra` adds to scores (runbook → value)."""
        scores = self.scores(query)
        for index, value in (extra or {}).items():
            scores[index] = scores.get(index, 0.0) + value
        ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:count]
        return [Found(index, score, *self._terse.coverage(query, index)) for index, score in ordered]

    def _best_passages(self, query: Mapping[str, float]) -> dict[int, float]:
        best: dict[int, float] = {}
        for place, score in self._passages.scores(query).items():
            owner = self._owners[place]
            if score > best.get(owner, 0.0):
                best[owner] = score
        return best


def runbook_text(book: Runbook) -> dict[str, str]:
    """Return the texts of a runbook for the index; the meaning counts twice."""
    text = "\n".join(body(book))
    folder, _, file = book.name.rpartition("/")
    return {
        "name": " ".join(dict.fromkeys([book.alert, book.title, file])),
        "folder": folder,
        "headings": "\n".join(headings(book)),
        "text": text,
        "meaning": book.meaning or text[:BEGINNING],
    }
