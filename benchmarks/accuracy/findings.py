"""`python -m benchmarks.accuracy.findings [--seeds N]`: findings of collectors as evidence, on simulated sites.

Each fault of a simulated site is an incident of its own alerts. Its suspects are ranked without findings, then with
those of simulated collectors: one for the broken entity with the chance `SEEN`, a weak one for another suspect with the
chance `FALSE`. The last row is an adversary: every collector has a strong finding against another suspect.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from random import Random

from aiops_models.causes.ranker import CauseRanker
from msgspec import Struct

from aiops.ports import AlertFact, IncidentView
from aiops.records import Alert, Finding, FindingWeight, parse_severity
from aiops.simulate import Options, simulate
from aiops.topology import Topology

SEEN, FALSE = 0.6, 0.2


class Case(Struct):
    """The alerts of a fault as the ranker sees them, and the entities that would be right."""

    view: IncidentView
    topology: Topology
    right: list[str]


class Row(Struct):
    """Shares of cases whose cause is ranked first, and among the first three."""

    name: str
    first: float
    among_three: float


# The findings of a case, drawn at random, with its suspects in their order.
Collect = Callable[[Case, Random, Sequence[str]], list[Finding]]


def cases(seeds: Sequence[int], faults: int = 8) -> Iterator[Case]:
    """Yield the faults of simulated sites of 30 services."""
    for seed in seeds:
        site = simulate(Options(seed=seed, services=30, faults=faults, noise=0.0, hours=4.0))
        for incident in site.incidents:
            mine = [one for one in site.alerts if one.truth is not None and one.truth.incident == incident.id]
            if mine and incident.root_cause is not None:
                entity = incident.root_cause.entity
                right = [entity, site.topology.service_of(entity) or entity]
                view = IncidentView(f"{seed}-{incident.id}", mine[0].ts, _facts(mine))
                yield Case(view, site.topology, right)


def _facts(alerts: Sequence[Alert]) -> list[AlertFact]:
    found: dict[tuple[str, str], AlertFact] = {}
    for one in alerts:
        entity = one.entity or one.service or "unknown"
        fact = found.get((entity, one.name))
        if fact is None:
            severity = int(parse_severity(one.severity))
            fact = AlertFact(entity, one.name, severity, 0, one.ts, one.ts, one.service, one.source, one.message)
            found[entity, one.name] = fact
        fact.count, fact.last_at = fact.count + 1, max(fact.last_at, one.ts)
    return list(found.values())


def rows(given: Sequence[Case]) -> list[Row]:
    """Return the rows: no findings, those of collectors, and an adversary."""
    return [
        _row("no findings", given, lambda case, chosen, suspects: []),
        _row("simulated collectors", given, _seen),
        _row("false findings alone", given, _false),
    ]


def _row(name: str, given: Sequence[Case], collect: Collect) -> Row:
    first = three = 0
    rankers: dict[int, CauseRanker] = {}
    for case in given:
        ranker = rankers.setdefault(id(case.topology), CauseRanker(case.topology))
        before = [cause.entity for cause in ranker.rank(case.view)]
        findings = collect(case, Random(case.view.id), before)
        view = IncidentView(case.view.id, case.view.opened_at, case.view.facts, findings=findings)
        ranked = [cause.entity for cause in ranker.rank(view)]
        first += any(entity in case.right for entity in ranked[:1])
        three += any(entity in case.right for entity in ranked[:3])
    return Row(name, first / len(given), three / len(given))


def _seen(case: Case, chosen: Random, suspects: Sequence[str]) -> list[Finding]:
    found = [_finding(case.right[0], "medium")] if chosen.random() < SEEN else []
    others = [entity for entity in suspects if entity not in case.right]
    if others and chosen.random() < FALSE:
        found.append(_finding(chosen.choice(others), "weak"))
    return found


def _false(case: Case, chosen: Random, suspects: Sequence[str]) -> list[Finding]:
    others = [entity for entity in suspects if entity not in case.right]
    return [_finding(chosen.choice(others), "strong")] if others else []


def _finding(entity: str, weight: FindingWeight) -> Finding:
    return Finding(0.0, "collector", entity, f"something on {entity}", weight)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    given = list(cases(range(1, parser.parse_args(arguments).seeds + 1)))
    print(f"{len(given)} faults on simulated sites of 30 services")
    for row in rows(given):
        print(f"{row.name:22} first {row.first:.3f}   among three {row.among_three:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
