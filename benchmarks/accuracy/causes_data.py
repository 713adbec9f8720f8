"""Labelled incidents of the measuring data as views for a ranker, in time order.

Alerts become facts as the engine makes them: one per (entity, name, caller), with count, span, highest severity, the
first message, and how often it began to fire within the hours before. Nothing that the labels say enters a view.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from aiops.backtest.occasions import Occasions
from aiops.engine.dedup.stream import entity_of
from aiops.ports import AlertFact, IncidentView
from aiops.records import Alert, Incident, Record, RootCause
from aiops.records.decode import from_plain
from aiops.records.severity import parse_severity
from aiops.topology import Topology, load_topology
from aiops.workloads import Workloads
from benchmarks.accuracy.causes_metrics import metric_facts

WORKLOADS = Workloads()
Seen = tuple[Alert, float]


class Case(Struct):
    """One labelled incident."""

    view: IncidentView
    root: RootCause
    cause_class: str | None = None


class System(Struct):
    """One system with its cases in time order; `designed` tells whether the ranker was designed looking at it."""

    name: str
    topology: Topology
    cases: list[Case]


def systems(root: Path, wanted: Iterable[str] = ()) -> list[System]:
    """The systems whose incidents are there; `wanted` picks some by name."""
    names = list(wanted) or list(LOADERS)
    return [LOADERS[name](name, root) for name in names if (root / PLACES[name] / "incidents.jsonl.gz").exists()]


def _from_alerts(name: str, root: Path) -> System:
    folder = root / PLACES[name]
    topology = load_topology(folder / "topology.json")
    by_incident: dict[str, list[Seen]] = {}
    occasions = Occasions()
    alerts = [each for each in records_of(folder / "alerts.jsonl.gz") if isinstance(each, Alert)]
    recent = {id(each): occasions.count(each) for each in sorted(alerts, key=lambda each: each.ts)}
    for alert in alerts:
        if alert.truth and alert.truth.incident:
            by_incident.setdefault(alert.truth.incident, []).append((alert, recent[id(alert)]))
    cases = [
        _case(same[0], facts_of(seen for each in same for seen in by_incident.get(each.id, ())))
        for same in faults(incidents_of(folder))
    ]
    return System(name, topology, sorted(cases, key=lambda case: (case.view.opened_at, case.view.id)))


def faults(incidents: Iterable[Incident]) -> list[list[Incident]]:
    """Return the rows of each fault: `aiops22` has one a pod where the fault is that of a service."""
    found: dict[tuple[float | str, str], list[Incident]] = {}
    for each in incidents:
        assert each.root_cause is not None
        begun = each.id if each.opened_at is None else each.opened_at
        found.setdefault((begun, each.root_cause.entity), []).append(each)
    return list(found.values())


def _from_metrics(name: str, root: Path) -> System:
    """PetShop's topologies are of one shop in three states, so each traffic pattern is a system of its own."""
    folder = root / PLACES[name]
    topology = load_topology(folder / "topology.json")
    incidents = incidents_of(folder)
    facts = metric_facts(folder / "metrics.jsonl.gz", incidents)
    cases = [_case(each, facts[each.id]) for each in incidents]
    return System(name, topology, sorted(cases, key=lambda case: (case.view.opened_at, case.view.id)))


def incidents_of(folder: Path) -> list[Incident]:
    """Return the labelled faults of a set, a row each."""
    return [
        each for each in records_of(folder / "incidents.jsonl.gz") if isinstance(each, Incident) and each.root_cause
    ]


def records_of(path: Path) -> Iterator[Record]:
    """The records of an archive. Labels that are no text (some of these files hold counts and nulls) become text."""
    with gzip.open(path, "rb") as lines:
        for line in lines:
            plain = json.loads(line)
            labels = plain.get("labels")
            if labels:
                plain["labels"] = {key: str(value) for key, value in labels.items() if value is not None}
            yield from_plain(plain)


def _case(incident: Incident, facts: list[AlertFact]) -> Case:
    assert incident.root_cause is not None
    opened = min((fact.first_at for fact in facts), default=incident.opened_at or 0.0)
    view = IncidentView(incident.id, opened, facts)
    if incident.target is not None:
        view.target = incident.target.entity
        view.entry_class = "error" if incident.target.metric == "availability" else incident.target.metric
    return Case(view, incident.root_cause, incident.cause_class)


def facts_of(alerts: Iterable[Seen]) -> list[AlertFact]:
    """One fact per (entity, name), and per caller for client-side alerts."""
    facts: dict[tuple[str, str, str | None], AlertFact] = {}
    for alert, recent in alerts:
        entity = alert.entity or entity_of(alert)
        caller = alert.labels.get("caller")
        fact = facts.get((entity, alert.name, caller))
        if fact is None:
            fact = AlertFact(entity, alert.name, 0, 0, alert.ts, alert.ts, alert.service, alert.source, caller=caller)
            fact.labels, fact.message = dict(alert.labels), alert.message
            fact.workload, fact.recent = WORKLOADS.of(entity, alert.service), recent
            facts[entity, alert.name, caller] = fact
        fact.count += 1
        fact.severity = max(fact.severity, int(parse_severity(alert.severity)))
        fact.last_at = alert.ts
    return list(facts.values())


PLACES = {
    "micross": "microservice-faults/micross",
    "cloudbed-1": "microservice-faults/cloudbed-1",
    "k8s boutique": "k8s-faults/boutique",
    "petshop low": "petshop/low_traffic",
    "petshop temporal 1": "petshop/temporal_traffic1",
    "petshop temporal 2": "petshop/temporal_traffic2",
    "nezha boutique": "nezha/online-boutique",
    "aiops22": "multisource-faults/aiops22",
}
LOADERS: dict[str, Callable[[str, Path], System]] = {
    name: _from_alerts if "faults" in place else _from_metrics for name, place in PLACES.items()
}
