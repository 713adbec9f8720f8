"""The trainer of detectors of entities: fitted on feature rows, judged by confirmed incidents.

A promoted detector decides which warnings open no incident (`detect.ordinary_p`), and is judged by that. `saved` is the
share of other rows that it sets aside as ordinary, for an incident that keeps a row which it does not set aside. An
incident that keeps none costs five times what could be saved. Without a model nothing is set aside and nothing lost: 0.
Beside it stands the ROC area of the incident's rows among the others (Mann and Whitney 1947). An incident is labelled
by its archive, or has a confirmed cause. Without either, nothing can be recommended.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import Meta, Struct

from aiops.config import Config
from aiops.detectors import plugins
from aiops.detectors.rows import feature_rows
from aiops.detectors.training import MIN_ROWS, load
from aiops.engine.dedup.stream import entity_of
from aiops.engine.detect.conformal import MIN_RING, Ring
from aiops.engine.detect.feature_row import Row
from aiops.errors import UsageError
from aiops.records import Alert, Logged, Record
from aiops.topology import Topology
from aiops.trainers import History, Judged, Learned
from aiops.training.parameters import parameters_of

Place = tuple[float, str]
# What a lost incident costs, in shares of rows set aside: one fault in five may not be lost for silence about the rest.
_LOST = -5.0
# As in the engine: what a new score is ranked among.
_RING = 1024


class DetectParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a trained detector."""

    algorithm: Annotated[str, Meta(description="Detector to train: `pca`, `ecod`, `hbos`, or a plugin's.")] = "ecod"


class DetectTrainer:
    """Train a detector of unusual entities on rows of alert streams."""

    Parameters: type[Struct] = DetectParameters
    measure = "saved"

    def __init__(self, config: Config, topology: Topology, parameters: Mapping[str, str]) -> None:
        """Raise `UsageError` for a parameter that does not fit."""
        self._config = config
        self._cached: tuple[History, list[Row]] | None = None
        self._algorithm = parameters_of(parameters, DetectParameters, "detect").algorithm

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Fit on the rows before `until`."""
        model = plugins.load(self._algorithm)
        rows = [row for row in self._rows(history) if until is None or row.at <= until]
        if len(rows) < MIN_ROWS:
            raise UsageError(
                f"training: expected at least {MIN_ROWS} feature rows, got {len(rows)}: use a longer archive"
            )
        try:
            state = model.fit([row.values() for row in rows]).state()
        except ValueError as error:
            raise UsageError(f"training: {self._algorithm} cannot be fitted on these rows: {error}") from error
        return Learned(self._algorithm, state, rows[-1].at)

    def untrained(self) -> Learned:
        """Return no model, to which all entities are alike."""
        return Learned("none", None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Score the rows at or after `since`; what would be decided about each incident that has any."""
        rows = [row for row in self._rows(history) if row.at >= since]
        before = [row for row in self._rows(history) if row.at < since]
        marks = {place: name for place, name in self._marks(history).items() if place[0] >= since}
        scores = _scores(learned, rows)
        others = sorted(score for row, score in zip(rows, scores, strict=True) if (row.at, row.entity) not in marks)
        # Without a model the engine sets nothing aside.
        p = self._config.detect.ordinary_p if learned.state is not None else 1.0
        aside = _set_aside(_scores(learned, before), scores, p)
        names = [marks.get((row.at, row.entity)) for row in rows]
        unmarked = [is_aside for is_aside, name in zip(aside, names, strict=True) if name is None]
        share = sum(unmarked) / max(1, len(unmarked))
        found: dict[str, list[tuple[float, float, bool]]] = {}
        for row, score, is_aside, name in zip(rows, scores, aside, names, strict=True):
            if name is not None and others:
                found.setdefault(name, []).append((row.at, _share_below(others, score), is_aside))
        return [
            Judged(
                name,
                mine[0][0],
                {
                    "saved": _LOST if all(is_aside for _, _, is_aside in mine) else share,
                    "area": sum(area for _, area, _ in mine) / len(mine),
                },
            )
            for name, mine in found.items()
        ]

    def _rows(self, history: History) -> list[Row]:
        """Return all rows; a row holds nothing of what comes after its window."""
        if self._cached is None or self._cached[0] is not history:
            alerts = (one for one in history.records() if isinstance(one, Alert))
            self._cached = history, feature_rows(alerts, self._config.detect).rows
        return self._cached[1]

    def _marks(self, history: History) -> dict[Place, str]:
        """Return the incident of each row that belongs to one, by the row's time and entity."""
        found = labelled(history.records(), self._config.detect.window_s)
        for lesson in history.lessons("cause"):
            if lesson.root is not None and not lesson.is_label:
                for fact in lesson.view.facts:
                    found.setdefault((_end(fact.first_at, self._config.detect.window_s), fact.entity), lesson.view.id)
        return found


def labelled(records: Iterable[Logged | Record], window_s: float) -> dict[Place, str]:
    """Return the labelled incident of each (end of window, entity)."""
    found: dict[Place, str] = {}
    now = 0.0
    for one in records:
        if isinstance(one, Alert) and one.status == "firing":
            now = max(now, one.ts)
            if one.truth is not None and one.truth.incident is not None:
                found.setdefault((_end(now, window_s), entity_of(one)), one.truth.incident)
    return found


def _scores(learned: Learned, rows: list[Row]) -> list[float]:
    if learned.state is None:
        return [0.0] * len(rows)
    return load(learned.algorithm, learned.state).score([row.values() for row in rows]) if rows else []


def _set_aside(before: list[float], scores: list[float], ordinary_p: float) -> list[bool]:
    """Return which rows the engine would find ordinary: each ranked among the last ones before it."""
    ring = Ring(_RING, nats=False)
    for score in before[-_RING:]:
        ring.add(score)
    found = []
    for score in scores:
        found.append(ordinary_p < 1.0 and len(ring) >= MIN_RING and ring.tail(score) >= ordinary_p)
        ring.add(score)
    return found


def _share_below(ordered: list[float], score: float) -> float:
    """Return the share of ordered scores below one; ties are half."""
    return (bisect_left(ordered, score) + bisect_right(ordered, score)) / (2 * len(ordered))


def _end(ts: float, window_s: float) -> float:
    return (ts // window_s + 1) * window_s
