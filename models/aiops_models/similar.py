"""Similar incidents: what looked like this before, what fixed it, and how long it took.

An incident is a bag of features: (entity, type) and, so that another replica of a service still counts, (service,
type). Similarity is the cosine of their tf-idf weights (Salton and Buckley 1988; for incidents, RCACopilot, Chen et al.
2024, where in-domain retrieval with recency beat a generic embedding three to one), times a slow decay with age.
0 to 1, higher is more alike. Pure Python; an inverted index over at most `MAX_INCIDENTS`, the oldest are forgotten.
Cost: under 5 ms a query at 1,000 incidents of 64 features, all of them shared by many.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.records import Evidence
from aiops.topology import Topology
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.identity import digest_of

# Some years of incidents of a busy shop; at 64 features each under 10 MB.
MAX_INCIDENTS = 2000
# Features kept of an incident, the earliest first: a storm's first minute tells it from others.
MAX_FEATURES = 64
# Of the half of the similarity that fades with age, half is gone after this: systems change, but a fault seen years ago
# that looked just the same is still worth reading.
HALF_LIFE_S = 1.5 * 365 * 86_400
# Below this two incidents share only what every incident has.
MIN_SIMILARITY = 0.2
# Exact cosines are computed for so many of the best by raw overlap; enough that the third best is among them.
SHORTLIST = 32
# Service-level features say the same as entity-level ones, more vaguely.
SERVICE_WEIGHT = 0.7
_LISTED = 3
_MAX_TEXT = 200


class Past(Struct, omit_defaults=True):
    """What is remembered of an incident: what it looked like, and what people and time told of it."""

    id: str
    opened_at: float
    features: list[str]
    root: str | None = None
    playbook: str | None = None
    resolved_at: float | None = None


class SimilarIncidents:
    """The index. Options: `lexicon` (path or mapping), as for the cause ranker."""

    def __init__(self, topology: Topology | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Start empty; raise `UsageError` for options or a lexicon that do not fit."""
        unknown = sorted(set(options or {}) - {"lexicon"})
        if unknown:
            raise UsageError(f"similar incidents: expected the option lexicon; got {', '.join(unknown)}")
        self._topology = topology or Topology()
        self._lexicon = load_lexicon((options or {}).get("lexicon"))
        self._past: dict[str, Past] = {}
        self._with: dict[str, list[str]] = {}

    @property
    def digest(self) -> str:
        """Of the lexicon."""
        return digest_of(self._lexicon.words)

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        """Remember an incident; told again (same `view.id`), what `meta` leaves out is kept from before.

        `meta` may hold `opened_at`, `resolved_at` (Unix seconds as text), `root` (confirmed cause) and `playbook` (what
        fixed it); other keys are ignored, and so is a time that is none.
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
        """The `k` most similar: name = incident id, value = similarity (0 to 1), text = what they share, what fixed it.

        Only incidents that opened before this one are past to it; the incident itself is none.
        """
        idf = {feature: self._idf(feature) for feature in self._features(view)}
        norm = sum(weight * weight for weight in idf.values())
        # Incidents that are alike share their features, whose weights are asked for once.
        squares = {feature: weight**2 for feature, weight in idf.items()}
        near = (self._past[name] for name in self._shortlist(view, idf))
        found = [(self._similarity(view, past, idf, squares, norm), past.id) for past in near]
        found = sorted((each for each in found if each[0] >= MIN_SIMILARITY), key=lambda each: (-each[0], each[1]))
        return [Evidence(name, round(value, 4), self._told(self._past[name], idf)) for value, name in found[:k]]

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
        """ln((N + 1) / (df + .5)), never below .1, so that a feature of all incidents still counts a little.

        One that was never seen counts as if once: it can make nothing alike, and should not make all unlike.
        """
        seen = max(len(self._with.get(feature, ())), 1)
        weight = max(math.log((len(self._past) + 1) / (seen + 0.5)), 0.1)
        return weight * (SERVICE_WEIGHT if " on some " in feature else 1.0)

    def _shortlist(self, view: IncidentView, idf: Mapping[str, float]) -> list[str]:
        overlap: dict[str, float] = {}
        for feature, weight in idf.items():
            for name in self._with.get(feature, ()):
                overlap[name] = overlap.get(name, 0.0) + weight * weight
        # A long incident overlaps with everything; the root of its length keeps short, close ones on the list.
        ranked: list[tuple[float, str]] = []
        for name, value in overlap.items():
            past = self._past[name]
            if past.opened_at <= view.opened_at and name != view.id:
                ranked.append((-value / math.sqrt(len(past.features)), name))
        return [name for _, name in heapq.nsmallest(SHORTLIST, ranked)]

    def _similarity(
        self, view: IncidentView, past: Past, idf: Mapping[str, float], squares: dict[str, float], norm: float
    ) -> float:
        """How alike; `squares` holds squared weights that were asked for already, and takes the others."""
        dot = length = 0.0
        for feature in past.features:
            square = squares.get(feature)
            if square is None:
                square = squares[feature] = self._idf(feature) ** 2
            length += square
            if feature in idf:
                dot += square
        fresh = math.exp2((past.opened_at - view.opened_at) / HALF_LIFE_S)
        return min(dot / math.sqrt(norm * length), 1.0) * (1.0 + fresh) / 2.0

    def _told(self, past: Past, idf: Mapping[str, float]) -> str:
        """What both share, the most telling first, and what became of the past one."""
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
        for feature in past.features:
            self._with.setdefault(feature, []).append(past.id)

    def _forget(self, name: str) -> None:
        past = self._past.pop(name, None)
        for feature in past.features if past else ():
            holders = self._with[feature]
            holders.remove(name)
            if not holders:
                del self._with[feature]


def _time(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
