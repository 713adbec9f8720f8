"""Metrics of the daemon, in the text format of Prometheus (version 0.0.4)."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import isnan

from msgspec import Struct, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From half a millisecond (a commit on a fast disk) to a minute, about three steps a decade.
LATENCY_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
Labels = Mapping[str, str]


class Histogram:
    """Counts of observations by upper bound; threads may share it."""

    def __init__(self, bounds: Sequence[float] = LATENCY_BUCKETS_S) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float, count: int = 1) -> None:
        """Count `value`, `count` times."""
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += count
            self._sum += value * count

    def mean(self) -> tuple[int, float]:
        """Return the number of observations and their mean; 0.0 without any."""
        with self._lock:
            count = sum(self._counts)
            return count, self._sum / count if count else 0.0

    def samples(self, name: str, labels: Labels) -> list[str]:
        """Return the lines of the text format."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        lines, below = [], 0
        for bound, count in zip((*map(_number, self._bounds), "+Inf"), counts, strict=True):
            below += count
            lines.append(sample(f"{name}_bucket", {**labels, "le": bound}, below))
        return [*lines, sample(f"{name}_sum", labels, total), sample(f"{name}_count", labels, below)]


class Family(Struct):
    """One metric with its help text and samples; `kind` is counter, gauge or histogram."""

    name: str
    kind: str
    help: str
    lines: list[str] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> Family:
        """Add a sample."""
        self.lines.append(sample(self.name, labels, value))
        return self

    def add_histogram(self, histogram: Histogram, **labels: str) -> Family:
        """Add the samples of a histogram."""
        self.lines.extend(histogram.samples(self.name, labels))
        return self


def sample(name: str, labels: Labels, value: float) -> str:
    """Return one line of the text format.

    >>> sample("aiops_up", {"source": 'a"b'}, 1.0)
    'aiops_up{source="a\\\\"b"} 1'
    """
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def render(families: Iterable[Family]) -> str:
    """Return the whole page."""
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {family.help}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines.extend(family.lines)
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
