"""The score of the Numenta Anomaly Benchmark.

Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms". A detection inside a labelled window earns up
to 1, the more the earlier; only the best one of a window counts. A window without a detection costs 1. A detection
outside costs up to 0.11: little just after a window, all of it later. The first 15 % of a series (of at most 5,000
samples) are for learning and never count. One threshold serves the whole corpus; it is the one with the best score. The
result is scaled: no detection at all is 0, perfection is 100.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

PROBATION = 0.15
_PROBATION_SAMPLES = 5000


class Profile(Struct, frozen=True):
    """The reward of a true positive, and the costs of a false positive and of a missed window."""

    name: str
    hit: float
    false_alarm: float
    miss: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
LOW_FALSE_ALARMS = Profile("reward_low_FP_rate", 1.0, 0.22, 1.0)
LOW_MISSES = Profile("reward_low_FN_rate", 1.0, 0.11, 2.0)
PROFILES = (STANDARD, LOW_FALSE_ALARMS, LOW_MISSES)


class Scored(Struct):
    """A series with a score for each sample; `windows` are (first, last) times, ordered and disjoint."""

    name: str
    times: Sequence[float]
    scores: Sequence[float]
    windows: Sequence[tuple[float, float]]


class Result(Struct):
    """`score` is scaled (100 is perfect).

    `raw` is the sum of rewards and costs; counts are of windows and samples.
    """

    threshold: float
    score: float
    raw: float
    hits: int
    windows: int
    false_alarms: int


def sigmoid(position: float) -> float:
    """Return the reward at a position in a window.

    −1 is the window's left edge, 0 its right edge, 1 a width after it.

    >>> [round(sigmoid(y), 5) for y in (-1.0, -0.5, 0.0, 1.0, 3.0)]
    [0.98661, 0.84828, 0.0, -0.98661, -1.0]
    """
    return -1.0 if position >= 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


class _Weighed(Struct):
    """A sample that counts: its score, its window (−1: none), and the value of a detection there."""

    score: float
    window: int
    value: float


def probation(samples: int) -> int:
    """Return the number of samples at the beginning that do not count."""
    return math.ceil(min(math.floor(PROBATION * samples), PROBATION * _PROBATION_SAMPLES))


def _weigh(series: Scored, first_window: int, profile: Profile) -> list[_Weighed]:
    """Yield each sample after probation with its value.

    Windows are numbered from `first_window` over the corpus.
    """
    times = series.times
    edges = [(bisect_left(times, start), bisect_right(times, end) - 1) for start, end in series.windows]
    at = 0
    past: tuple[int, int] | None = None
    out = []
    start = probation(len(times))
    for i, score in enumerate(series.scores):
        while at < len(edges) and i > edges[at][1]:
            past = edges[at]
            at += 1
        if at < len(edges) and edges[at][0] <= i:
            left, right = edges[at]
            reward = sigmoid(-(right - i + 1) / (right - left + 1)) / sigmoid(-1.0) * profile.hit
            weighed = _Weighed(score, first_window + at, reward)
        else:
            behind = 3.0 if past is None else (i - past[1]) / max(1, past[1] - past[0])
            weighed = _Weighed(score, -1, sigmoid(behind) * profile.false_alarm)
        if i >= start:
            out.append(weighed)
    return out


def _corpus(corpus: Iterable[Scored], profile: Profile) -> tuple[list[_Weighed], int]:
    weighed: list[_Weighed] = []
    windows = 0
    for series in corpus:
        weighed.extend(_weigh(series, windows, profile))
        windows += len(series.windows)
    return weighed, windows


def scaled(raw: float, windows: int, profile: Profile = STANDARD) -> float:
    """Scale a raw sum: no detection is 0, and catching every window at its start is 100.

    >>> scaled(-4.0, 4), scaled(4.0, 4), scaled(0.0, 4)
    (0.0, 100.0, 50.0)
    """
    none, perfect = -profile.miss * windows, profile.hit * windows
    return 100.0 * (raw - none) / (perfect - none) if windows else 0.0


def best(corpus: Iterable[Scored], profile: Profile = STANDARD) -> Result:
    """Return the result at the threshold with the best score; a sample at or above it counts as detected."""
    weighed, windows = _corpus(corpus, profile)
    weighed.sort(key=lambda sample: -sample.score)
    earned = [-profile.miss] * windows
    raw = -profile.miss * windows
    top = Result(math.inf, 0.0, raw, 0, windows, 0)
    hits = false_alarms = 0
    for i, sample in enumerate(weighed):
        if sample.window < 0:
            raw += sample.value
            false_alarms += 1
        elif sample.value > earned[sample.window]:
            hits += earned[sample.window] == -profile.miss
            raw += sample.value - earned[sample.window]
            earned[sample.window] = sample.value
        last = i + 1 == len(weighed) or weighed[i + 1].score != sample.score
        if last and raw > top.raw:
            top = Result(sample.score, 0.0, raw, hits, windows, false_alarms)
    top.score = scaled(top.raw, windows, profile)
    return top


def at_threshold(corpus: Iterable[Scored], threshold: float, profile: Profile = STANDARD) -> Result:
    """Return the result at a given threshold."""
    weighed, windows = _corpus(corpus, profile)
    earned = [-profile.miss] * windows
    raw = 0.0
    false_alarms = 0
    for sample in weighed:
        if sample.score < threshold:
            continue
        if sample.window < 0:
            raw += sample.value
            false_alarms += 1
        else:
            earned[sample.window] = max(earned[sample.window], sample.value)
    raw += sum(earned)
    hits = sum(value != -profile.miss for value in earned)
    return Result(threshold, scaled(raw, windows, profile), raw, hits, windows, false_alarms)
