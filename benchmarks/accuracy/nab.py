"""The Numenta Anomaly Benchmark: our detector and two references, on the series that are there.

    python -m benchmarks.accuracy.nab [--series]

Prints rows of each detector: the score of each published profile (100 is perfect, 0 is silence; the threshold is the
corpus optimum, as published), the scores at the shipped threshold, and what a threshold that was chosen on one half of
the series scores on the other. Data: `nab/` under AIOPS_DATA, else beside the repository.
"""

from __future__ import annotations

import gzip
import math
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from aiops.engine.detect.config import DetectConfig
from aiops.engine.detect.metrics import Metrics
from aiops.engine.detect.novelty import Novelty
from aiops.records import Incident, Metric
from aiops.score.nab import PROFILES, STANDARD, Profile, Scored, at_threshold, best
from benchmarks.data import available
from benchmarks.tables import Tables, parser

T = TypeVar("T")
SERIES = "nab/*/*.metrics.jsonl.gz"
Detector = Callable[[Sequence[float], Sequence[float]], list[float]]


class Series(NamedTuple):
    """One series of the benchmark with its labelled windows (first, last)."""

    name: str
    times: list[float]
    values: list[float]
    windows: list[tuple[float, float]]


def load(root: Path, pattern: str = SERIES) -> list[Series]:
    """All series, by name."""
    corpus = []
    for path in sorted(root.glob(pattern)):
        metrics = _lines(path, Metric)
        labels = _lines(path.with_name(path.name.replace(".metrics.", ".incidents.")), Incident)
        windows = sorted((label.opened_at or 0.0, label.resolved_at or 0.0) for label in labels)
        name = f"{path.parent.name}/{path.name.removesuffix('.metrics.jsonl.gz')}"
        corpus.append(Series(name, [m.ts for m in metrics], [m.value for m in metrics], windows))
    return corpus


def _lines(path: Path, kind: type[T]) -> list[T]:
    decoder = msgspec.json.Decoder(kind)
    with gzip.open(path) as lines:
        return [decoder.decode(line) for line in lines]


def ours(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """The engine's novelty detector, with its defaults."""
    novelty = Novelty()
    return [novelty.score(ts, value) for ts, value in zip(times, values, strict=True)]


def whole(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """The engine's whole detector, with its defaults: 1 where an alert begins."""
    metrics = Metrics()
    found = (
        metrics.see(Metric(ts=ts, entity="e", name="m", value=value), ts)
        for ts, value in zip(times, values, strict=True)
    )
    return [float(alert is not None and alert.status == "firing") for alert in found]


def windowed_gaussian(times: Sequence[float], values: Sequence[float], size: int = 1000) -> list[float]:
    """The benchmark's own reference: 1 − the normal tail of a sample under the last 1,000."""
    window: deque[float] = deque()
    total = squares = 0.0
    # Sums of squares lose digits to a large offset; the first value is as good a centre as any.
    shift = values[0]
    scores = []
    for value in values:
        score = 0.0
        if window:
            mean = total / len(window)
            deviation = math.sqrt(max(0.0, squares / len(window) - mean * mean)) or 1e-6
            score = 1.0 - 0.5 * math.erfc(abs(value - shift - mean) / deviation / math.sqrt(2.0))
        scores.append(score)
        window.append(value - shift)
        total += window[-1]
        squares += window[-1] ** 2
        if len(window) > size:
            oldest = window.popleft()
            total -= oldest
            squares -= oldest * oldest
    return scores


def at_random(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """Uniform scores: what a detector is worth that knows nothing."""
    source = random.Random(len(values))
    return [source.random() for _ in values]


def across_halves(corpus: list[Scored], profile: Profile = STANDARD, repeats: int = 20) -> float:
    """The mean score on one random half of the series at the threshold that is best on the other."""
    source = random.Random(1)
    total = 0.0
    for _ in range(repeats):
        order = source.sample(range(len(corpus)), len(corpus))
        middle = len(order) // 2
        chosen = best([corpus[i] for i in order[:middle]], profile).threshold
        total += at_threshold([corpus[i] for i in order[middle:]], chosen, profile).score
    return total / repeats


def rows(tables: Tables, name: str, detector: Detector, corpus: list[Series], shipped: float | None) -> list[Scored]:
    """Score one detector, print and keep its rows, return its scores."""
    started = time.process_time()
    scored = [Scored(s.name, s.times, detector(s.times, s.values), s.windows) for s in corpus]
    cost = (time.process_time() - started) / sum(len(s.times) for s in corpus) * 1e6
    results = [best(scored, profile) for profile in PROFILES]
    caught = f"{results[0].hits}/{results[0].windows}"
    _row(tables, name, [result.score for result in results], caught, results[0].false_alarms, cost)
    if shipped is not None:
        fixed = [at_threshold(scored, shipped, profile) for profile in PROFILES]
        caught = f"{fixed[0].hits}/{fixed[0].windows}"
        _row(tables, f"{name}, shipped threshold", [each.score for each in fixed], caught, fixed[0].false_alarms)
    halves = [across_halves(scored, profile) for profile in PROFILES]
    _row(tables, f"{name}, threshold of the other half", halves)
    return scored


def _row(
    tables: Tables,
    name: str,
    scores: Sequence[float],
    caught: str | None = None,
    alarms: int | None = None,
    cost: float | None = None,
) -> None:
    named = dict(zip(("standard", "low FP", "low FN"), scores, strict=True))
    tables.add("nab", {"row": name, **named, "windows": caught, "alarms": alarms, "µs a sample": cost})
    ending = f"{caught or '':>9s}{'' if alarms is None else alarms:>8}" + ("" if cost is None else f"{cost:9.2f}")
    print(f"{name:48s}{''.join(f'{score:9.1f}' for score in scores)}{ending}")


def main() -> int:
    """Print the table."""
    command = parser(__doc__)
    command.add_argument("--series", action="store_true", help="also each series")
    options = command.parse_args()
    root = available([SERIES])
    if root is None:
        return 0
    corpus = load(root)
    print(f"{len(corpus)} series, {sum(len(s.times) for s in corpus)} samples")
    print(f"{'detector':48s}{'standard':>9s}{'low FP':>9s}{'low FN':>9s}{'windows':>9s}{'alarms':>8s}{'µs/row':>9s}")
    threshold = DetectConfig().metric_novelty
    tables = Tables()
    scored = rows(tables, "novelty (ours)", ours, corpus, threshold)
    rows(tables, "alerts of the whole detector (ours)", whole, corpus, 1.0)
    rows(tables, "windowed Gaussian", windowed_gaussian, corpus, None)
    rows(tables, "random", at_random, corpus, None)
    tables.write(options.json)
    if options.series:
        for series in scored:
            result = at_threshold([series], threshold, STANDARD)
            print(f"{series.name:55s}{result.raw:7.2f}{result.hits:4d}/{result.windows}{result.false_alarms:6d}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
