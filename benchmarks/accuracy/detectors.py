"""Detectors of alert-stream rows: trained on one network, scored on others, against labelled attacks.

    python -m benchmarks.accuracy.detectors

A row is an entity in a minute; it is positive when it saw an alert of a labelled incident. ROC area of each detector,
and of two single features as the naive references. Data: `ait-ads-a/` under AIOPS_DATA, else beside the repository.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from aiops.archive import Rejections, read
from aiops.detectors import plugins
from aiops.detectors.rows import FeatureRows, feature_rows
from aiops.detectors.training import roc_area
from aiops.engine.detect.feature_row import NAMES
from benchmarks.data import available
from benchmarks.tables import Tables, parser

TRAINED_ON = "simul-attacks.train-0"
SETS = ("simul-attacks.train-1", "simul-attacks.val-0", "simul-attacks.val-1", "original.val-0", "more-noise-11.val-0")
NAIVE = ("log_alerts", "worst_surprise")


def path_of(name: str) -> str:
    """Where a file lies in the data."""
    return f"ait-ads-a/{name}.jsonl.gz"


def rows(root: Path, name: str) -> FeatureRows:
    """The feature rows of one file."""
    return feature_rows(read([root / path_of(name)], Rejections()))


def area(scores: list[float], marked: list[bool]) -> float:
    """ROC area of the marked rows."""
    positive = [score for score, mark in zip(scores, marked, strict=True) if mark]
    return roc_area(positive, [score for score, mark in zip(scores, marked, strict=True) if not mark])


def main() -> int:
    """Print the table."""
    options = parser(__doc__).parse_args()
    root = available([path_of(name) for name in (TRAINED_ON, *SETS)])
    if root is None:
        return 0
    sets = [name for name in SETS if (root / path_of(name)).exists()]
    if not sets or not (root / path_of(TRAINED_ON)).exists():
        return 0
    training = rows(root, TRAINED_ON).values()
    models = {name: plugins.load(name).fit(training) for name in plugins.names()}
    print(f"trained on {TRAINED_ON}: {len(training)} rows")
    print(f"{'set':24s}{'rows':>8s}{'share':>8s}" + "".join(f"{name:>16s}" for name in (*models, *NAIVE)))
    tables = Tables()
    cost = dict.fromkeys(models, 0.0)
    total = 0
    for name in sets:
        gathered = rows(root, name)
        values = gathered.values()
        total += len(values)
        cells = []
        for algorithm, model in models.items():
            started = time.process_time()
            scores = model.score(values)
            cost[algorithm] += time.process_time() - started
            cells.append(area(scores, gathered.marked))
        for feature in NAIVE:
            cells.append(area([row[NAMES.index(feature)] for row in values], gathered.marked))
        share = sum(gathered.marked) / len(values)
        print(f"{name:24s}{len(values):8d}{share:8.3f}" + "".join(f"{cell:16.3f}" for cell in cells))
        areas = dict(zip((*models, *NAIVE), cells, strict=True))
        tables.add("ROC area", {"set": name, "rows": len(values), "share": share, **areas})
    tables.add("µs a row", {name: spent / total * 1e6 for name, spent in cost.items()})
    tables.write(options.json)
    print("µs a row: " + ", ".join(f"{name} {spent / total * 1e6:.1f}" for name, spent in cost.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
