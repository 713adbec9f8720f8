"""Metrics of cloud services with experts' windows: the metric detector as shipped, and a naive one beside it.

    python -m benchmarks.accuracy.cloud_monitoring [--series]

VUS-PR needs no threshold; the score of the whole detector is the sum of its parts, novelty and amplitude, in units of
their thresholds. Event F1 counts windows with an alert in them against alerts outside any, at the shipped
settings; the naive one, and each part alone, has the
threshold that is best on the other groups. The delay is from the beginning of a
window to the first alert in it. The first 15 % of a series are for learning. Every group has its row, and NAB's series
follow. Data: `cloud-monitoring/` under AIOPS_DATA, else beside the repository.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from aiops.engine.detect.amplitude import Amplitude
from aiops.engine.detect.baseline import share_of
from aiops.engine.detect.config import DetectConfig
from aiops.engine.detect.metrics import Metrics
from aiops.engine.detect.novelty import Novelty
from aiops.records import Metric
from aiops.score.nab import probation
from benchmarks.accuracy.nab import Series, load, windowed_gaussian
from benchmarks.accuracy.vus import vus_pr
from benchmarks.data import available
from benchmarks.tables import Tables, parser

SERIES = "cloud-monitoring/*/*.metrics.jsonl.gz"
NAB = "nab/*/*.metrics.jsonl.gz"
# Alerts that are no further apart are one event, of the engine as of a naive detector.
ONE_EVENT = 100
# Thresholds that a naive detector may choose from.
GRID = 40


class Found(NamedTuple):
    """What a detector made of a series: a score for each sample, and the first and last sample of each alert."""

    scores: list[float]
    alerts: list[tuple[int, int]]


class Events(NamedTuple):
    """Windows with an alert, all windows, alerts outside any, and the delays (samples)."""

    hits: int
    windows: int
    false: int
    delays: list[int]

    @property
    def f1(self) -> float:
        """The harmonic mean of the share of windows found, and of alerts that are of a window."""
        return 2.0 * self.hits / max(1, self.windows + self.hits + self.false)


def edges(series: Series) -> list[tuple[int, int]]:
    """The first and last sample of each window after the learning."""
    found = [(bisect_left(series.times, a), bisect_right(series.times, b) - 1) for a, b in series.windows]
    return [(first, last) for first, last in found if first >= probation(len(series.times)) and last >= first]


def shipped(series: Series) -> Found:
    """The engine's metric detector with its defaults: what fires, and how unusual each sample is."""
    metrics, config = Metrics(), DetectConfig()
    parts = zip(newness(series.times, series.values), distances(series.times, series.values), strict=True)
    alerts: list[tuple[int, int]] = []
    scores = [new / config.metric_novelty + far / config.metric_fire for new, far in parts]
    begun = -1
    for at, (ts, value) in enumerate(zip(series.times, series.values, strict=True)):
        alert = metrics.see(Metric(ts=ts, entity="e", name=series.name, value=value), ts)
        if alert is not None and alert.status == "firing":
            begun = at
        elif alert is not None:
            alerts.append((begun, at))
            begun = -1
    return Found(scores, joined(alerts if begun < 0 else [*alerts, (begun, len(scores) - 1)]))


