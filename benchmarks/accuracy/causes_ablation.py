"""Each change of the cause ranker, taken out of it or put into it: top-1 / top-3 on every system.

`python -m benchmarks.accuracy.causes_ablation [SYSTEM …]`: the right group given, no rule packs, one table for each of
nothing learned, unlabelled history, confirmed roots. `without` rows lack a change that is shipped, `with` rows have one
that is not. One more column is k8s boutique with services left out of its topology (one draw), for which workloads are
named. `networkx` is the walk by `networkx.pagerank`: the same blame, carried to its end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any
from unittest.mock import patch

import networkx as nx
from aiops_models.causes import random_walk, rarity, score_terms
from aiops_models.causes.incident_graph import IncidentGraph, Signal
from aiops_models.causes.memory import Memory
from aiops_models.causes.rarity import MIN_INCIDENTS, Surprise
from aiops_models.causes.score_terms import WEIGHTS, Terms
from aiops_models.causes.sibling_contrast import peers_of
from aiops_models.causes.sibling_contrast import without as lacking
from msgspec.structs import replace
from rich.table import Table

from aiops.score import ranking
from benchmarks.accuracy import causes_metrics
from benchmarks.accuracy.causes_data import PLACES, Case, System, systems
from benchmarks.accuracy.causes_incomplete import LEFT_OUT, without
from benchmarks.accuracy.causes_mean import LEARNED, by_place
from benchmarks.accuracy.causes_rows import first_seen, groups_of, ranked
from benchmarks.accuracy.causes_tails import tails
from benchmarks.data import available
from benchmarks.tables import Tables, parser

NO_RULES: Mapping[str, Any] = {"rules": []}
# Where services are left out, and the draw.
INCOMPLETE, SEED = "k8s boutique", 0
Edit = Callable[[System], System]
# Incident -> entity -> its evidence by the tails of its metrics.
Unlike = dict[str, dict[str, float]]
Row = tuple[str, Edit, Callable[[], AbstractContextManager[object]]]


def main(arguments: Sequence[str]) -> int:
    """Print the tables; 0 also without data, which is reported in one line."""
    command = parser(__doc__)
    command.add_argument("systems", nargs="*")
    options = command.parse_args(arguments)
    root = available([f"{PLACES[name]}/incidents.jsonl.gz" for name in options.systems or PLACES])
    if root is None:
        return 0
    found = systems(root, options.systems)
    with patch.object(causes_metrics, "LEAST", LARGEST):
        largest = systems(root, [one.name for one in found if one.name.startswith(METRIC_ESTATES)])
    unlike: Unlike = {}
    for one in largest:
        unlike |= tails(root, one.name)
    for system in found:
        # An answer is right by the whole topology; this is remembered by the system's name.
        groups_of(system.name, system)
    tables = Tables()
    for table in ablation_tables(found, largest, unlike):
        tables.show(table)
    tables.write(options.json)
    return 0


def ablation_tables(
    found: Sequence[System], largest: Sequence[System] = (), unlike: Unlike | None = None
) -> list[Table]:
    """Return a table for each kind of learning.

    `largest` are systems of metrics with more series, `unlike` the tails of their entities by incident.
    """
    places = by_place(found)
    columns = {name: list(parts) for name, parts in places.items()}
    left_out = [_renamed(without(one, SEED)) for one in found if one.name == INCOMPLETE]
    more = {one.name: one for one in largest}
    tables = []
    for title, learn in LEARNED:
        table = Table(
            "", *columns, "mean", *(f"{one.name}, {LEFT_OUT} left out" for one in left_out), title_justify="left"
        )
        table.title = f"each change alone, {title}"
        for label, edit, patched in ROWS:
            with patched():
                cells = [_figures(parts, learn, edit) for parts in [*columns.values(), *([one] for one in left_out)]]
            _add(table, label, cells, len(columns))
        if unlike:
            with _tailed(unlike):
                cells = [_figures(parts, learn, _same) for parts in [*columns.values(), *([one] for one in left_out)]]
            _add(table, "with the tails of all series of an entity (pyod ECOD)", cells, len(columns))
        if more:
            swapped = [[more.get(part.name, part) for part in parts] for parts in columns.values()]
            cells = [_figures(parts, learn, _same) for parts in [*swapped, *([one] for one in left_out)]]
            _add(table, f"with the {LARGEST} largest series, from 1 on", cells, len(columns))
        tables.append(table)
    return tables


def _renamed(system: System) -> System:
    """Keep the name by which right answers are known, and show what is missing."""
    return System(INCOMPLETE, system.topology, system.cases)


def _add(table: Table, label: str, cells: Sequence[tuple[float, float]], systems_: int) -> None:
    mean = [sum(column) / systems_ for column in zip(*cells[:systems_], strict=True)]
    shown = [f"{one:.3f} {three:.3f}" for one, three in (*cells[:systems_], (mean[0], mean[1]), *cells[systems_:])]
    table.add_row(label, *shown)


def _figures(parts: Sequence[System], learn: str, edit: Edit) -> tuple[float, float]:
    found = ranking([case for part in parts for case in ranked(edit(part), learn, NO_RULES)])
    return found.top1, found.top3


def _same(system: System) -> System:
    return system


def _no_workload(system: System) -> System:
    cases = [_with(case, facts=[replace(fact, workload="") for fact in case.view.facts]) for case in system.cases]
    return System(system.name, system.topology, cases)


def _no_entry(system: System) -> System:
    # A class that is none: the alerts that watch the site as users do are not asked either.
    cases = [_with(case, target=None, entry_class="") for case in system.cases]
    return System(system.name, system.topology, cases)


def _with(case: Case, **changes: Any) -> Case:
    return Case(replace(case.view, **changes), case.root, case.cause_class)


def _discounted(surprise: Surprise, signal: Signal) -> float:
    history = surprise._history
    seen, incidents = history.seen(surprise.graph.lasting(signal.entity), signal.type), history.incidents
    news = 1.0 / max(signal.recent, 1.0)
    return min(news, 1.0 - (seen + 0.5) / (incidents + 1)) if incidents >= MIN_INCIDENTS else news


def _all_contrast(surprise: Surprise, entity: str) -> float:
    """Contrast with what users see of a replica."""
    peers = peers_of(surprise, entity)
    if len(peers) < 2:
        return 0.0
    types = surprise.graph.by_entity.get(entity, {})
    return sum(surprise.value[entity, one] * lacking(surprise, peers, one) for one in types) / (len(peers) - 1)


def _tailed(unlike: Unlike) -> AbstractContextManager[object]:
    """Return the ranker with one more term: how far the metrics of an entity are in their tails together."""
    shipped = Terms._values

    def values(terms: Terms, entity: str) -> Iterator[tuple[str, float]]:
        yield from shipped(terms, entity)
        yield "tails", unlike.get(terms.graph.view.id, {}).get(entity, 0.0)

    patches = ExitStack()
    patches.enter_context(patch.dict(WEIGHTS, tails=TAILS))
    patches.enter_context(patch.object(Terms, "_values", values))
    # There are no words for the term.
    patches.enter_context(patch.object(Terms, "evidence", lambda terms, account: []))
    return patches


def _threshold(graph: IncidentGraph, surprise: Surprise) -> dict[str, float]:
    """Blame by a threshold on complaints: a dependency that complains at all takes it whole."""
    level = random_walk.COMPLAINS
    mass = {entity: value for entity in graph.by_entity if (value := surprise.blamed(entity)) > 0}
    total = sum(mass.values())
    if not total:
        return {}
    equal = dict.fromkeys((entity for entity, value in mass.items() if value > level), 1.0)
    steps = random_walk.Steps(graph, equal or dict.fromkeys(mass, 1.0))
    restart = {entity: value / total for entity, value in mass.items()}
    return {entity: total * share for entity, share in random_walk._walk(steps, restart).items()}


def by_networkx(graph: IncidentGraph, surprise: Surprise) -> dict[str, float]:
    """Graded blame by `networkx.pagerank`."""
    mass = {entity: value for entity in graph.by_entity if (value := surprise.blamed(entity)) > 0}
    if not mass:
        return {}
    steps = random_walk.Steps(graph, mass)
    walk: nx.DiGraph[str] = nx.DiGraph()
    walk.add_nodes_from(mass)
    walk.add_weighted_edges_from(
        (source, target, part) for source in graph.candidates() for target, part in steps[source]
    )
    ranks = nx.pagerank(walk, alpha=random_walk.DAMPING, personalization=mass, tol=1e-4)
    total = sum(mass.values())
    return {entity: total * rank for entity, rank in ranks.items() if rank > 0}


# In place of the series beyond the threshold, where fewer pass it.
LARGEST = 12
# The weight of the tails: at 1 and 2 PetShop's top-1 falls by .02 and .05.
TAILS = 0.5
METRIC_ESTATES = ("petshop", "nezha")


ROWS: tuple[Row, ...] = (
    ("shipped", _same, nullcontext),
    ("without workloads", _no_workload, nullcontext),
    ("without the entry symptom", _no_entry, nullcontext),
    ("history discounts the entry symptom", _same, lambda: patch.object(rarity.Surprise, "_rarity", _discounted)),
    ("blame by a threshold", _same, lambda: patch.object(score_terms, "random_walk", _threshold)),
    ("blame by networkx", _same, lambda: patch.object(score_terms, "random_walk", by_networkx)),
    (
        "contrast of what users see, too",
        _same,
        lambda: patch.object(score_terms, "contrast", _all_contrast),
    ),
    (
        "without client-side blame",
        _same,
        lambda: patch.object(score_terms, "silent_callees", lambda graph, surprise: {}),
    ),
    ("without silent roots", _same, lambda: patch.object(Memory, "silence", lambda memory, entity, candidates: 0.0)),
    ("without the age of conditions", first_seen, nullcontext),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
