"""Similar incidents: what looked like this before, what fixed it, and how long it took.

An incident is a bag of features: (entity, type) and, so that another replica of a service still counts, (service,
type). Similarity is the cosine of their tf-idf weights (Salton and Buckley 1988; for incidents, RCACopilot, Chen et al.
2024, where in-domain retrieval with recency beat a generic embedding three to one), times a slow decay with age.
0 to 1, higher is more alike. Pure Python; an inverted index over at most `MAX_INCIDENTS`, the oldest are forgotten.
Cost: about .2 ms a query at 1,000 incidents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from aiops.ports import IncidentView
from aiops.records import Evidence
from aiops.topology import Topology
from aiops_models.causes.lexicon import load_lexicon

# Some years of incidents of a busy shop; at 64 features each under 10 MB.
MAX_INCIDENTS = 2000
# Features kept of an incident, the earliest first: a storm's first minute tells it from others.
MAX_FEATURES = 64
# Similarity halves in a year and a half: systems change, but a fault seen last winter is still worth reading.
HALF_LIFE_S = 1.5 * 365 * 86_400
# Below this two incidents share only what every incident has.
MIN_SIMILARITY = 0.2
# Exact cosines are computed for so many of the best by raw overlap; enough that the third best is among them.
SHORTLIST = 32
# Service-level features say the same as entity-level ones, more vaguely.
SERVICE_WEIGHT = 0.5
_LISTED = 3
_MAX_TEXT = 200


class Past(Struct, omit_defaults=True):
    """What is remembered of an incident. `took_s` is from opening to resolution; the rest as people confirmed it."""

    id: str
    opened_at: float
    features: list[str]
    cause: str | None = None
    cause_class: str | None = None
    fixed_by: str | None = None
    took_s: float | None = None


class Similar(Struct, omit_defaults=True):
    """A past incident with its similarity (0 to 1) and the features that it shares, the most telling first."""

    id: str
    similarity: float
    shared: list[str]
    opened_at: float
    cause: str | None = None
    cause_class: str | None = None
    fixed_by: str | None = None
    took_s: float | None = None

    def evidence(self) -> Evidence:
        """The same as a line for an incident's page."""
        parts = [f"shares {', '.join(self.shared[:_LISTED])}"]
        if self.cause:
            parts.append(f"caused by {self.cause}")
        if self.fixed_by:
            parts.append(f"fixed by {self.fixed_by}")
        if self.took_s is not None:
            parts.append(f"took {self.took_s / 60:.0f} min")
        return Evidence(self.id, round(self.similarity, 3), "; ".join(parts))


class SimilarIncidents:
    """The index. Options: `lexicon` (path or mapping), as for the cause ranker."""

    def __init__(self, topology: Topology | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Start empty; raise `UsageError` for a lexicon that does not fit."""
        self._topology = topology or Topology()
        self._lexicon = load_lexicon((options or {}).get("lexicon"))
        self._past: dict[str, Past] = {}
        self._with: dict[str, dict[str, None]] = {}

    def add(self, view: IncidentView, meta: Mapping[str, Any] | None = None) -> None:
        """Remember a closed incident; again for the same id replaces it.

        `meta` may tell `cause`, `cause_class`, `fixed_by` (a playbook, a note) and `took_s` or `resolved_at`; other
        keys are ignored.
        """
        self._forget(view.id)
        past = Past(view.id, view.opened_at, self._features(view))
        told = dict(meta or {})
        past.cause, past.cause_class, past.fixed_by = (_text(told.get(k)) for k in ("cause", "cause_class", "fixed_by"))
        past.took_s = _took(told, view.opened_at)
        self._keep(past)
        while len(self._past) > MAX_INCIDENTS:
            self._forget(next(iter(self._past)))

    def nearest(self, view: IncidentView, k: int = 3) -> list[Similar]:
        """The `k` most similar past incidents, the best first; the incident itself is none."""
        wanted = dict.fromkeys(self._features(view))
        idf = {feature: self._idf(feature) for feature in wanted}
        norm = math.sqrt(sum(weight * weight for weight in idf.values()))
        found = [self._compare(view, self._past[name], idf, norm) for name in self._shortlist(view.id, idf)]
        found = [each for each in found if each.similarity >= MIN_SIMILARITY]
        return sorted(found, key=lambda each: (-each.similarity, -each.opened_at, each.id))[:k]

    def dump(self) -> Any:
        """Plain data; the index is built again from it."""
        return {"incidents": [msgspec.to_builtins(past) for past in self._past.values()]}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._past, self._with = {}, {}
        for plain in state["incidents"]:
            self._keep(msgspec.convert(plain, Past))

    def _features(self, view: IncidentView) -> list[str]:
        found: dict[str, None] = {}
        for fact in sorted(view.facts, key=lambda f: (f.first_at, f.entity, f.name)):
            type_ = self._lexicon.read(fact.name).type
            service = fact.service or self._topology.service_of(fact.entity)
            found[f"{type_} on {fact.entity}"] = None
            if service != fact.entity:
                found[f"{type_} on some {service}"] = None
            if len(found) >= MAX_FEATURES:
                break
        return [feature[:_MAX_TEXT] for feature in found]

    def _idf(self, feature: str) -> float:
        """ln((N + 1) / (df + .5)), never below .1, so that a feature of all incidents still counts a little."""
        seen = len(self._with.get(feature, ()))
        weight = max(math.log((len(self._past) + 1) / (seen + 0.5)), 0.1)
        return weight * (SERVICE_WEIGHT if " on some " in feature else 1.0)

    def _shortlist(self, own: str, idf: Mapping[str, float]) -> list[str]:
        overlap: dict[str, float] = {}
        for feature, weight in idf.items():
            for name in self._with.get(feature, ()):
                overlap[name] = overlap.get(name, 0.0) + weight * weight
        overlap.pop(own, None)
        # A long incident overlaps with everything; the root of its length keeps short, close ones on the list.
        rank = {name: value / math.sqrt(len(self._past[name].features)) for name, value in overlap.items()}
        return sorted(rank, key=lambda name: (-rank[name], name))[:SHORTLIST]

    def _compare(self, view: IncidentView, past: Past, idf: Mapping[str, float], norm: float) -> Similar:
        shared = [feature for feature in past.features if feature in idf]
        dot = sum(idf[feature] ** 2 for feature in shared)
        length = math.sqrt(sum(self._idf(feature) ** 2 for feature in past.features))
        fresh = 0.5 ** (max(view.opened_at - past.opened_at, 0.0) / HALF_LIFE_S)
        similarity = dot / (norm * length) * fresh if dot else 0.0
        shared.sort(key=lambda feature: (-idf[feature], feature))
        return Similar(
            past.id, similarity, shared, past.opened_at, past.cause, past.cause_class, past.fixed_by, past.took_s
        )

    def _keep(self, past: Past) -> None:
        self._past[past.id] = past
        for feature in past.features:
            self._with.setdefault(feature, {})[past.id] = None

    def _forget(self, name: str) -> None:
        past = self._past.pop(name, None)
        for feature in past.features if past else ():
            holders = self._with[feature]
            holders.pop(name, None)
            if not holders:
                del self._with[feature]


def _text(value: Any) -> str | None:
    return str(value)[:_MAX_TEXT] if value else None


def _took(told: Mapping[str, Any], opened_at: float) -> float | None:
    if told.get("took_s") is not None:
        return float(told["took_s"])
    return max(float(told["resolved_at"]) - opened_at, 0.0) if told.get("resolved_at") is not None else None
