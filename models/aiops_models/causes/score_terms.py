"""The contributions to the score: each algorithm's result, weighted, and put into words on demand.

Weights were found on five systems together; over a grid from half to twice each, the mean of top-1 and top-3 moves
between .635 and .648, so finer tuning would only fit noise. A change weighs as much as internal surprise, for want of
labelled changes to learn from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import log1p

from msgspec import Struct
from msgspec.structs import replace

from aiops.records import Cause, Change, Evidence
from aiops_models.causes.changes import suspects
from aiops_models.causes.evidence_path import EvidencePaths
from aiops_models.causes.findings import finding_text, supported
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.memory import MIN_CONFIRMED, Memory
from aiops_models.causes.random_walk import random_walk
from aiops_models.causes.rarity import Surprise
from aiops_models.causes.rules import Pack, verdicts
from aiops_models.causes.sibling_contrast import contrast
from aiops_models.causes.silent_callees import silent_callees
from aiops_models.causes.text import (
    change_text,
    contrast_text,
    internal_text,
    likeness_text,
    rule_text,
    signs_text,
    silence_text,
    symptom_text,
    walk_text,
)

WEIGHTS = {
    "internal": 2.2,
    "blame": 1.3,
    "symptom": 0.5,
    "contrast": 0.5,
    "change": 2.2,
    "signs": 1.0,
    "likeness": 4.0,
    "silence": 1 / 1.5,
    "finding": 1.0,
}
# Contributions are rounded to this grid of binary fractions (about .0002), on which sums are exact in any order.
GRID = 4096
# What is kept of a change beside a cause: its version and its link are among the first labels.
MAX_LABELS, MAX_LABEL, MAX_MESSAGE = 20, 200, 300


class Account(Struct, gc=False):
    """The contributions to one entity's score, by term."""

    entity: str
    parts: dict[str, float]
    score: float


class Terms:
    """All terms of one scene."""

    def __init__(self, graph: IncidentGraph, surprise: Surprise, memory: Memory, packs: Sequence[Pack]) -> None:
        """Run the algorithms over the whole incident; those for a single entity run on demand."""
        self.graph, self.surprise, self.memory = graph, surprise, memory
        self.blamed = random_walk(graph, surprise)
        for entity, value in silent_callees(graph, surprise).items():
            self.blamed[entity] = self.blamed.get(entity, 0.0) + value
        self.changed = suspects(graph)
        self.found = supported(graph)
        self.rules = verdicts(packs, graph)
        # The memory is not used where a rule fires: the rule read the messages. The memory knows types alone, and would
        # liken the incident to those that lack the rule's evidence.
        self.alike = {} if self.rules else _alike(graph, memory)
        # Every entity that can be named; those that only the memory or a rule knows last.
        self.candidates = list(dict.fromkeys([*graph.candidates(), *self.alike, *self.rules]))
        # Neither signs nor silence count where a rule fires, or of a memory that holds too little.
        self._recalls = not self.rules and len(memory) >= MIN_CONFIRMED
        self._paths = EvidencePaths(graph, surprise)

    def account(self, entity: str) -> Account:
        """Return the evidence against an entity."""
        parts = {}
        for name, value in self._values(entity):
            # As `on_grid`, without a call for each of some thousand values.
            weighed = round(WEIGHTS[name] * value * GRID) / GRID
            if weighed > 0:
                parts[name] = weighed
        for verdict in self.rules.get(entity, ()):
            parts[verdict.rule] = on_grid(verdict.weight)
        return Account(entity, parts, sum(parts.values()))

    def _values(self, entity: str) -> Iterator[tuple[str, float]]:
        """The terms before they are weighed; those of its own alerts only where it has any."""
        if entity in self.blamed:
            yield "blame", log1p(self.blamed[entity])
        if entity in self.changed:
            yield "change", log1p(self.changed[entity].value)
        if entity in self.found:
            yield "finding", self.found[entity].value
        if entity in self.alike:
            yield "likeness", self.alike[entity][0]
        if entity not in self.graph.by_entity:
            if self._recalls:
                yield "silence", self.memory.silence(self.graph.lasting(entity), len(self.candidates))
            return
        sums = self.surprise.sums(entity)
        yield "internal", log1p(sums.internal)
        yield "symptom", log1p(sums.symptom)
        yield "contrast", log1p(contrast(self.surprise, entity))
        if self._recalls:
            yield "signs", self.memory.signs(self.graph.pairs_of(entity))

    def cause(self, account: Account) -> Cause:
        """Return an entity as a ranked cause, in words and with its path."""
        return Cause(
            account.entity,
            account.score,
            evidence=self.evidence(account),
            change=self.change(account),
            path=self._paths.of(account.entity),
        )

    def change(self, account: Account) -> Change | None:
        """The change that counts against an entity; its text and labels are bounded."""
        if "change" not in account.parts:
            return None
        found = self.changed[account.entity].change
        labels = {name: value[:MAX_LABEL] for name, value in list(found.labels.items())[:MAX_LABELS]}
        message = found.message[:MAX_MESSAGE] if found.message else None
        return replace(found, message=message, labels=labels)

    def evidence(self, account: Account) -> list[Evidence]:
        """The account in words, the weightiest first."""
        entity, surprise = account.entity, self.surprise
        texts: dict[str, Callable[[], str]] = {
            "internal": lambda: internal_text(surprise, entity),
            "blame": lambda: walk_text(surprise, entity, self.blamed[entity] / sum(self.blamed.values())),
            "symptom": lambda: symptom_text(surprise, entity),
            "contrast": lambda: contrast_text(surprise, entity),
            "change": lambda: change_text(self.changed[entity]),
            "finding": lambda: finding_text(self.found[entity]),
            "silence": lambda: silence_text(surprise, entity, self.memory),
            "signs": lambda: signs_text(surprise, entity, self.memory),
            "likeness": lambda: likeness_text(surprise, entity, *self.alike[entity][1:]),
        }
        rules = {verdict.rule: verdict for verdict in self.rules.get(entity, ())}
        parts = sorted(account.parts.items(), key=lambda part: (-part[1], part[0]))
        return [
            Evidence(name, value, rule_text(rules[name], entity) if name in rules else texts[name]())
            for name, value in parts
        ]


def _alike(graph: IncidentGraph, memory: Memory) -> dict[str, tuple[float, float, str]]:
    """Likeness by candidate: that of a workload counts for each of its replicas that alerts now."""
    found = memory.likeness(graph.pairs()) if len(memory) >= MIN_CONFIRMED else {}
    if not found:
        return {}
    replicas: dict[str, list[str]] = {}
    for entity in graph.by_entity:
        replicas.setdefault(graph.lasting(entity), []).append(entity)
    return {entity: value for name, value in found.items() for entity in replicas.get(name, [name])}


def on_grid(value: float) -> float:
    """The nearest multiple of 1/`GRID`."""
    return round(value * GRID) / GRID
