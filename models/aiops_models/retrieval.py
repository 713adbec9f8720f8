"""Text retrieval for playbooks and runbooks: BM25 with fields, in plain Python.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.6 (BM25F): term
frequencies of the fields are weighted and length-normalised before they saturate together. Costs about 20 µs for a
query of 30 terms over 60 documents; memory is one pair of numbers a (term, document).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

_QUOTED = re.compile(r'"([^"]{0,200})"')
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+(?:xx)?")
# Words of English and of alert texts that do not describe a fault.
_STOP_WORDS = """
a an and any are as at be been but by can do does for from has have if in into is it its may more most no not of on
one or other per so some such than that the their them then there these this those to too was were when where which
while will with you your alert alerts firing fired value labels label minutes minute over last since instance job
namespace severity warning critical s e g i
"""
STOP = frozenset(_STOP_WORDS.split())
# The usual values of the literature, right for texts of like length.
K1 = 1.2
B = 0.5
# Machine-written text (an expression, label values) is full of names that carry little meaning alone. A word of it that
# people wrote too is the subject of the alert, above all a value that the expression selects by.
SHOWN = 0.1
CONFIRMED = 0.5
SELECTED = 1.0
# A query's words beyond this are the tail of a long message, and cost time without helping.
MAX_TERMS = 200

_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return a word without its ending.

    The stemming is light: `filling`, `filled` and `fills` meet and `process` stays.

    >>> [stem(word) for word in ("filling", "filled", "fills", "process", "queries", "query")]
    ['fill', 'fill', 'fill', 'process', 'quer', 'quer']
    """
    if len(word) > 4 and not word.endswith("ss"):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
    if len(word) > 4 and word[-1] in "ey":
        word = word[:-1]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word


def terms(text: str) -> tuple[str, ...]:
    """The stems of a text in order; camelCase, snake_case and dotted names are split.

    >>> terms("KubePodCrashLooping on node_filesystem")
    ('kube', 'pod', 'crash', 'loop', 'node', 'filesystem')
    """
    words = (piece.lower() for piece in _PIECE.findall(text))
    return tuple(stem(word) for word in words if word not in STOP)


# The messages of an incident's alerts are read at each of its rankings, and many incidents have the same.
@lru_cache(maxsize=4_096)
def _counted(text: str) -> tuple[tuple[str, float], ...]:
    """Return the stems of a text in order, each with the square root of its frequency."""
    return tuple((word, math.sqrt(count)) for word, count in Counter(terms(text)).items())


@lru_cache(maxsize=4_096)
def _selected(text: str) -> frozenset[str]:
    """The stems of what stands in quotation marks."""
    return frozenset(word for value in _QUOTED.findall(text) for word in terms(value))


class Likeness(Struct, gc=False):
    """The documents that the words of a query find: BM25F scores, and the known share of the query.

    `ceiling` is the score of a document with every word, endlessly often.
    """

    scores: list[float]
    shares: list[float]
    words: list[int]
    ceiling: float


