"""The cause ranker: adds the evidence of every algorithm up, for every entity.

`score = 2.2 ln(1+A) + 1.3 ln(1+D) + .5 ln(1+B) + .5 ln(1+C) + 2.2 ln(1+E) + memory + rules` with A internal surprise,
B symptom surprise, C replica contrast, D blame and E changes, all in nats and none negative; the logarithm makes a
second alert of a kind add less than the first. Deterministic; no clock, randomness or I/O after construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from aiops.options import convert
from aiops.ports import IncidentView
from aiops.records import Cause
from aiops.topology import Topology
from aiops_models.causes.calibration import Calibration, set_size
from aiops_models.causes.confidence import confidence
from aiops_models.causes.entity_names import tail
from aiops_models.causes.history import History
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.causes.memory import Memory
from aiops_models.causes.rarity import Surprise
from aiops_models.causes.rules import load_packs
from aiops_models.causes.score_terms import Account, Terms
from aiops_models.causes.topology_index import TopologyIndex
from aiops_models.model_digest import digest_of

# What a person reads; past ten suspects a list is no help.
MAX_CAUSES = 10
# The packs of rules that apply unless the option `rules` names others: they hold no rule that can fire elsewhere.
DEFAULT_RULES = ("kubernetes",)
NOBODY = "or something that raised no alert"


class RankerOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the cause ranker."""

    lexicon: Annotated[
        str | dict[str, Any] | None,
        Meta(
            description="Words by which alert names are sorted into classes, for names of your own (a path or a "
            "table); the shipped ones otherwise."
        ),
    ] = None
    rules: Annotated[list[str], Meta(description="Names or paths of the rule packs to consult; `[]` for none.")] = (
        field(default_factory=lambda: list(DEFAULT_RULES))
    )


class CauseRanker:
    """Rank the entities that may have caused an incident."""

    Options = RankerOptions

    def __init__(self, topology: Topology, options: Mapping[str, Any] | None = None) -> None:
        """Read the topology once; raise `UsageError` for options, a lexicon or rules that do not fit."""
        own = convert(options or {}, RankerOptions, "cause ranker")
        self._topology_index = TopologyIndex(topology)
        self._lexicon = load_lexicon(own.lexicon)
        self._packs = load_packs(own.rules)
        self._history, self._memory, self._calibration = History(), Memory(), Calibration()

    @property
    def digest(self) -> str:
        """Of the lexicon and the rules."""
        return digest_of(self._lexicon.words, self._packs)

    def rank(self, view: IncidentView) -> list[Cause]:
        """The best causes first (at most 10), each with additive evidence that sums to its score."""
        graph = IncidentGraph(self._topology_index, self._lexicon, view)
        terms, accounts = self._accounts(graph)
        if not accounts:
            return []
        scores = [account.score for account in accounts]
        stated = self._calibration.probabilities(scores) if self._calibration.ready else []
        causes = [
            Cause(account.entity, account.score, evidence=terms.evidence(account)) for account in accounts[:MAX_CAUSES]
        ]
        causes[0].confidence = confidence(graph, [(account.entity, account.score) for account in accounts])
        for cause, probability in zip(causes, stated, strict=False):
            cause.probability = round(probability, 4)
        return causes

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Learn from a closed incident; `root` is the confirmed cause, None if nobody confirmed one.

        An incident counts once for chronicity however often it is passed; a new `root` for it replaces the old one.
        """
        graph = IncidentGraph(self._topology_index, self._lexicon, view)
        if root is not None:
            self._confirm(graph, root)
        self._history.add(view.id, graph.pairs())

    def candidate_set(self, causes: list[Cause]) -> dict[str, Any]:
        """The causes that together hold the root in nine of ten cases, and what remains for `NOBODY`.

        Before there are probabilities the set is the first three, without a promise.
        """
        stated = [cause.probability for cause in causes if cause.probability is not None]
        size = set_size(stated) if stated else min(len(causes), 3)
        return {
            "entities": [cause.entity for cause in causes[:size]],
            "probability": round(sum(stated[:size]), 4) if stated else None,
            "otherwise": NOBODY,
            "measured_coverage": self._calibration.report()["coverage"],
        }

    def calibration(self) -> dict[str, Any]:
        """Return the record of stated probabilities so far; see `Calibration.report`."""
        return self._calibration.report()

    def dump(self) -> Any:
        """Return the learned state as plain data."""
        return {
            "history": self._history.dump(),
            "memory": self._memory.dump(),
            "calibration": self._calibration.dump(),
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._history.load(state["history"])
        self._memory.load(state["memory"])
        self._calibration.load(state["calibration"])

    def _accounts(self, graph: IncidentGraph) -> tuple[Terms, list[Account]]:
        terms = Terms(graph, Surprise(graph, self._history), self._memory, self._packs)
        found = [account for account in map(terms.account, terms.candidates()) if account.score > 0]
        return terms, sorted(found, key=lambda account: (-account.score, account.entity))

    def _confirm(self, graph: IncidentGraph, root: str) -> None:
        """Learn from a confirmed root: first how well it was foreseen, then what it looked like."""
        roots = self._roots(graph, root)
        _, accounts = self._accounts(graph)
        place = next((i for i, account in enumerate(accounts) if account.entity in roots), None)
        if graph.view.id not in self._memory:
            self._calibration.learn([account.score for account in accounts], place)
        self._memory.add(graph.view.id, roots, graph.pairs())

    def _roots(self, graph: IncidentGraph, root: str) -> list[str]:
        """The entities that a confirmed name stands for: itself and, for a service, its replicas."""
        known = graph.candidates()
        named = [root] if root in known else [entity for entity in known if tail(entity) == tail(root)]
        replicas = [entity for name in named for entity in self._topology_index.members.get(name, ()) if entity != name]
        return (named or [root]) + replicas
