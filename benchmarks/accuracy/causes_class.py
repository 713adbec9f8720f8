"""Class of the cause on the Kubernetes faults, leaving one service out.

`python -m benchmarks.accuracy.causes_class`: per service, the classifier learns the incidents of all other services and
is asked for this one's. Each incident is read with the ranker's first suspect (cold), never with the label. The service
of a fault of a node or a namespace is the most suspected service, since these faults were injected once per service;
the stricter row leaves out the faulty object itself: the 58 cases whose class occurs on one object only are lost there.
"""

from __future__ import annotations

import sys
from collections import Counter

from aiops_models.cause_class import CauseClassifier
from aiops_models.causes import CauseRanker
from aiops_models.causes.entity_names import tail
from rich.table import Table

from aiops.score import Case as Scored
from aiops.score import ranking
from benchmarks.accuracy.causes_data import PLACES, Case, System, systems
from benchmarks.data import available
from benchmarks.tables import Tables, parser

SYSTEM = "k8s boutique"


def main() -> int:
    """Print the table; 0 also without data, which is told in one line."""
    options = parser(__doc__).parse_args()
    root = available([f"{PLACES[SYSTEM]}/incidents.jsonl.gz"])
    if root is None:
        return 0
    [system] = systems(root, [SYSTEM])
    cases = [case for case in system.cases if case.cause_class]
    table = Table("", "top-1", "top-3", "MRR", title=f"cause class, {len(cases)} cases, leaving one out")
    suspects = _suspects(system, cases)
    services = _services(system, cases)
    objects = {case.view.id: case.root.entity for case in cases}
    for label, scored in (
        ("naive: most frequent class", _most_frequent(cases)),
        ("service left out", _left_out(system, cases, services, suspects)),
        ("object left out", _left_out(system, cases, objects, suspects)),
    ):
        figures = ranking(scored)
        table.add_row(label, f"{figures.top1:.3f}", f"{figures.top3:.3f}", f"{figures.mrr:.3f}")
    tables = Tables()
    tables.show(table)
    tables.write(options.json)
    return 0


def _suspects(system: System, cases: list[Case]) -> dict[str, str]:
    """Incident -> the first suspect of a ranker that has learned nothing."""
    ranker = CauseRanker(system.topology)
    return {case.view.id: next((cause.entity for cause in ranker.rank(case.view)), "") for case in cases}


def _services(system: System, cases: list[Case]) -> dict[str, str]:
    """Incident -> the service at fault, or the one that a fault elsewhere shows on."""
    ranker = CauseRanker(system.topology, {"rules": []})
    found = {}
    for case in cases:
        own = tail(case.root.entity)
        listed = (cause.entity for cause in ranker.rank(case.view) if cause.entity in system.topology.nodes)
        found[case.view.id] = own if own in system.topology.nodes else next(listed, "")
    return found


def _left_out(system: System, cases: list[Case], parts: dict[str, str], suspects: dict[str, str]) -> list[Scored]:
    scored = []
    for left in sorted(set(parts.values())):
        model = CauseClassifier(system.topology)
        for case in cases:
            if parts[case.view.id] != left and case.cause_class:
                model.learn(case.view, case.cause_class, suspects[case.view.id])
        for case in cases:
            if parts[case.view.id] == left:
                found = model.classify(case.view, suspects[case.view.id])
                scored.append(Scored([share for _, share in found], [name == case.cause_class for name, _ in found]))
    return scored


def _most_frequent(cases: list[Case]) -> list[Scored]:
    scored = []
    for case in cases:
        count = Counter(other.cause_class for other in cases if other.root.entity != case.root.entity)
        scored.append(Scored([float(n) for n in count.values()], [name == case.cause_class for name in count]))
    return scored


if __name__ == "__main__":
    sys.exit(main())
