"""The carried objects: one for the way of an alert, one for all other effects of a record."""

from __future__ import annotations

from math import inf

from aiops.engine.correlate.result import CorrelationResult
from aiops.engine.dedup.stream import Stream, Verdict
from aiops.engine.detect.entity_anomaly import EntityAnomaly
from aiops.engine.detect.rate_anomaly import Surprise
from aiops.engine.events import Disposition, Event, Placed
from aiops.engine.incidents.clusters import ClusterState, severity_of
from aiops.records import Alert


class Moment:
    """The record in hand: its number in the log (`seq`), the engine time, and the events that it causes."""

    __slots__ = ("now", "out", "seq")

    def __init__(self, seq: int = 0, now: float = 0.0, out: list[Event] | None = None) -> None:
        self.seq = seq
        self.now = now
        self.out: list[Event] = [] if out is None else out


class Arrival(Moment):
    """One alert on its way through the stages of the pipeline; one object is reused for all alerts.

    - At the start: `alert`, `at` (its own time), `severity` (its level), `free` (a cluster number that nobody has);
      `is_derived` where the engine made it itself; `is_sign` where it is expected to come, as a sign of life.
    - Set by dedup: `stream`, `verdict` with its `reason`, and `ended_at`: when the previous episode of the stream was
      over, where that was not noticed before; else infinity.
    - By silences: `silence`, the id of the one that suppresses it. By detection: `surprise` and `anomaly`. By
      correlation: `result`. By incidents: `cluster`, and whether it `repeats` an episode that is in this cluster.
    - `placed` is None until a stage has decided the disposition.
    """

    __slots__ = (
        "alert",
        "anomaly",
        "at",
        "cluster",
        "ended_at",
        "free",
        "is_derived",
        "is_sign",
        "placed",
        "reason",
        "repeats",
        "result",
        "severity",
        "silence",
        "stream",
        "surprise",
        "verdict",
    )

    # Set before anything reads them: by `begin`, and by the stages in their order.
    alert: Alert
    at: float
    severity: int
    free: int
    stream: Stream
    verdict: Verdict
    surprise: Surprise
    result: CorrelationResult
    cluster: ClusterState

    def __init__(self) -> None:
        super().__init__()
        self.ended_at = inf
        self.reason: str | None = None
        self.silence: str | None = None
        self.anomaly: EntityAnomaly | None = None
        self.repeats = self.is_derived = self.is_sign = False
        self.placed: Placed | None = None

    def begin(self, alert: Alert, at: float) -> None:
        """Start anew with an alert of the record in hand; `at` is the alert's own time."""
        self.alert = alert
        self.at = at
        self.severity = severity_of(alert)
        self.free = self.seq
        self.ended_at = inf
        self.reason = self.silence = self.anomaly = self.placed = None
        self.repeats = self.is_derived = self.is_sign = False

    def place(self, disposition: Disposition, cluster: ClusterState | None, reason: str | None) -> None:
        """Decide the disposition; without a cluster, the one of the stream was forgotten."""
        stream = self.stream
        number = stream.cluster if cluster is None else cluster.number
        incident = None if cluster is None else cluster.incident
        self.placed = Placed(self.seq, self.alert.id, disposition, number, stream.member, incident, reason)
