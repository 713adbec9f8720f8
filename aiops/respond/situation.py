"""The alerts of an incident and its suspected cause, prepared once for matching by playbooks."""

from __future__ import annotations

from msgspec import Struct

from aiops.ports import AlertFact, IncidentView
from aiops.records.severity import Severity
from aiops.respond.symptom_words import symptom, words_of
from aiops.topology import Topology

# Streams that are matched. Incidents of thousands of streams have few kinds of alert; the most severe of each kind come
# first.
MAX_FACTS = 48
# Streams of one name that are matched: enough to find the one on the suspected cause, and to count targets up to usual
# limits.
MAX_FACTS_A_NAME = 8
# The subject of a message stands at its beginning; expressions never see more than this of a hostile one.
MAX_MESSAGE = 500
# A change is suspected if it came within half an hour before the first alert. A later one answers the incident rather
# than causes it. Five minutes are left for clocks that differ and for alerts that look back.
CHANGE_BEFORE_S = 1800.0
CHANGE_AFTER_S = 300.0
# Words of topologies for the same kind of entity.
_KINDS = {
    "node": "host",
    "vm": "host",
    "machine": "host",
    "server": "host",
    "db": "database",
    "datastore": "database",
    "container": "pod",
    "instance": "pod",
    "replica": "pod",
    "topic": "queue",
    "broker": "queue",
}


class Seen(Struct, gc=False):
    """One alert stream with the texts that matchers read."""

    fact: AlertFact
    words: str
    text: str


class Situation(Struct):
    """An incident as playbooks see it. `kind` is None if no topology knows the suspected entity.

    `changes` are the lower-case names of the suspicious changes on the suspected cause or its service, with their age
    at the first alert in seconds, youngest first. `runners_up` are the second and third cause.
    """

    incident: str
    severity: int
    seen: list[Seen]
    cause: str | None = None
    kind: str | None = None
    service: str | None = None
    confidence: str | None = None
    classes: frozenset[str] = frozenset()
    opened_at: float = 0.0
    changes: tuple[tuple[str, float], ...] = ()
    runners_up: tuple[str, ...] = ()
    # The suspected cause, where it is a workload that the topology does not know: its replicas are the entities.
    workload: str | None = None
    topology: Topology | None = None

    def is_on_cause(self, fact: AlertFact) -> bool:
        """Return True for an alert on the suspected cause, or on a replica of it."""
        return fact.entity == self.cause or (self.workload is not None and fact.workload == self.workload)


def same_kind(kind: str) -> str:
    """Return the one word for the kinds of entity that mean the same.

    >>> same_kind("Node"), same_kind("queue")
    ('host', 'queue')
    """
    word = kind.strip().lower()
    return _KINDS.get(word, word)


def situation(view: IncidentView, topology: Topology) -> Situation:
    """Return the situation of an incident.

    Its cost is bounded by `MAX_FACTS` however large the incident is.
    """
    cause = view.causes[0] if view.causes else None
    made = Situation(view.id, view.severity, [], opened_at=view.opened_at, topology=topology)
    if cause is not None:
        made.cause, made.confidence = cause.entity, cause.confidence
        made.workload = None if cause.entity in topology.nodes else cause.entity
    chosen = _choose(view.facts, made)
    made.seen = [_see(fact) for fact in chosen]
    if cause is not None:
        made.runners_up = tuple(other.entity for other in view.causes[1:3])
        made.kind = _kind(cause.entity, topology)
        made.service = topology.service_of(cause.entity)
        made.changes = _changes(view, {cause.entity, made.service})
        made.classes = frozenset(symptom(fact.name) for fact in chosen if made.is_on_cause(fact))
    return made


def severity_label(level: int) -> str:
    """Return the word for a severity; out-of-range numbers are cut to the scale."""
    return Severity(min(max(level, Severity.OK), Severity.CRITICAL)).label


def _kind(entity: str, topology: Topology) -> str | None:
    node = topology.nodes.get(entity)
    if node is None or node.kind in ("", "unknown"):
        return None
    return same_kind(node.kind)


def _changes(view: IncidentView, entities: set[str]) -> tuple[tuple[str, float], ...]:
    ages: dict[str, float] = {}
    for change in view.changes:
        if change.entity not in entities and (change.service is None or change.service not in entities):
            continue
        age = max(0.0, view.opened_at - change.ts)
        if -CHANGE_AFTER_S <= view.opened_at - change.ts <= CHANGE_BEFORE_S:
            # What a tool calls it, and the kind that its mapping or `aiops change --kind` states.
            for name in filter(None, (change.name.lower(), change.labels.get("kind", "").lower())):
                ages[name] = min(age, ages.get(name, age))
    return tuple(sorted(ages.items(), key=lambda item: (item[1], item[0])))


def _choose(facts: list[AlertFact], now: Situation) -> list[AlertFact]:
    """Sort facts: those on the suspected cause first, then by severity, in their own order.

    A few of each name.
    """
    if len(facts) <= MAX_FACTS_A_NAME:
        return facts
    ranks: list[list[AlertFact]] = [[] for _ in range(len(Severity) + 1)]
    for fact in facts:
        ranks[0 if now.is_on_cause(fact) else len(Severity) - min(max(fact.severity, 0), 4)].append(fact)
    taken: dict[str, int] = {}
    chosen: list[AlertFact] = []
    for rank in ranks:
        for fact in rank:
            count = taken.get(fact.name, 0)
            if count < MAX_FACTS_A_NAME:
                taken[fact.name] = count + 1
                chosen.append(fact)
                if len(chosen) == MAX_FACTS:
                    return chosen
    return chosen


def _see(fact: AlertFact) -> Seen:
    words = words_of(fact.name)
    message = fact.message
    return Seen(fact, words, f"{words} {message[:MAX_MESSAGE].lower()}" if message else words)
