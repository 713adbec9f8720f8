"""The cause ranker: adds the evidence of every algorithm up, for every entity.

`score = 1.6 ln(1+A) + 1.3 ln(1+D) + .5 ln(1+B) + .5 ln(1+C) + 1.6 ln(1+E)` with A internal surprise,
B symptom surprise, C replica contrast, D blame and E changes, all in nats and none negative; the logarithm makes a
second alert of a kind add less than the first. Deterministic; no clock, randomness or I/O after construction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from aiops.ports import IncidentView
from aiops.records import Cause, Evidence
from aiops.topology import Topology
from aiops_models.causes.blame import blame
from aiops_models.causes.changes import suspects
from aiops_models.causes.contrast import contrast
from aiops_models.causes.history import History
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.causes.scene import Landscape, Scene
from aiops_models.causes.surprise import Surprise
from aiops_models.causes.wording import blame_text, change_text, contrast_text, internal_text, symptom_text

# Found on eight systems together; times or divided by 1.6 each moves the mean top-1 between .497 and .522, so finer
# tuning would only fit noise. A change weighs as much as internal surprise, for want of labelled changes to learn from.
INTERNAL, SYMPTOM, CONTRAST, BLAME, CHANGE = 1.6, 0.5, 0.5, 1.3, 1.6
# Contributions are rounded to this grid of binary fractions (about .0002), on which sums are exact in any order.
GRID = 4096
# What a person reads; past ten suspects a list is no help.
MAX_CAUSES = 10


class CauseRanker:
    """Ranks the entities that may have caused an incident. Options: `lexicon` (path or mapping)."""

    def __init__(self, topology: Topology, options: Mapping[str, Any] | None = None) -> None:
        """Read the topology once; raise `UsageError` for a lexicon that does not fit."""
        given = dict(options or {})
        self._land = Landscape(topology)
        self._lexicon = load_lexicon(given.get("lexicon"))
        self._history = History()

    def rank(self, view: IncidentView) -> list[Cause]:
        """The best causes first (at most 10), each with additive evidence that sums to its score."""
        return [Cause(entity, total(evidence), evidence=evidence) for entity, evidence in self._ranked(view)]

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Take in a closed incident; `root` is the confirmed cause, None where nobody confirmed one."""
        scene = Scene(self._land, self._lexicon, view)
        self._history.add(view.id, [(signal.entity, signal.type) for signal in scene.signals()])

    def dump(self) -> Any:
        """What was learned, as plain data."""
        return {"history": self._history.dump()}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._history.load(state["history"])

    def _ranked(self, view: IncidentView) -> list[tuple[str, list[Evidence]]]:
        scene = Scene(self._land, self._lexicon, view)
        surprise = Surprise(scene, self._history)
        found = weigh(scene, surprise)
        ranked = sorted(found.items(), key=lambda item: (-total(item[1]), item[0]))
        return [(entity, evidence) for entity, evidence in ranked[:MAX_CAUSES]]


def weigh(scene: Scene, surprise: Surprise) -> dict[str, list[Evidence]]:
    """The evidence on every entity that has any."""
    blamed, changed = blame(scene, surprise), suspects(scene)
    mass = sum(blamed.values())
    found: dict[str, list[Evidence]] = {}
    for entity in scene.candidates():
        terms = [
            ("internal", INTERNAL * math.log1p(surprise.internal(entity))),
            ("blame", BLAME * math.log1p(blamed.get(entity, 0.0))),
            ("symptom", SYMPTOM * math.log1p(surprise.symptom(entity))),
            ("contrast", CONTRAST * math.log1p(contrast(surprise, entity))),
            ("change", CHANGE * math.log1p(changed[entity].value) if entity in changed else 0.0),
        ]
        texts = {
            "internal": lambda e=entity: internal_text(surprise, e),
            "blame": lambda e=entity: blame_text(surprise, e, blamed[e] / mass),
            "symptom": lambda e=entity: symptom_text(surprise, e),
            "contrast": lambda e=entity: contrast_text(surprise, e),
            "change": lambda e=entity: change_text(changed[e]),
        }
        evidence = [Evidence(name, on_grid(v), texts[name]()) for name, v in terms if on_grid(v)]
        if evidence:
            found[entity] = evidence
    return found


def on_grid(value: float) -> float:
    """The nearest multiple of 1/`GRID`."""
    return round(value * GRID) / GRID


def total(evidence: Iterable[Evidence]) -> float:
    """The score: exact, since every value is on the grid."""
    return sum(item.value for item in evidence)
