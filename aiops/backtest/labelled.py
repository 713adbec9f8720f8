"""The alerts of labelled incidents, summed up as a ranker sees them; the engine never sees the labels."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.app.engine import build_ranker
from aiops.backtest.occasions import Occasions
from aiops.engine.config import EngineConfig
from aiops.engine.dedup.stream import entity_of
from aiops.engine.rank import MAX_FACTS
from aiops.ports import AlertFact, IncidentView
from aiops.records import Alert, Incident, parse_severity
from aiops.score import Case, cause_case
from aiops.topology import Topology
from aiops.workloads import Workloads

# Labelled incidents that are ranked; an archive with more is a stream of noise, not of incidents.
MAX_INCIDENTS = 5_000

Key = tuple[str, str, str | None]


class Labelled(Struct):
    """The facts of each labelled incident, one for each (entity, name, caller)."""

    facts: dict[str, dict[Key, AlertFact]] = field(default_factory=dict)
    occasions: Occasions = field(default_factory=Occasions)

    def see(self, alert: Alert) -> None:
        """Count an alert, labelled or not: what fired of late is no news of an incident."""
        if alert.status == "firing":
            self.occasions.count(alert)

    def take(self, alert: Alert, label: str) -> None:
        """Count one labelled alert; resolutions carry no information about the cause."""
        if alert.status == "resolved":
            return
        facts = self.facts.get(label)
        if facts is None:
            if len(self.facts) >= MAX_INCIDENTS:
                return
            facts = self.facts[label] = {}
        key = (alert.entity or entity_of(alert), alert.name, alert.labels.get("caller"))
        fact = facts.get(key)
        if fact is not None:
            fact.count += 1
            fact.last_at = alert.ts
            fact.message = alert.message or fact.message
        elif len(facts) < MAX_FACTS:
            facts[key] = _fact(alert, key)
            facts[key].recent = self.occasions.recent(key[0], key[1])

    def cases(self, truths: dict[str, Incident], config: EngineConfig, topology: Topology) -> list[Case]:
        """Rank the causes of each incident in order of onset, with the alerts of earlier ones as history.

        A labelled incident without any alert stays in the denominator: nothing is ranked for it.
        """
        ranker = build_ranker(config, topology)
        if ranker is None:
            return []
        self._name_workloads(Workloads(config.workloads))
        views = [IncidentView(label, _began(facts), list(facts.values())) for label, facts in self.facts.items()]
        cases = []
        for view in sorted(views, key=lambda view: (view.opened_at, view.id)):
            truth = truths.get(view.id)
            if truth is not None and truth.root_cause is not None:
                cases.append(cause_case(ranker.rank(view), truth.root_cause, topology.service_of))
            ranker.learn(view, None)
        silent = (truth for label, truth in truths.items() if label not in self.facts)
        cases.extend(cause_case([], truth.root_cause) for truth in silent if truth.root_cause is not None)
        return cases

    def _name_workloads(self, workloads: Workloads) -> None:
        for facts in self.facts.values():
            for fact in facts.values():
                fact.workload = workloads.of(fact.entity, fact.service)


def _began(facts: dict[Key, AlertFact]) -> float:
    return min(fact.first_at for fact in facts.values())


def _fact(alert: Alert, key: Key) -> AlertFact:
    entity, name, caller = key
    z = alert.labels.get("z")
    return AlertFact(
        entity,
        name,
        int(parse_severity(alert.severity)),
        1,
        alert.ts,
        alert.ts,
        alert.service,
        alert.source,
        alert.message,
        _number(z) if z is not None else None,
        caller,
        alert.labels,
        alert.url,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
