"""Records for one alert what the correlator compared, for a host that explains the decision."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import exp

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.join_evidence import Join
from aiops.engine.correlate.pace import SURGE_S
from aiops.engine.correlate.state import Entry


@dataclass(frozen=True)
class Consideration:
    """One open cluster as it was compared with an alert: the best terms found, and their sum.

    `on_request`: the cluster was not among the compared ones, its terms were worked out for the explanation only.
    `age_s` is the time since its first alert, or since its pattern returned last; `recent` counts the alerts of about
    the last ten seconds, this one included, and `usual` those that its own pace would bring, 0 if it has none.
    """

    cluster: int
    score: float
    join: Join
    age_s: float
    recent: float
    usual: float
    on_request: bool = False


class Trace:
    """The comparison of one alert; set as `Correlator.trace` before the alert is placed.

    `considered` has the compared clusters, best first, then the requested ones. It is empty if no cluster was open.
    `compared` is false if none was looked at: a background stream, a flood. `rate` is that of new things (1/s). `cut`
    is the reason why the best cluster was ended although the alert fitted, else empty.
    """

    def __init__(self, requested: Collection[int] = ()) -> None:
        self.requested = requested
        self.compared = False
        self.threshold = 0.0
        self.rate = 0.0
        self.considered: list[Consideration] = []
        self.cut = ""

    def compare(self, comparison: Comparison, candidate: Candidate) -> None:
        """Record the terms of each cluster that an alert has just been compared with; decisions do not change."""
        self.compared, self.threshold, self.rate = True, comparison.limits.threshold, candidate.rate
        best: dict[int, Consideration] = {}
        for entry in comparison.entries(candidate):
            self._consider(best, comparison, entry, candidate)
        # As the correlator prefers them: the higher score, in ties the one compared first.
        self.considered = sorted(best.values(), key=lambda each: -each.score)
        extra: dict[int, Consideration] = {}
        for number in self.requested:
            cluster = comparison.held.find(number)
            if cluster is not None and number not in best:
                for entry in cluster.entries.values():
                    self._consider(extra, comparison, entry, candidate)
        self.considered += [replace(each, on_request=True) for each in extra.values()]

    def _consider(
        self, best: dict[int, Consideration], comparison: Comparison, entry: Entry, candidate: Candidate
    ) -> None:
        join = comparison.explain(entry, candidate)
        score, known = join.score(), best.get(entry.cluster.id)
        if known is None or score > known.score:
            cluster = entry.cluster
            recent = cluster.surge * exp((cluster.last - candidate.ts) / SURGE_S) + 1.0
            pace = cluster.pace
            usual, since = (0.0, cluster.first) if pace is None else (pace.usual(), pace.since)
            best[cluster.id] = Consideration(cluster.id, score, join, candidate.ts - since, recent, usual)
