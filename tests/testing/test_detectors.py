"""The kit of detectors finds a detector that breaks a promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aiops.testing.detectors import check_detector

Rows = Sequence[Sequence[float]]


class Distance:
    """Scores by the distance from the mean, in standard deviations, of the feature that is farthest."""

    limit = 1e9
    keeps = False

    def __init__(self, means: list[float], spreads: list[float]) -> None:
        if len(means) != len(spreads) or not means:
            raise ValueError("means and spreads: expected the same number of features")
        self.means, self.spreads = means, spreads
        self.kept: list[bytes] = []

    @classmethod
    def fit(cls, rows: Rows) -> Distance:
        columns = list(zip(*rows, strict=True))
        means = [sum(column) / len(column) for column in columns]
        spreads = [
            max(map(abs, (v - m for v in c)), default=0.0) / 3 + 0.01 for c, m in zip(columns, means, strict=True)
        ]
        return cls(means, spreads)

    @classmethod
    def from_state(cls, state: Any) -> Distance:
        return cls([float(v) for v in state["means"]], [float(v) for v in state["spreads"]])

    def state(self) -> dict[str, Any]:
        return {"means": self.means, "spreads": self.spreads}

    def score(self, rows: Rows) -> list[float]:
        if self.keeps:
            self.kept.append(bytes(100_000))
        return [max(self._distances(row)) for row in rows]

    def _distances(self, row: Sequence[float]) -> list[float]:
        if len(row) != len(self.means):
            raise ValueError(f"expected rows of {len(self.means)} features, got {len(row)}")
        return [abs(v - m) / s for v, m, s in zip(row, self.means, self.spreads, strict=True)]


class Keeps(Distance):
    keeps = True


class Batch(Distance):
    def score(self, rows: Rows) -> list[float]:
        return [score + len(rows) for score in super().score(rows)]


class Flat(Distance):
    def score(self, rows: Rows) -> list[float]:
        return [0.0 for row in rows if self._distances(row)]


class Lenient(Distance):
    @classmethod
    def from_state(cls, state: Any) -> Distance:
        return super().from_state(
            state if isinstance(state, dict) and state.get("spreads") else {"means": [0], "spreads": [1]}
        )


class Everything(Distance):
    """Exports its training rows."""

    rows: Rows = ()

    @classmethod
    def fit(cls, rows: Rows) -> Distance:
        made = super().fit(rows)
        made.rows = rows  # type: ignore[attr-defined]
        return made

    @classmethod
    def from_state(cls, state: Any) -> Distance:
        made = super().from_state(state)
        made.rows = state["rows"]  # type: ignore[attr-defined]
        return made

    def state(self) -> dict[str, Any]:
        return {**super().state(), "rows": [list(row) * 4 for row in self.rows][:1_000_000]}


def test_the_kit_passes_a_plain_detector() -> None:
    check_detector(Distance)


@pytest.mark.parametrize(
    ("cls", "found"),
    [
        (Keeps, "scoring keeps something"),
        (Batch, "depends on the other rows"),
        (Flat, "hardly separates planted anomalies"),
        (Lenient, "from_state took None"),
        (Everything, "the loaded state is not the exported one"),
    ],
)
def test_the_kit_finds(cls: type[Distance], found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check_detector(cls)


def test_the_kit_finds_a_state_that_grows_with_its_training() -> None:
    with pytest.raises(AssertionError, match="its numbers take"):
        check_detector(Distance, max_state_bytes=50)