def newness(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """How new each sample is, whether or not it was reported before."""
    novelty, found = Novelty(), []
    for ts, value in zip(times, values, strict=True):
        novelty.score(ts, value)
        found.append(novelty.level)
    return found


def distances(times: Sequence[float], values: Sequence[float]) -> list[float]:
    """How far out each sample is, by the amplitude alone."""
    amplitude = Amplitude(share_of(""))
    return [abs(amplitude.see(value)) for value in values]


def alarms(scores: Sequence[float], threshold: float) -> list[tuple[int, int]]:
    """The events of a detector of single samples."""
    return joined((at, at) for at, score in enumerate(scores) if score >= threshold)


def joined(alerts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The events of alerts in the order of time."""
    found: list[tuple[int, int]] = []
    for first, last in alerts:
        if found and first - found[-1][1] <= ONE_EVENT:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def events(series: Series, alerts: Sequence[tuple[int, int]]) -> Events:
    """Compare alerts with windows; alerts that end within the learning are left out."""
    start, windows = probation(len(series.times)), edges(series)
    later = [alert for alert in alerts if alert[1] >= start]
    delays = []
    for first, last in windows:
        begun = [max(a, first) - first for a, b in later if a <= last and b >= first]
        if begun:
            delays.append(min(begun))
    inside = [any(a <= last and b >= first for first, last in windows) for a, b in later]
    return Events(len(delays), len(windows), inside.count(False), delays)


def total(parts: Sequence[Events]) -> Events:
    """The sum of all series."""
    delays = [delay for part in parts for delay in part.delays]
    return Events(
        sum(part.hits for part in parts), sum(part.windows for part in parts), sum(part.false for part in parts), delays
    )


NAIVE = {"windowed Gaussian": windowed_gaussian, "novelty alone": newness, "amplitude alone": distances}
Scored = dict[str, list[list[float]]]


def chosen(corpus: Sequence[Series], scores: Sequence[Sequence[float]], away: str) -> float:
    """The threshold of a naive detector with the best F1 on all groups but one."""
    known = [(series, found) for series, found in zip(corpus, scores, strict=True) if group_of(series) != away]
    ordered = sorted(score for _, found in known for score in found)
    cuts = {ordered[int(len(ordered) * (1.0 - 10.0 ** (-1.0 - 2.5 * step / GRID))) - 1] for step in range(GRID)}
    return max(sorted(cuts), key=lambda cut: total([events(one, alarms(found, cut)) for one, found in known]).f1)


def group_of(series: Series) -> str:
    """The group of a series: its folder."""
    return series.name.partition("/")[0]


def rows(tables: Tables, name: str, corpus: Sequence[Series]) -> None:
    """Print and keep the rows of a corpus: each group, then all."""
    ours = [shipped(series) for series in corpus]
    naive = {each: [rule(one.times, one.values) for one in corpus] for each, rule in NAIVE.items()}
    groups = sorted({group_of(series) for series in corpus})
    found: dict[str, list[Events]] = {
        "ours": [events(one, each.alerts) for one, each in zip(corpus, ours, strict=True)]
    }
    for each, scores in naive.items():
        cuts = {group: chosen(corpus, scores, group) for group in groups}
        found[each] = [
            events(one, alarms(score, cuts[group_of(one)])) for one, score in zip(corpus, scores, strict=True)
        ]
    scores_of: Scored = {"ours": [each.scores for each in ours], **naive}
    volumes = {
        each: [vus_pr(score, edges(one)) if edges(one) else None for one, score in zip(corpus, scores, strict=True)]
        for each, scores in scores_of.items()
    }
    for group in [*groups, ""]:
        part = [at for at, one in enumerate(corpus) if group in ("", group_of(one))]
        for each in found:
            summed = total([found[each][at] for at in part])
            known = [volume for at in part if (volume := volumes[each][at]) is not None]
            _row(tables, name, group or "all", each, len(part), summed, sum(known) / max(1, len(known)))


def _row(tables: Tables, name: str, group: str, row: str, series: int, summed: Events, volume: float) -> None:
    delay = median(summed.delays) if summed.delays else None
    named: dict[str, str | float | int | None] = {
        "group": group,
        "row": row,
        "series": series,
        "VUS-PR": volume,
        "event F1": summed.f1,
    }
    found = f"{summed.hits}/{summed.windows}"
    tables.add(name, named | {"windows": found, "other alerts": summed.false, "delay, samples": delay})
    shown = "" if delay is None else f"{delay:8.0f}"
    print(f"{group:38s}{row:36s}{volume:8.3f}{summed.f1:8.3f}{found:>10s}{summed.false:8d}{shown}", flush=True)


def main() -> int:
    """Print the table."""
    options = parser(__doc__).parse_args()
    root = available([SERIES])
    if root is None:
        return 0
    tables = Tables()
    head = f"{'group':38s}{'row':36s}{'VUS-PR':>8s}{'F1':>8s}{'windows':>10s}{'others':>8s}{'delay':>8s}"
    for name, pattern in (("cloud-monitoring", SERIES), ("nab", NAB)):
        corpus = load(root, pattern)
        if corpus:
            print(f"{name}: {len(corpus)} series, {sum(len(one.times) for one in corpus)} samples\n{head}")
            rows(tables, name, corpus)
    tables.write(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
