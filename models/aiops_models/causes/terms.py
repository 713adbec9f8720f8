"""The terms of the score: what each algorithm says of an entity, weighed, and worded once it is asked for.

Weights were found on eight systems together; times or divided by 1.6 each moves the mean top-1 between .497 and .522, so
finer tuning would only fit noise. A change weighs as much as internal surprise, for want of labelled changes to learn
from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log1p

from msgspec import Struct

from aiops.records import Evidence
from aiops_models.causes.blame import blame
from aiops_models.causes.changes import suspects
from aiops_models.causes.contrast import contrast
from aiops_models.causes.memory import Memory
from aiops_models.causes.rules import Pack, verdicts
from aiops_models.causes.scene import Scene
from aiops_models.causes.surprise import Surprise
from aiops_models.causes.wording import (
    blame_text,
    change_text,
    contrast_text,
    internal_text,
    likeness_text,
    rule_text,
    signs_text,
    symptom_text,
)

WEIGHTS = {
    "internal": 1.6,
    "blame": 1.3,
    "symptom": 0.5,
    "contrast": 0.5,
    "change": 1.6,
    "signs": 1.0,
    "likeness": 2.0,
}
# Contributions are rounded to this grid of binary fractions (about .0002), on which sums are exact in any order.
GRID = 4096


class Account(Struct, gc=False):
    """The contributions to one entity's score, by term."""

    entity: str
    parts: dict[str, float]
    score: float


class Terms:
    """All terms of one scene."""

    def __init__(self, scene: Scene, surprise: Surprise, memory: Memory, packs: Sequence[Pack]) -> None:
        """Run what looks at the whole scene; what looks at an entity runs when asked."""
        self.scene, self.surprise, self.memory = scene, surprise, memory
        self.blamed = blame(scene, surprise)
        self.changed = suspects(scene)
        self.alike = memory.likeness(scene.pairs())
        self.rules = verdicts(packs, scene)

    def candidates(self) -> list[str]:
        """Every entity that can be named, those that only a rule knows last."""
        known = self.scene.candidates()
        return [*known, *(entity for entity in self.rules if entity not in known)]

    def account(self, entity: str) -> Account:
        """What speaks against an entity."""
        surprise, changed = self.surprise, self.changed.get(entity)
        parts = {"blame": log1p(self.blamed.get(entity, 0.0)), "change": log1p(changed.value) if changed else 0.0}
        if entity in self.scene.by_entity:
            parts["internal"] = log1p(surprise.internal(entity))
            parts["symptom"] = log1p(surprise.symptom(entity))
            parts["contrast"] = log1p(contrast(surprise, entity))
            parts["signs"] = self.memory.signs(self.scene.pairs_of(entity))
        parts["likeness"] = self.alike.get(entity, (0.0, ""))[0]
        weighed = {name: on_grid(WEIGHTS[name] * value) for name, value in parts.items()}
        for verdict in self.rules.get(entity, ()):
            weighed[verdict.rule] = on_grid(verdict.weight)
        kept = {name: value for name, value in weighed.items() if value > 0}
        return Account(entity, kept, sum(kept.values()))

    def evidence(self, account: Account) -> list[Evidence]:
        """The account in words, the weightiest first."""
        entity, surprise = account.entity, self.surprise
        texts: dict[str, Callable[[], str]] = {
            "internal": lambda: internal_text(surprise, entity),
            "blame": lambda: blame_text(surprise, entity, self.blamed[entity] / sum(self.blamed.values())),
            "symptom": lambda: symptom_text(surprise, entity),
            "contrast": lambda: contrast_text(surprise, entity),
            "change": lambda: change_text(self.changed[entity]),
            "signs": lambda: signs_text(surprise, entity),
            "likeness": lambda: likeness_text(entity, *self.alike[entity]),
        }
        rules = {verdict.rule: verdict for verdict in self.rules.get(entity, ())}
        parts = sorted(account.parts.items(), key=lambda part: (-part[1], part[0]))
        return [
            Evidence(name, value, rule_text(rules[name], entity) if name in rules else texts[name]())
            for name, value in parts
        ]


def on_grid(value: float) -> float:
    """The nearest multiple of 1/`GRID`."""
    return round(value * GRID) / GRID
