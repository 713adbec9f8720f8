"""Similar incidents: past ones that looked like this, their remedies and their durations.

An incident is a bag of features: (entity, type) and, for other replicas of a service or a workload, (service or
workload, type). Similarity is the cosine of their tf-idf weights (Salton and Buckley 1988; for incidents, RCACopilot,
Chen et al. 2024, where in-domain retrieval with recency beat a generic embedding three to one), times a slow decay with
age.
0 to 1, higher is more alike. Pure Python; an inverted index over at most `MAX_INCIDENTS`, the oldest are forgotten.
Cost: under 5 ms a query at 1,000 incidents of 64 features, all of them shared by many.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from aiops.options import convert
from aiops.ports import IncidentView
from aiops.records import Evidence
from aiops.topology import Topology
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.model_digest import digest_of

# Some years of incidents of a busy shop; at 64 features each under 10 MB.
MAX_INCIDENTS = 2000
# Features kept of an incident, the earliest first: a storm's first minute distinguishes it from others.
MAX_FEATURES = 64
# The fading part of the similarity halves in this time: systems change, but a fault seen years ago that looked just the
# same is still worth reading.
HALF_LIFE_S = 1.5 * 365 * 86_400
# Below this two incidents share only what every incident has.
MIN_SIMILARITY = 0.2
# Exact cosines are computed for so many of the best by raw overlap; enough that the third best is among them.
SHORTLIST = 32
# Service-level features repeat entity-level ones, less precisely.
SERVICE_WEIGHT = 0.7
_LISTED = 3
_MAX_TEXT = 200


Features = tuple[str, ...]


class Past(Struct, omit_defaults=True):
    """A remembered incident: its features, and its later history."""

    id: str
    opened_at: float
    features: list[str]
    root: str | None = None
    playbook: str | None = None
    resolved_at: float | None = None


class SimilarOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the memory of past incidents."""

    lexicon: Annotated[str | dict[str, Any] | None, Meta(description="As for the model `causes`.")] = None


