"""Noise models for tests: one that finds everything that it knows to be noise, and variations of it."""

from __future__ import annotations

from typing import Any

import msgspec

from aiops.engine.noise.sight import NAMES
from aiops.records import Action


def state(**given: Any) -> str:
    """The text of a model that knows `Slow`, at any place, to be noise up to high severity."""
    numbers = {
        "mean": [0.0] * (len(NAMES) + 1),
        "scale": [1.0] * (len(NAMES) + 1),
        "weights": [0.0] * len(NAMES) + [1.0],
        "intercept": 5.0,
        "threshold": 0.0,
        "most": [20.0] * len(NAMES),
        "severity": 3,
        "lasted_s": 600.0,
        "share": 0.5,
        "kinds": {"Slow": (8, 10), "Lag": (4, 4)},
    }
    return msgspec.json.encode({**numbers, **given}).decode()


def swap(ts: float, text: str | None = None, algorithm: str = "logistic") -> Action:
    """The record that promotes a model."""
    args = {"slot": "noise", "algorithm": algorithm, "state": state() if text is None else text}
    return Action(ts=ts, verb="swap_model", id="model-noise-1", args=args)
