"""The cause ranker: adds the evidence of every algorithm up, for every entity.

`score = 2.2 ln(1+A) + 1.3 ln(1+D) + .5 ln(1+B) + .5 ln(1+C) + 2.2 ln(1+E) + memory + rules + findings` with A internal
surprise, B symptom surprise, C replica contrast, D blame and E changes, all in nats and none negative; the logarithm
makes a second alert of a kind add less than the first. Deterministic; no clock, randomness or I/O after construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from aiops.options import convert
from aiops.ports import IncidentView
from aiops.records import Cause
from aiops.topology import Topology
from aiops_models.causes.calibration import Calibration
from aiops_models.causes.confidence import confidence
from aiops_models.causes.entity_names import tail
from aiops_models.causes.first_suspects import FirstSuspects, place_of, young
from aiops_models.causes.history import History
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import load_lexicon
from aiops_models.causes.memory import Memory
from aiops_models.causes.promised_sets import MAX_SET, PromisedSets
from aiops_models.causes.rarity import Surprise
from aiops_models.causes.rules import load_packs
from aiops_models.causes.score_terms import Account, Terms
from aiops_models.causes.topology_index import TopologyIndex
from aiops_models.model_digest import digest_of

# What a person reads; past ten suspects a list is no help.
MAX_CAUSES = 10
# The packs of rules that apply unless the option `rules` names others: they hold no rule that can fire elsewhere.
DEFAULT_RULES = ("kubernetes",)
# Suspects that are shown where no set can be promised.
SHOWN = 3


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
        self._promised, self._firsts = PromisedSets(), FirstSuspects()

    @property
    def digest(self) -> str:
        """Of the lexicon and the rules."""
        return digest_of(self._lexicon.words, self._packs)

    def rank(self, view: IncidentView) -> list[Cause]:
        """The best causes first (at most 10), each with additive evidence that sums to its score."""
        graph = self._graph(view)
        terms, accounts = self._accounts(graph)
        if not accounts:
            return []
        scores = [account.score for account in accounts]
        stated = self._calibration.probabilities(scores) if self._calibration.ready else []
        causes = [terms.cause(account) for account in accounts[:MAX_CAUSES]]
        causes[0].confidence = confidence(graph, [(account.entity, account.score) for account in accounts])
        for cause, probability in zip(causes, stated, strict=False):
            cause.probability = round(probability, 4)
        return causes

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Learn from a closed incident; `root` is the confirmed cause, None if nobody confirmed one.

        An incident counts once for chronicity however often it is passed; a new `root` for it replaces the old one.
        """
        graph = self._graph(view)
        if root is not None:
            self._confirm(graph, root)
        self._history.add(view.id, graph.pairs())

    def candidate_set(self, causes: list[Cause]) -> dict[str, Any]:
        """Return the first suspects that hold the root in nine of ten cases, if that can be promised.

        Else `promised` is None, and the entities are the first three. `among_first` is the share of cases that
        the first `MAX_SET` suspects hold at least, `first` that of the first alone; None before there are enough
        outcomes.
        """
        level = causes[0].confidence if causes else "low"
        size = self._promised.size(level)
        shown = SHOWN if size is None else size
        return {
            "entities": [cause.entity for cause in causes[:shown]],
            "promised": None if size is None else self._promised.bound(size, level),
            "among_first": self._promised.bound(MAX_SET, level),
            "first": self._promised.bound(1, level),
            "measured_coverage": self._promised.report()["coverage"],
        }

    def certainty(self, view: IncidentView) -> tuple[float, int] | None:
        """Return the least rate at which a suspect like the first of `view.causes` was the cause.

        With it the number of outcomes that it is by; None without a suspect, or with too few of them.
        """
        if not view.causes:
            return None
        first = view.causes[0]
        return self._firsts.bound(f"{first.confidence} {place_of(self._graph(view), first.entity)}")

    def mark_noise(self, view: IncidentView, is_noise: bool) -> None:
        """Learn that an incident had no cause, or that this was a mistake."""
        kind = self._kind(self._graph(young(view)))[0] if is_noise else ""
        if kind:
            self._firsts.learn(view.id, kind, False)
        else:
            self._firsts.forget(view.id)

    def calibration(self) -> dict[str, Any]:
        """Return the record of probabilities and promises; see `Calibration.report` and `PromisedSets.report`."""
        return self._calibration.report() | self._promised.report()

    def dump(self) -> Any:
        """Return the learned state as plain data."""
        return {
            "history": self._history.dump(),
            "memory": self._memory.dump(),
            "calibration": self._calibration.dump(),
            "promised": self._promised.dump(),
            "firsts": self._firsts.dump(),
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._history.load(state["history"])
        self._memory.load(state["memory"])
        self._calibration.load(state["calibration"])
        # Snapshots of earlier releases hold no ranks: promises begin anew.
        self._promised.load(state.get("promised", []))
        self._firsts.load(state.get("firsts", []))

    def _accounts(self, graph: IncidentGraph) -> tuple[Terms, list[Account]]:
        terms = Terms(graph, Surprise(graph, self._history), self._memory, self._packs)
        found = [account for account in map(terms.account, terms.candidates) if account.score > 0]
        return terms, sorted(found, key=lambda account: (-account.score, account.entity))

    def _confirm(self, graph: IncidentGraph, root: str) -> None:
        """Learn from a confirmed root: first how well it was foreseen, then what it looked like."""
        roots = self._roots(graph, root)
        kind, first = self._kind(self._graph(young(graph.view)))
        if kind:
            self._firsts.learn(graph.view.id, kind, first in roots)
        _, accounts = self._accounts(graph)
        place = next((i for i, account in enumerate(accounts) if account.entity in roots), None)
        if graph.view.id not in self._memory:
            self._calibration.learn([account.score for account in accounts], place)
            if accounts:
                self._promised.learn(place, confidence(graph, [(one.entity, one.score) for one in accounts]))
        self._memory.add(graph.view.id, dict.fromkeys(map(graph.lasting, roots)), graph.pairs())

    def _graph(self, view: IncidentView) -> IncidentGraph:
        return IncidentGraph(self._topology_index, self._lexicon, view)

    def _kind(self, graph: IncidentGraph) -> tuple[str, str]:
        """Return the kind of the first suspect, and the suspect; empty without one."""
        _, accounts = self._accounts(graph)
        if not accounts:
            return "", ""
        level = confidence(graph, [(one.entity, one.score) for one in accounts])
        return f"{level} {place_of(graph, accounts[0].entity)}", accounts[0].entity

    def _roots(self, graph: IncidentGraph, root: str) -> list[str]:
        """The entities that a confirmed name stands for: itself and the replicas of a service or workload."""
        known = graph.candidates()
        named = [root] if root in known else [entity for entity in known if tail(entity) == tail(root)]
        named = named or [entity for entity in graph.by_entity if graph.lasting(entity) == root]
        # A person may name the pod; the suspect was what it was placed at.
        named = named or list(dict.fromkeys(graph.placed(fact) for fact in graph.view.facts if fact.entity == root))
        replicas = [entity for name in named for entity in self._topology_index.members.get(name, ()) if entity != name]
        return (named or [root]) + replicas