class SimilarIncidents:
    """Find the past incidents most like a new one."""

    Options = SimilarOptions

    def __init__(self, topology: Topology | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Start empty; raise `UsageError` for options or a lexicon that do not fit."""
        self._topology = topology or Topology()
        self._lexicon = load_lexicon(convert(options or {}, SimilarOptions, "similar incidents").lexicon)
        self._past: dict[str, Past] = {}
        # The same faults come again: incidents with the same features are looked at together.
        self._groups: dict[Features, list[str]] = {}
        self._with: dict[str, list[Features]] = {}
        self._seen: dict[str, int] = {}

    @property
    def digest(self) -> str:
        """Of the lexicon."""
        return digest_of(self._lexicon.words)

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        """Remember an incident; on a repeat (same `view.id`), missing parts of `meta` are kept from before.

        `meta` may hold `opened_at`, `resolved_at` (Unix seconds as text), `root` (confirmed cause) and `playbook` (the
        one that fixed it); other keys are ignored, and so is an invalid time.
        """
        known = self._past.get(view.id) or Past(view.id, view.opened_at, [])
        self._forget(view.id)
        opened_at = _time(meta.get("opened_at"))
        past = Past(view.id, known.opened_at if opened_at is None else opened_at, self._features(view))
        past.root = meta.get("root", known.root or "")[:_MAX_TEXT] or None
        past.playbook = meta.get("playbook", known.playbook or "")[:_MAX_TEXT] or None
        resolved_at = _time(meta.get("resolved_at"))
        past.resolved_at = known.resolved_at if resolved_at is None else resolved_at
        self._keep(past)
        if len(self._past) > MAX_INCIDENTS:
            self._forget(next(iter(self._past)))

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        """Return the `k` most similar incidents.

        Only incidents that opened before this one are past to it; the incident itself is none.
        """
        idf = {feature: self._idf(feature) for feature in self._features(view)}
        norm = sum(weight * weight for weight in idf.values())
        # Repeated values are computed once: squared weights, and the similarity of a group.
        squares = {feature: weight**2 for feature, weight in idf.items()}
        cosines: dict[Features, float] = {}
        found: list[tuple[float, str]] = []
        for name in self._shortlist(view, idf):
            past = self._past[name]
            features = tuple(past.features)
            if features not in cosines:
                cosines[features] = self._cosine(features, idf, squares, norm)
            fresh = math.exp2((past.opened_at - view.opened_at) / HALF_LIFE_S)
            found.append((cosines[features] * (1.0 + fresh) / 2.0, name))
        found = sorted((each for each in found if each[0] >= MIN_SIMILARITY), key=lambda each: (-each[0], each[1]))
        return [Evidence(name, round(value, 4), self._described(self._past[name], idf)) for value, name in found[:k]]

    def dump(self) -> Any:
        """Plain data; the index is built again from it."""
        return {"incidents": [msgspec.to_builtins(past) for past in self._past.values()]}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._past, self._groups, self._with, self._seen = {}, {}, {}, {}
        for plain in state["incidents"]:
            self._keep(msgspec.convert(plain, Past))

    def _features(self, view: IncidentView) -> list[str]:
        found: dict[str, None] = {}
        for fact in sorted(view.facts, key=lambda f: (f.first_at, f.entity, f.name)):
            type_ = self._lexicon.read(fact.name).type
            service = fact.service or self._topology.service_of(fact.entity)
            if service == fact.entity:
                # The next pod of a deployment that the topology does not know.
                service = fact.workload or service
            found[f"{type_} on {fact.entity}"] = None
            if service != fact.entity:
                found[f"{type_} on some {service}"] = None
            if len(found) >= MAX_FEATURES:
                break
        return list(dict.fromkeys(feature[:_MAX_TEXT] for feature in found))

    def _idf(self, feature: str) -> float:
        """Return ln((N + 1) / (df + .5)), never below .1: a feature of all incidents still counts a little.

        An unseen one counts as if seen once: it can make nothing alike, and should not make all unlike.
        """
        seen = max(self._seen.get(feature, 0), 1)
        weight = max(math.log((len(self._past) + 1) / (seen + 0.5)), 0.1)
        return weight * (SERVICE_WEIGHT if " on some " in feature else 1.0)

    def _shortlist(self, view: IncidentView, idf: Mapping[str, float]) -> list[str]:
        overlap: dict[Features, float] = {}
        for feature, weight in idf.items():
            square = weight * weight
            for group in self._with.get(feature, ()):
                overlap[group] = overlap.get(group, 0.0) + square
        # A long incident overlaps with everything; the root of its length keeps short, close ones on the list.
        ranked = sorted((-value / math.sqrt(len(group)), group) for group, value in overlap.items())
        listed: list[tuple[float, str]] = []
        for rank, group in ranked:
            if len(listed) >= SHORTLIST and rank > listed[-1][0]:
                break
            others = (name for name in self._groups[group] if name != view.id)
            listed += [(rank, name) for name in others if self._past[name].opened_at <= view.opened_at]
        return [name for _, name in heapq.nsmallest(SHORTLIST, listed)]

    def _cosine(self, features: Features, idf: Mapping[str, float], squares: dict[str, float], norm: float) -> float:
        """Return the similarity of a group.

        `squares` caches squared weights.
        """
        dot = length = 0.0
        for feature in features:
            square = squares.get(feature)
            if square is None:
                square = squares[feature] = self._idf(feature) ** 2
            length += square
            if feature in idf:
                dot += square
        return min(dot / math.sqrt(norm * length), 1.0)

    def _described(self, past: Past, idf: Mapping[str, float]) -> str:
        """Describe what both share, the most significant first, and the fate of the earlier one."""
        shared = sorted((f for f in past.features if f in idf), key=lambda feature: (-idf[feature], feature))
        parts = [f"shares {', '.join(shared[:_LISTED])}"]
        if past.root:
            parts.append(f"caused by {past.root}")
        if past.playbook:
            parts.append(f"fixed by {past.playbook}")
        if past.resolved_at is not None:
            parts.append(f"took {max(past.resolved_at - past.opened_at, 0.0) / 60:.0f} min")
        return "; ".join(parts)

    def _keep(self, past: Past) -> None:
        self._past[past.id] = past
        features = tuple(past.features)
        if features not in self._groups:
            self._groups[features] = []
            for feature in features:
                self._with.setdefault(feature, []).append(features)
        self._groups[features].append(past.id)
        for feature in features:
            self._seen[feature] = self._seen.get(feature, 0) + 1

    def _forget(self, name: str) -> None:
        past = self._past.pop(name, None)
        if past is None:
            return
        features = tuple(past.features)
        self._groups[features].remove(name)
        for feature in features:
            self._seen[feature] -= 1
        if self._groups[features]:
            return
        del self._groups[features]
        for feature in features:
            self._with[feature].remove(features)
            if not self._with[feature]:
                del self._with[feature], self._seen[feature]


def _time(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