class Bm25:
    """An index over documents of weighted fields; ties are broken by the order of the documents."""

    def __init__(
        self,
        documents: Sequence[Mapping[str, str]],
        weights: Mapping[str, float],
        k1: float = K1,
        b: float = B,
        split: Callable[[str], Sequence[str]] = terms,
        whole: Collection[str] | None = None,
    ) -> None:
        """Index `documents` (field → text); a field without a weight is left out.

        `k1` is how slowly repeating a word saturates, `b` (0 to 1) how much a long field is held against it; for fields
        that are not in `whole` (default: all are) at most `B`.
        """
        whole = weights if whole is None else whole
        self.size = len(documents)
        fields = [{name: split(text) for name, text in document.items() if name in weights} for document in documents]
        # Over the documents that have the field: one that most leave out is not long wherever it is there.
        mean = {name: _mean(len(document[name]) for document in fields if document.get(name)) for name in weights}
        postings: dict[str, list[tuple[int, float]]] = {}
        for index, document in enumerate(fields):
            frequency: dict[str, float] = {}
            for name, words in document.items():
                held = b if name in whole else min(b, B)
                norm = weights[name] / (1 - held + held * len(words) / mean[name]) if words else 0.0
                for word in words:
                    frequency[word] = frequency.get(word, 0.0) + norm
            for word, value in frequency.items():
                postings.setdefault(word, []).append((index, value / (k1 + value)))
        self._postings = postings
        self._words: list[set[str]] = [set() for _ in fields]
        for word, docs in postings.items():
            for index, _ in docs:
                self._words[index].add(word)
        self._idf = {
            word: math.log(1 + (self.size - len(docs) + 0.5) / (len(docs) + 0.5)) for word, docs in postings.items()
        }
        # Of a word that no document has: as much as of one that a single document has.
        self._rarest = math.log(1 + max(0.0, self.size - 0.5) / 1.5)

    def idf(self, word: str) -> float:
        """The weight of a stem: 0 for one that no document has."""
        return self._idf.get(word, 0.0)

    def scores(self, query: Mapping[str, float]) -> dict[int, float]:
        """BM25F scores of the documents that share a stem with the query (stem → weight)."""
        found: dict[int, float] = {}
        for word, weight in list(query.items())[:MAX_TERMS]:
            idf = self._idf.get(word)
            if idf is None:
                continue
            for index, value in self._postings[word]:
                found[index] = found.get(index, 0.0) + weight * idf * value
        return found

    def best(self, query: Mapping[str, float], count: int) -> list[tuple[int, float]]:
        """The best documents and their scores, best first."""
        found = self.scores(query)
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:count]

    def ceiling(self, query: Mapping[str, float]) -> float:
        """Return the score of a document with every word of the query, endlessly often.

        It makes scores comparable.
        """
        return sum(weight * self._idf.get(word, 0.0) for word, weight in list(query.items())[:MAX_TERMS])

    def likeness(self, query: Mapping[str, float]) -> Likeness:
        """Return `scores`, `coverage` and `ceiling` of all documents in one pass.

        It suits an index of some hundred documents.
        """
        scores, got, counts = [0.0] * self.size, [0.0] * self.size, [0] * self.size
        total = ceiling = 0.0
        for word, weight in list(query.items())[:MAX_TERMS]:
            idf = self._idf.get(word)
            if idf is None:
                total += weight * self._rarest
                continue
            weighed = weight * idf
            total += weighed
            ceiling += weighed
            for index, value in self._postings[word]:
                scores[index] += weighed * value
                got[index] += weighed
                counts[index] += 1
        return Likeness(scores, [part / total for part in got] if total else got, counts, ceiling)

    def coverage(self, query: Mapping[str, float], index: int) -> tuple[float, int]:
        """The share (0 to 1) of a query's weight that is in a document at all, and how many of its words are.

        Words that no document has weigh as much as those that one has: a query full of them is about something else.
        """
        total = got = 0.0
        count = 0
        for word, weight in list(query.items())[:MAX_TERMS]:
            value = weight * self._idf.get(word, self._rarest)
            total += value
            if word in self._words[index]:
                got += value
                count += 1
        return (got / total if total else 0.0), count


def weighted(weighted_texts: Iterable[tuple[str, float]], shown: Iterable[str] = ()) -> dict[str, float]:
    """Return a query of weighted texts that people wrote, and of machine-written ones.

    Machine-written are expressions and `"label values"`. A repeated word adds less each time (square root).
    """
    query: dict[str, float] = {}
    for text, weight in weighted_texts:
        for word, root in _counted(text):
            query[word] = query.get(word, 0.0) + weight * root
    queried = frozenset(query)
    for text in shown:
        selected = _selected(text)
        for word, root in _counted(text):
            extra = CONFIRMED + SELECTED * (word in selected) if word in queried else SHOWN * root
            query[word] = query.get(word, 0.0) + extra
    return query


def _mean(lengths: Iterable[int]) -> float:
    values = list(lengths)
    return max(1.0, sum(values) / len(values)) if values else 1.0
