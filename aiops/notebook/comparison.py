"""Two results side by side: the changes that another configuration makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from aiops.backtest import Comparison as Compared
from aiops.backtest import Difference
from aiops.notebook import html
from aiops.wording import plural

if TYPE_CHECKING:
    import pandas as pd

# Differences and figures that a notebook shows; the frames have all.
MAX_SHOWN = 15
MAX_FIGURES = 8


class Comparison:
    """Differences between two results: `differences` and `scores` as frames, `same` as a count."""

    def __init__(self, compared: Compared) -> None:
        self._compared = compared

    @property
    def same(self) -> int:
        """Number of equal incidents: the same alerts, severity and first suspect."""
        return self._compared.same

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row a difference: incidents that changed, were joined or split, or are in one result only."""
        from aiops.notebook import frames

        return frames.differences_frame(self._compared)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a figure that differs: before, after, and the change."""
        from aiops.notebook import frames

        return frames.scores_frame(self._compared)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self._compared.differences)

    def __len__(self) -> int:
        return len(self._compared.differences)

    def __bool__(self) -> bool:
        """False where both results are equal in all incidents and figures."""
        return bool(self._compared.differences or self._compared.scores)

    def __repr__(self) -> str:
        return f"<aiops.Comparison: {self._summary()}>"

    def _summary(self) -> str:
        kinds = Counter(each.kind for each in self._compared.differences)
        parts = [f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items()]
        return f"{plural(self.same, 'incident')} the same, {', '.join(parts) or 'no difference'}"

    def _repr_html_(self) -> str:
        found = self._compared.differences
        rows: list[list[html.Cell]] = [
            [one.kind.replace("_", " "), one.text, html.Count(f"{one.alerts:,}")] for one in found[:MAX_SHOWN]
        ]
        figures = [
            f"{name}: {before:.4g} → {after:.4g}"
            for name, (before, after) in list(self._compared.scores.items())[:MAX_FIGURES]
        ]
        figures.append(_more(len(self._compared.scores) - MAX_FIGURES, "figure", "scores"))
        figures.append(_more(len(found) - MAX_SHOWN, "difference", "differences"))
        return html.view(self._summary(), figures, ["", "incident", html.Count("alerts")], rows)


def _more(count: int, word: str, frame: str) -> str:
    return f"and {plural(count, 'more ' + word)} in .{frame}" if count > 0 else ""
