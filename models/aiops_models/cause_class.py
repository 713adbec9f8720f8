"""The class of a cause: the kind of fault of the confirmed incidents that read alike.

Nearest neighbours over the words of alert names and messages, cosine of tf-idf weights, distance-weighted votes. Names
of entities, numbers, addresses and hashes are masked: a fault learned on one service is known on the next;
words on the suspected entity count apart from words elsewhere. (In-domain retrieval does better than classifiers on
long tails: RCACopilot, Chen et al. 2024.) Scores are shares of votes, 0 to 1. Pure Python; at most `MAX_INCIDENTS`
examples of `MAX_WORDS` words, some 20 MB; about 2 ms a question at 500 examples.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct

from aiops.options import NoOptions, convert
from aiops.ports import AlertFact, IncidentView
from aiops.topology import Topology
from aiops_models.causes.entity_names import spelled

# Some years of confirmed incidents; the oldest are forgotten.
MAX_INCIDENTS = 2000
MAX_WORDS = 256
# Messages are read this far, and so many facts: both come from payloads.
MAX_MESSAGE = 512
MAX_FACTS = 512
# With 3 the first class is a little better (.66 for .64), with 10 the first three are much better (.82 for .71).
NEIGHBOURS = 10
# Similarities are raised to this before they vote: the nearest counts most.
SHARPNESS = 4.0
# Words elsewhere are weaker evidence than words on the suspect: most are start-up noise or consequences.
ELSEWHERE = 0.3

_MASKS = (
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), " <ip> "),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), " <id> "),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b"), " <id> "),
)
_WORD = re.compile(r"<[a-z]+>|[A-Za-z][A-Za-z]+|\d+")


class Example(Struct):
    """A confirmed incident: its class and the weights of its words before idf."""

    id: str
    cause_class: str
    words: dict[str, float]


class CauseClassifier:
    """Name the class of a cause from the classes of similar incidents."""

    Options = NoOptions

    def __init__(self, topology: Topology | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Start empty; the names in `topology` are masked. Raise `UsageError` for any option."""
        convert(options or {}, NoOptions, "cause class")
        self._topology = topology or Topology()
        self._examples: dict[str, Example] = {}
        self._with: dict[str, dict[str, float]] = {}
        self._norms: dict[str, float] = {}

    def learn(self, view: IncidentView, cause_class: str, entity: str | None = None) -> None:
        """Take in an incident of a known class. Again for the same id replaces it.

        `entity` is the suspect, as `classify` will be given it, rather than what was confirmed later: the two ought to
        be read alike.
        """
        self._forget(view.id)
        self._keep(Example(view.id, cause_class, self._words(view, entity)))
        if len(self._examples) > MAX_INCIDENTS:
            self._forget(next(iter(self._examples)))

    def classify(self, view: IncidentView, entity: str | None = None) -> list[tuple[str, float]]:
        """Classes with their share of the votes, the likeliest first; `entity` is the suspected cause."""
        votes: dict[str, float] = {}
        for similarity, name in self._nearest(self._words(view, entity)):
            cause_class = self._examples[name].cause_class
            votes[cause_class] = votes.get(cause_class, 0.0) + similarity**SHARPNESS
        whole = sum(votes.values())
        return sorted(((c, vote / whole) for c, vote in votes.items()), key=lambda each: (-each[1], each[0]))

    def dump(self) -> Any:
        """Plain data; the index is built again from it."""
        return [msgspec.to_builtins(example) for example in self._examples.values()]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._examples, self._with, self._norms = {}, {}, {}
        for plain in state:
            self._keep(msgspec.convert(plain, Example))

    def _nearest(self, words: Mapping[str, float]) -> list[tuple[float, str]]:
        dots: dict[str, float] = {}
        norm = 0.0
        for word, weight in words.items():
            idf = self._idf(word) ** 2
            norm += idf * weight * weight
            for name, other in self._with.get(word, {}).items():
                dots[name] = dots.get(name, 0.0) + idf * weight * other
        alike = [(dot / math.sqrt(norm * self._norm(name)), name) for name, dot in dots.items()]
        return sorted(alike, key=lambda each: (-each[0], each[1]))[:NEIGHBOURS]

    def _idf(self, word: str) -> float:
        return math.log((len(self._examples) + 1) / (len(self._with.get(word, ())) + 0.5))

    def _norm(self, name: str) -> float:
        """Squared length of an example, kept until the next example changes the weights."""
        found = self._norms.get(name)
        if found is None:
            words = self._examples[name].words
            found = self._norms[name] = sum((self._idf(word) * weight) ** 2 for word, weight in words.items())
        return found

    def _words(self, view: IncidentView, entity: str | None) -> dict[str, float]:
        """Weight of each word and pair of neighbouring words, on the suspect and elsewhere."""
        found: dict[str, float] = {}
        names = self._names(view)
        for fact in view.facts[:MAX_FACTS]:
            own = entity is not None and spelled(entity)[1] in (fact.service, spelled(fact.entity)[1])
            for word in _terms(fact, names):
                key, weight = (word, 1.0) if own else (f"~{word}", ELSEWHERE)
                found[key] = max(found.get(key, 0.0), weight)
        heaviest = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAX_WORDS]
        return dict(heaviest)

    def _names(self, view: IncidentView) -> frozenset[str]:
        """Return the words that are names: "frontend" and "redis-cart" identify an entity, not a fault."""
        named = [name for fact in view.facts for name in (fact.entity, fact.service or "", fact.caller or "")]
        return frozenset(part for name in (*self._topology.nodes, *named) for part in _split(name))

    def _keep(self, example: Example) -> None:
        self._norms.clear()
        self._examples[example.id] = example
        for word, weight in example.words.items():
            self._with.setdefault(word, {})[example.id] = weight

    def _forget(self, name: str) -> None:
        example = self._examples.pop(name, None)
        self._norms.clear()
        for word in example.words if example else ():
            del self._with[word][name]
            if not self._with[word]:
                del self._with[word]


def _terms(fact: AlertFact, names: frozenset[str]) -> Iterable[str]:
    """The name as one word, and the masked words of the message, alone and in pairs."""
    yield fact.name
    words = [word if word not in names else "<name>" for word in _split(_masked(fact.message or ""))]
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))


def _masked(message: str) -> str:
    text = message[:MAX_MESSAGE].lower()
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def _split(text: str) -> list[str]:
    """Words in lower case, numbers as one.

    >>> _split("0/4 nodes are available: Insufficient cpu")
    ['<n>', '<n>', 'nodes', 'are', 'available', 'insufficient', 'cpu']
    """
    return ["<n>" if word.isdigit() else word for word in _WORD.findall(text.lower())]
