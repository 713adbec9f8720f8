"""The detection stage: rate anomalies of alerts, abnormal metrics, and unusual entities.

Pure and deterministic: time comes from the records, models come in as `swap_model` records that carry plain numbers.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypedDict

import msgspec

from aiops.engine.arrival import Arrival
from aiops.engine.detect.config import DetectConfig
from aiops.engine.detect.conformal import MIN_RING, Ring
from aiops.engine.detect.entity_anomaly import EntityAnomaly
from aiops.engine.detect.feature_row import NAMES, Row
from aiops.engine.detect.features import Windows
from aiops.engine.detect.metrics import Metrics
from aiops.engine.detect.rate_anomaly import CountedState, Streams, Surprise
from aiops.engine.model_faults import Faults
from aiops.errors import AiopsError, UsageError
from aiops.model_state import NONE, digest_of
from aiops.ports import Detector
from aiops.records import Alert, Metric

__all__ = ["SLOT", "Detect", "DetectConfig", "Scorers", "Surprise"]

# The slot of the scorer of alert-stream rows.
SLOT = "detect"
# The longest model accepted from a record; 100 histograms of 1,000 bins are far below it.
_MAX_STATE = 4_000_000

Scorers = Mapping[str, Callable[[Any], Detector]]

# Row scores that a new one is ranked among, and the weight of the tail beyond them; see `Ring`.
_RING = 1024
# Entities whose last verdict is kept; only those of recent windows are queried.
_MAX_VERDICTS = 10_000


class DetectState(TypedDict):
    """The state of `Detect` in snapshots."""

    streams: CountedState
    metrics: Any
    windows: Any
    training: list[Row]
    pending: list[Row]
    ring: list[float]
    verdicts: list[EntityAnomaly]
    model: list[str]


class Detect:
    """Bundles the stream surprise, the metric detector and the swapped-in row detector.

    `scorers` are the factories that turn a model's state (decoded JSON) into a `Detector`; the host injects them.
    """

    STATE: ClassVar[Any] = DetectState

    def __init__(
        self, config: DetectConfig | None = None, scorers: Scorers | None = None, faults: Faults | None = None
    ) -> None:
        self.config = config = config or DetectConfig()
        self._faults = faults or Faults()
        self._scorers: Scorers = {} if scorers is None else scorers
        self._streams = Streams(config.streams, config.bin_s, config.forgetting)
        self._metrics = Metrics(
            config.series, config.metric_fire, config.metric_calm, config.metric_novelty, config.metric_warm
        )
        self._windows = Windows(config.window_s)
        self._training: deque[Row] = deque(maxlen=config.training_rows)
        self._pending: list[Row] = []
        self._ring = Ring(_RING, nats=False)
        self._verdicts: OrderedDict[str, EntityAnomaly] = OrderedDict()
        self._model: Detector | None = None
        self._loaded: list[str] = []  # algorithm and state text of the model
        # Its algorithm and digest, for people.
        self.in_place: tuple[str, str] | None = None

    def measure(self, arrival: Arrival) -> None:
        """Measure how unusual a firing alert is, for its stream and for its entity.

        About 2 µs. The surprise is one object, overwritten by the next call: copy what you keep.
        """
        stream = arrival.stream
        surprise = self._streams.see(arrival.now, stream.fingerprint, stream.name, stream.workload)
        rows = self._windows.see(arrival.now, stream.entity, stream.name, arrival.severity, surprise)
        if rows is not None:
            self._take(rows, arrival.now)
        arrival.surprise = surprise
        if self._verdicts:
            arrival.anomaly = self._verdicts.get(stream.entity)

    def metric(self, metric: Metric, at: float | None = None) -> Alert | None:
        """Process one sample; return an alert if its series leaves normal (firing) or returns (resolved).

        `at` replaces the time of the sample if its own is not credible.
        """
        return self._metrics.see(metric, metric.ts if at is None else at)

    def anomaly_of(self, entity: str) -> EntityAnomaly | None:
        """Return the model's latest verdict on an entity.

        None without a model, or before its rows were scored.
        """
        return self._verdicts.get(entity)

    @property
    def decides(self) -> bool:
        """Return True if a promoted detector decides on what opens."""
        return self._model is not None and self.config.ordinary_p < 1.0

    def ordinary(self, entity: str) -> EntityAnomaly | None:
        """Return the model's verdict on what an entity does now, where it finds that ordinary.

        None where it does not, without enough rows to rank it among, and where the model fails. About 8 µs, and called
        only where an incident would open.
        """
        row = self._windows.row(entity) if len(self._ring) >= MIN_RING else None
        scores = self._scores(self._model, [row]) if row is not None and self._model is not None else []
        if row is None or not scores:
            return None
        verdict = EntityAnomaly()
        verdict.at, verdict.entity, verdict.score, verdict.p = row.at, entity, scores[0], self._ring.tail(scores[0])
        return verdict if verdict.p >= self.config.ordinary_p else None

    def rows(self) -> list[Row]:
        """The latest feature rows, for training aside: at most `training_rows`, oldest first, kept here."""
        return list(self._training)

    def _take(self, rows: list[Row], ts: float) -> None:
        self._training.extend(rows)
        if self._model is None:
            return
        self._pending.extend(rows)
        while len(self._pending) >= self.config.batch_rows:
            self._score(self._pending[: self.config.batch_rows])
            del self._pending[: self.config.batch_rows]
        if self._pending and ts - self._pending[0].at >= self.config.batch_wait_s:
            self._score(self._pending)
            self._pending = []

    def _score(self, rows: list[Row]) -> None:
        assert self._model is not None
        for row, score in zip(rows, self._scores(self._model, rows), strict=False):
            verdict = self._verdicts[row.entity] = EntityAnomaly()
            verdict.at, verdict.entity, verdict.score, verdict.p = row.at, row.entity, score, self._ring.tail(score)
            self._verdicts.move_to_end(row.entity)
            self._ring.add(score)
        while len(self._verdicts) > _MAX_VERDICTS:
            self._verdicts.popitem(last=False)

    def _scores(self, model: Detector, rows: list[Row]) -> list[float]:
        """The model's scores; none where it fails, and then the rows have no verdict."""
        try:
            scores = [float(score) for score in model.score([row.values() for row in rows])]
            if len(scores) != len(rows) or not all(math.isfinite(score) for score in scores):
                raise ValueError(f"expected {len(rows)} finite scores, got {scores[:3]} …")
        except Exception as error:
            self._faults.add("detect", error)
            return []
        return scores

    @property
    def loaded(self) -> tuple[str, str] | None:
        """The algorithm and the state (JSON text) of the model in use; None for no model."""
        return (self._loaded[0], self._loaded[1]) if self._loaded else None

    def swap(self, algorithm: str, text: str) -> None:
        """Use the scorer `algorithm` with the numbers of `text` (JSON); with `none`, no model.

        Raise `AiopsError` with the expected value if it does not fit; the present model then stays.
        """
        model = self._build(algorithm, text) if algorithm != NONE else None
        self._model = model
        self._loaded = [algorithm, text] if model is not None else []
        self.in_place = (algorithm, digest_of(algorithm, text)) if model is not None else None
        self._ring = Ring(_RING, nats=False)
        # The rows that are kept rank the first verdicts; it is a matter of milliseconds, once a swap.
        if model is not None and self._training:
            for score in self._scores(model, list(self._training)[-_RING:]):
                self._ring.add(score)
        self._pending = []
        self._verdicts.clear()

    def _build(self, algorithm: str, text: str) -> Detector:
        factory = self._scorers.get(algorithm)
        if factory is None:
            known = ", ".join(sorted(self._scorers)) or "none is installed"
            raise UsageError(f"swap_model: $.args.algorithm: expected one of: {known}; got {algorithm[:100]!r}")
        if len(text) > _MAX_STATE:
            raise UsageError(f"swap_model: $.args.state: expected at most {_MAX_STATE} characters, got {len(text)}")
        try:
            model = factory(json.loads(text))
            scores = model.score([[0.0] * len(NAMES)])
        except AiopsError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
            raise UsageError(f"swap_model: $.args.state: no state of {algorithm!r}: {error}") from error
        if len(scores) != 1:
            raise UsageError(f"swap_model: $.args.state: {algorithm!r} gave {len(scores)} scores for one row")
        return model

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        self._streams.set_back(now)
        self._metrics.set_back(now)
        self._windows.set_back(now)
        self._pending = [msgspec.structs.replace(row, at=min(row.at, now)) for row in self._pending]

    def dump(self) -> DetectState:
        """The state, as what msgspec can encode."""
        return {
            "streams": self._streams.dump(),
            "metrics": self._metrics.dump(),
            "windows": self._windows.dump(),
            "training": list(self._training),
            "pending": list(self._pending),
            "ring": self._ring.dump(),
            "verdicts": list(self._verdicts.values()),
            "model": self._loaded,
        }

    def load(self, state: DetectState) -> None:
        """Take the state of a `dump`; raise `AiopsError` where its model's scorer is not installed."""
        self._streams.load(state["streams"])
        self._metrics.load(state["metrics"])
        self._windows.load(state["windows"])
        self._training = deque(state["training"], self.config.training_rows)
        self._pending = state["pending"]
        self._ring = Ring(_RING, nats=False)
        self._ring.load(state["ring"])
        self._verdicts = OrderedDict((verdict.entity, verdict) for verdict in state["verdicts"])
        self._loaded = list(state["model"])
        self._model = self._build(*self._loaded) if self._loaded else None
        self.in_place = (self._loaded[0], digest_of(*self._loaded)) if self._loaded else None
