"""Train a detector offline, compare it with the one in use, and make the record that swaps it.

There are no labels, so candidate and incumbent are compared on anomalies that are planted among held-out rows: rows
whose features are raised together, single features taken to their extremes, and rows combined from different rows,
where each value is common and the combination is not. The measure is the ROC area of planted against held-out rows.
"""

from __future__ import annotations

import hashlib
import json
import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from aiops.detectors import plugins
from aiops.engine.detect.stage import SLOT
from aiops.errors import UsageError
from aiops.ports import Detector
from aiops.records import Action

# Fewer rows give no shape to eight features; at one row a minute and entity they come in within an hour.
MIN_ROWS = 200
# The later rows are held out, as a model is used on what comes after its training.
_HELD_OUT = 0.3
# Differences of areas below this are noise of some hundred held-out rows: not worse.
_SLACK = 0.01
# A model that hardly separates planted anomalies from chance is not worth its cost.
_MIN_AREA = 0.7

Rows = Sequence[Sequence[float]]


class Shadow(Struct, kw_only=True):
    """The result of a comparison: ROC areas (0 to 1, .5 is chance), the verdict `swap`, its `reason`."""

    algorithm: str
    rows: int
    held_out: int
    area: float
    incumbent: str | None = None
    incumbent_area: float | None = None
    swap: bool
    reason: str


class Trained(Struct):
    """A trained detector.

    `action` is the record to journal, None if the verdict is against a swap; `state` holds the numbers, `id` is theirs.
    """

    id: str
    action: Action | None
    shadow: Shadow
    state: dict[str, Any]


def train(
    rows: Rows,
    algorithm: str = "pca",
    ts: float = 0.0,
    incumbent: tuple[str, Any] | None = None,
    seed: int = 0,
) -> Trained:
    """Fit `algorithm` on the earlier 70 % of `rows` (in time order), compare on the rest, fit on all.

    `incumbent` is the (algorithm, state) in place; `ts` the time of the swap record. Deterministic in all arguments.
    Raise `UsageError` for an unknown algorithm or fewer than `MIN_ROWS` rows.
    """
    model = plugins.load(algorithm)
    if len(rows) < MIN_ROWS:
        raise UsageError(
            f"training: expected at least {MIN_ROWS} feature rows, got {len(rows)}: replay a longer archive"
        )
    cut = int(len(rows) * (1.0 - _HELD_OUT))
    try:
        shadow = compare(model.fit(rows[:cut]), algorithm, rows[cut:], incumbent, seed)
        state = model.fit(rows).state()
    except ValueError as error:
        raise UsageError(f"training: {algorithm} cannot be fitted on these rows: {error}") from error
    shadow.rows = len(rows)
    action = swap_action(algorithm, state, ts)
    return Trained(action.id.removeprefix("model-"), action if shadow.swap else None, shadow, state)


def load(algorithm: str, state: Any) -> Detector:
    """Return the detector that `state` (plain numbers) describes; raise `UsageError` for others."""
    try:
        return plugins.load(algorithm).from_state(state)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"model: no state of {algorithm}: {error}") from error


def swap_action(algorithm: str, state: Any, ts: float) -> Action:
    """Return the `swap_model` record; its id is a digest of the numbers: equal models are one record."""
    text = json.dumps(state, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(f"{algorithm}\n{text}".encode()).hexdigest()[:16]
    args = {"slot": SLOT, "algorithm": algorithm, "state": text}
    return Action(ts=ts, verb="swap_model", id=f"model-{algorithm}-{digest}", args=args)


def compare(
    candidate: Detector, algorithm: str, held_out: Rows, incumbent: tuple[str, Any] | None, seed: int = 0
) -> Shadow:
    """Score both on the held-out rows with planted anomalies; the candidate may be worse by `_SLACK`."""
    planted = plant(held_out, random.Random(seed))
    area = roc_area(candidate.score(planted), candidate.score(held_out))
    found = Shadow(algorithm=algorithm, rows=0, held_out=len(held_out), area=area, swap=False, reason="")
    if incumbent is not None:
        model = load(*incumbent)
        found.incumbent = incumbent[0]
        found.incumbent_area = roc_area(model.score(planted), model.score(held_out))
    _judge(found)
    return found


def evaluate(algorithm: str, state: Any, rows: Rows, marked: Sequence[bool] | None = None, seed: int = 0) -> float:
    """Return the ROC area of `marked` rows against the others; without marks, of planted anomalies."""
    model = load(algorithm, state)
    scores = model.score(rows)
    if marked is None:
        return roc_area(model.score(plant(rows, random.Random(seed))), scores)
    positive = [score for score, mark in zip(scores, marked, strict=True) if mark]
    return roc_area(positive, [score for score, mark in zip(scores, marked, strict=True) if not mark])


def _judge(found: Shadow) -> None:
    if found.area < _MIN_AREA:
        found.reason = f"area {found.area:.3f} on planted anomalies is below {_MIN_AREA}"
    elif found.incumbent_area is not None and found.area < found.incumbent_area - _SLACK:
        found.reason = f"area {found.area:.3f} is worse than {found.incumbent_area:.3f} of the model in use"
    else:
        found.swap = True
        found.reason = f"area {found.area:.3f} on planted anomalies"
        if found.incumbent_area is not None:
            found.reason += f", not worse than {found.incumbent_area:.3f} of the model in use"


def plant(rows: Rows, source: random.Random) -> list[list[float]]:
    """Return one anomaly of each of the three kinds for every third row, from the rows' own values."""
    columns = [sorted(values) for values in zip(*rows, strict=True)]
    extremes = [values[-1] + max(values[-1] - values[len(values) // 2], 0.1) for values in columns]
    features = range(len(columns))
    planted = []
    for row in rows[::3]:
        lift = source.uniform(0.5, 1.0)
        planted.append([v + lift * (extremes[i] - v) for i, v in enumerate(row)])
        odd = source.randrange(len(columns))
        planted.append([extremes[i] if i == odd else v for i, v in enumerate(row)])
        planted.append([source.choice(rows)[i] for i in features])
    return planted


def roc_area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the share of pairs in which a positive scores higher (Mann and Whitney 1947); ties are half.

    >>> roc_area([3.0, 1.0], [1.0, 0.0])
    0.875
    """
    ordered = sorted(negative)
    wins = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in positive)
    return wins / (2.0 * len(positive) * len(ordered)) if positive and ordered else 0.5
