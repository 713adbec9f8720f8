"""Feature rows of an archive, as the engine makes them, to train and evaluate detectors on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.config import DedupConfig
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.stream import entity_of
from aiops.engine.detect.feature_row import Row
from aiops.engine.detect.stage import Detect, DetectConfig
from aiops.records import Alert, Record, parse_severity

# 200,000 rows of 10 numbers are about 50 MB, and minutes of fitting for the slowest detector.
MAX_ROWS = 200_000


class FeatureRows(Struct):
    """The latest rows, oldest first; `marked` is True for a row with an alert of a labelled incident.

    `labelled` is False if the archive has no such label at all.
    """

    rows: list[Row] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)
    labelled: bool = False

    def values(self) -> list[list[float]]:
        """Return the features, `(n_rows, 8)`."""
        return [row.values() for row in self.rows]


def feature_rows(records: Iterable[Record], config: DetectConfig | None = None) -> FeatureRows:
    """Pass the firing alerts of an archive through dedup and detection; return the feature rows."""
    config = config or DetectConfig()
    detect = Detect(
        DetectConfig(
            bin_s=config.bin_s,
            forgetting=config.forgetting,
            streams=config.streams,
            window_s=config.window_s,
            training_rows=MAX_ROWS,
        )
    )
    dedup = Dedup(DedupConfig())
    guilty: set[tuple[float, str]] = set()
    arrival = Arrival()
    for record in records:
        if not isinstance(record, Alert) or record.status != "firing":
            continue
        now = arrival.now = max(arrival.now, record.ts)
        arrival.stream, arrival.severity = dedup.stream(record), int(parse_severity(record.severity))
        detect.measure(arrival)
        if record.truth is not None and record.truth.incident is not None:
            guilty.add((_end(now, config.window_s), entity_of(record)))
    rows = detect.rows()
    return FeatureRows(rows, [(row.at, row.entity) in guilty for row in rows], bool(guilty))


def _end(ts: float, window_s: float) -> float:
    return (ts // window_s + 1) * window_s
