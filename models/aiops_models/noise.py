"""The trainer of the noise model: logistic regression on marks of people, as plain numbers.

A mark has what the decision to open its incident saw. The evidence of its alert names comes from the other four
fifths of the marks, and so do the scores that set the threshold: nothing is judged by its own label. At most
`MISSED` of what needed somebody lies above the threshold. The bounds of the engine come on top (`aiops.engine.noise`).

Measured by `python -m benchmarks.accuracy.noise`. StandardScaler and LogisticRegression(C=.3) stand for the recipe of
few parameters; a plain count of alerts is the reference that the scores must beat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from aiops.engine.noise.logistic import ALGORITHM, MAX_KINDS, Kinds, Logistic, Numbers, evidence
from aiops.engine.noise.marks import Mark
from aiops.engine.noise.sight import NAMES, Sight, name_of
from aiops.errors import UsageError
from aiops.model_state import NONE
from aiops.trainers import History, Judged, Learned
from aiops.wording import plural

# Fewer marks than this, or than this of a class, leave the coefficients and the threshold to chance.
LEAST_MARKS: Final = 40
LEAST_EACH: Final = 10
# Parts of the marks that are left out in turn.
PARTS: Final = 5
# The inverse of the regularisation: nine numbers from some dozens of marks.
STRENGTH: Final = 0.3
# The share of what needs somebody that may lie above the threshold, for exchangeable marks (an order statistic, as in
# Tong, Feng and Li 2018). It opens once it grows or lasts. A judgement, not chosen by measuring.
MISSED: Final = 0.05
# Nine of ten incidents that were marked as noise lasted no longer than a cluster may be held.
LASTED: Final = 0.9
COLUMNS: Final = [*NAMES, "evidence"]


class Fitted(msgspec.Struct):
    """A fitted model, and the ROC areas of its scores and of plain counts on marks left out."""

    numbers: Numbers
    area: float
    count_area: float
    marks: int


class NoiseTrainer:
    """Fits and judges models of the slot `noise`; see `aiops.trainers`."""

    measure = "log_score"

    def __init__(self, config: Any = None, topology: Any = None, parameters: Mapping[str, str] | None = None) -> None:
        """Take nothing: there are no parameters."""
        if parameters:
            raise UsageError(f"noise: expected no parameters; got {next(iter(parameters))[:100]!r}")

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Fit on the marks before a time; raise `UsageError` if they teach too little."""
        marks = history.engine(until).noise.lessons()
        return Learned(ALGORITHM, msgspec.to_builtins(fit(marks).numbers), marks[-1].at)

    def untrained(self) -> Learned:
        """Return what decides without a model: everything opens."""
        return Learned(NONE, None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Judge by the marks at or after a time: the log-probability of each, and if it was treated rightly.

        Without a model the probability is the share of noise among the marks before.
        """
        marks = history.engine(None).noise.lessons()
        later = [mark for mark in marks if mark.at >= since]
        share = share_of([mark for mark in marks if mark.at < since])
        model = Logistic(msgspec.convert(learned.state, Numbers)) if learned.state is not None else None
        return [_judged(mark, model, math.log(share / (1.0 - share))) for mark in later]


def fit(marks: Sequence[Mark]) -> Fitted:
    """Fit on marks in the order of their times. Raise `UsageError` if they teach too little."""
    _check(marks)
    # In turn, not by time: the share of noise moves, and scores of parts with different shares cannot be compared.
    parts = [place % PARTS for place in range(len(marks))]
    frame = frame_of(marks, parts)
    noise = frame["noise"].to_numpy()
    scores = _left_out(marks, parts)
    area, count_area = _area(noise, scores), _area(noise, -frame["log_alerts"].to_numpy())
    if area <= count_area:
        raise UsageError(
            f"noise: nothing learned from {plural(len(marks), 'mark')}: the area of {area:.3f} on marks that were "
            f"left out is no better than that of the plain count of alerts, {count_area:.3f}"
        )
    scaler, model = _regression(frame)
    held = frame.loc[frame["noise"], list(NAMES)]
    lasted = pd.Series([mark.lasted_s for mark in marks if mark.label == "noise"]).quantile(LASTED)
    numbers = Numbers(
        mean=scaler.mean_.tolist(),
        scale=scaler.scale_.tolist(),
        weights=model.coef_[0].tolist(),
        intercept=float(model.intercept_[0]),
        threshold=_threshold(scores[~noise]),
        most=held.max().tolist(),
        severity=min(3, int(max(_seen(mark).severity for mark in marks if mark.label == "noise"))),
        lasted_s=float(lasted),
        share=share_of(marks),
        kinds=kinds_of(marks),
    )
    return Fitted(numbers, area, count_area, len(marks))


def kinds_of(marks: Iterable[Mark]) -> Kinds:
    """Return (marked as noise, marked at all) by alert name and by kind, the most frequent ones."""
    found: dict[str, list[int]] = {}
    for mark in marks:
        kinds = _seen(mark).kinds
        for key in (*dict.fromkeys(map(name_of, kinds)), *kinds):
            counts = found.setdefault(key, [0, 0])
            counts[0] += mark.label == "noise"
            counts[1] += 1
    most = sorted(found.items(), key=lambda item: (-item[1][1], item[0]))[:MAX_KINDS]
    return {key: (noise, count) for key, (noise, count) in most}


def share_of(marks: Sequence[Mark]) -> float:
    """Return the share of noise, away from 0 and 1."""
    return (sum(mark.label == "noise" for mark in marks) + 1) / (len(marks) + 2)


def frame_of(marks: Sequence[Mark], parts: Sequence[int], left_out: int | None = None) -> pd.DataFrame:
    """Return the training set: a row a mark, with the evidence by marks outside its part and `left_out`."""
    tables = {}
    for own in dict.fromkeys(parts):
        others = [mark for mark, part in zip(marks, parts, strict=True) if part not in (own, left_out)]
        tables[own] = kinds_of(others), share_of(others)
    rows = []
    for mark, part in zip(marks, parts, strict=True):
        sight = _seen(mark)
        rows.append([*sight.values, evidence(sight.kinds, *tables[part])])
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(noise=[mark.label == "noise" for mark in marks], part=list(parts))


def _left_out(marks: Sequence[Mark], parts: Sequence[int]) -> Any:
    """Return the score of each mark by a model of the other parts."""
    scores = np.zeros(len(marks))
    for part in dict.fromkeys(parts):
        frame = frame_of(marks, parts, part)
        own = frame["part"] == part
        others = frame[~own]
        if others["noise"].nunique() < 2:
            raise UsageError("noise: expected marks of both kinds in each four fifths of them; got one kind")
        scaler, model = _regression(others)
        scores[own.to_numpy()] = model.decision_function(scaler.transform(frame.loc[own, COLUMNS].to_numpy()))
    return scores


def _regression(frame: pd.DataFrame) -> tuple[StandardScaler, LogisticRegression]:
    values = frame[COLUMNS].to_numpy()
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=STRENGTH, max_iter=1_000).fit(scaler.transform(values), frame["noise"].to_numpy())
    return scaler, model


def _threshold(actionable: Any) -> float:
    """Return the score above which at most `MISSED` of what needs somebody lies: an order statistic."""
    ordered = np.sort(actionable)[::-1]
    return float(ordered[math.floor(MISSED * (len(ordered) + 1))])


def _check(marks: Sequence[Mark]) -> None:
    noise = sum(mark.label == "noise" for mark in marks)
    least = min(noise, len(marks) - noise)
    if len(marks) < LEAST_MARKS or least < LEAST_EACH:
        raise UsageError(
            f"noise: expected at least {LEAST_MARKS} marks, {LEAST_EACH} of each kind; "
            f"got {noise} as noise and {len(marks) - noise} as actionable"
        )


def _area(noise: Any, scores: Any) -> float:
    return float(roc_auc_score(noise, scores))


def _log_probability(score: float, is_noise: bool) -> float:
    return -math.log1p(math.exp(-score if is_noise else score)) if abs(score) < 500.0 else -500.0


def _judged(mark: Mark, model: Logistic | None, log_odds: float) -> Judged:
    is_noise, sight = mark.label == "noise", _seen(mark)
    score = log_odds if model is None else model.score(sight)
    is_held = model is not None and model.judge(sight) is not None
    measures = {"log_score": _log_probability(score, is_noise), "right": float(is_held == is_noise)}
    return Judged(mark.incident, mark.at, measures)


def _seen(mark: Mark) -> Sight:
    assert mark.sight is not None
    return mark.sight


__all__ = ["Fitted", "NoiseTrainer", "fit", "frame_of", "kinds_of", "share_of"]
