"""Root causes: how often the ranker names the right entity first, or among the first three.

`python -m benchmarks.accuracy.causes [SYSTEM …] [--jobs N]` prints per system the naive rows, the ranker cold (as if no
stream had fired before, then with the ages of the streams known), with unlabelled history and with confirmed roots
(each case is ranked before it is learned, in time order), with and without rule packs; then weights chosen on the other
systems, calibration, confidence levels, the engine's own groups, and cost. Cases without an alert on the root stay in
the denominator; ties count by what a random order of them would give.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from aiops.score import Ranking, ranking
from benchmarks.accuracy.causes_cost import cost_table
from benchmarks.accuracy.causes_data import PLACES, System, systems
from benchmarks.accuracy.causes_end_to_end import end_to_end, end_to_end_table, present
from benchmarks.accuracy.causes_incomplete import incomplete_table
from benchmarks.accuracy.causes_mean import mean_table
from benchmarks.accuracy.causes_rows import NAIVE, first_seen, naive, ranked
from benchmarks.accuracy.causes_trust import trust_table
from benchmarks.accuracy.causes_weights import GRID, left_out
from benchmarks.data import available
from benchmarks.pool import cores
from benchmarks.tables import Tables, parser

NO_RULES: Mapping[str, Any] = {"rules": []}
ROWS = (
    ("cold", "", NO_RULES),
    ("+ unlabelled history", "unlabelled", NO_RULES),
    ("+ confirmed roots", "roots", NO_RULES),
    ("cold, rule packs", "", None),
    ("+ unlabelled history, rule packs", "unlabelled", None),
    ("+ confirmed roots, rule packs", "roots", None),
)
# A system of fewer cases says nothing about weights.
MIN_CASES = 20


def main(arguments: Sequence[str]) -> int:
    """Print the tables; 0 also without data, which is told in one line."""
    command = parser(__doc__)
    command.add_argument("systems", nargs="*")
    command.add_argument("--jobs", type=int, default=cores(), help="processes of the replays; default one a core")
    options = command.parse_args(arguments)
    root = available([f"{PLACES[name]}/incidents.jsonl.gz" for name in options.systems or PLACES])
    if root is None:
        return 0
    found = systems(root, options.systems)
    tables = Tables()
    for system in found:
        tables.show(system_table(system))
    if len(found) > 1:
        tables.show(mean_table(found))
    large = [system for system in found if len(system.cases) >= MIN_CASES]
    if len(large) > 1:
        tables.show(weights_table(large))
    tables.show(incomplete_table(large))
    tables.show(trust_table(found))
    streams = present(root, options.systems)
    if streams:
        tables.show(end_to_end_table(end_to_end(root, streams, options.jobs)))
    tables.show(cost_table())
    tables.write(options.json)
    return 0


def system_table(system: System) -> Table:
    """Naive rows and ours."""
    table = Table("", "top-1", "top-3", "MRR", title=f"{system.name}: {len(system.cases)} cases", title_justify="left")
    for label, weigh, best in NAIVE:
        _add(table, f"naive: {label}", ranking(naive(system, weigh, best)))
    table.add_section()
    _add(table, "cold, nothing seen before", ranking(ranked(first_seen(system), "", NO_RULES)))
    for label, learn, options in ROWS:
        _add(table, label, ranking(ranked(system, learn, options)))
    return table


def weights_table(found: Sequence[System]) -> Table:
    """Leave one system out."""
    table = Table("", *GRID, "cold top-1", "top-3", "history top-1", "top-3", title_justify="left")
    table.title = "weights chosen on the other systems, no rule packs"
    for name, weights, cold, learned in left_out(found):
        figures = (f"{each:.3f}" for each in (cold.top1, cold.top3, learned.top1, learned.top3))
        table.add_row(name, *(str(weights[term]) for term in GRID), *figures)
    return table


def _add(table: Table, label: str, figures: Ranking) -> None:
    table.add_row(label, f"{figures.top1:.3f}", f"{figures.top3:.3f}", f"{figures.mrr:.3f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
