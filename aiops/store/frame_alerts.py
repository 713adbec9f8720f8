"""The alerts of one frame, as the store adds them to the history of alerts."""

from __future__ import annotations

from msgspec import Struct, field

# Counts by (incident, minute, name, service, level).
Minutes = dict[tuple[str, int, str, str, int], int]


class Move(Struct, gc=False):
    """A move of a cluster, or of the given members, into `target` and so into its incident."""

    source: int
    target: int
    members: list[int] | None
    incident: str | None


class Begun(Struct, gc=False):
    """An episode that began in this frame: its stream and its first alert."""

    seq: int
    fingerprint: str
    name: str
    entity: str
    workload: str
    service: str | None
    source: str | None
    severity: int
    labels: str
    message: str | None
    url: str | None
    alert_id: str
    disposition: str
    silence: str | None
    reason: str | None


class EpisodeRow(Struct, gc=False):
    """The present state of an episode; absolute: writing it twice changes nothing.

    `severity` is the worst one known. `incident` is None where the engine knows none any more: the incident
    that is in the row stays then.
    """

    seq: int
    severity: int
    started_at: float
    last_at: float
    ended_at: float | None
    ended_by: str | None
    count: int
    disposition: str
    incident: str | None
    cluster: int
    member: int
    silence: str | None
    reason: str | None


class KeptChange(Struct, gc=False):
    """A change of an entity (a deploy, a configuration) with the number of its record."""

    seq: int
    at: float
    entity: str
    service: str | None
    name: str
    message: str | None
    url: str | None
    labels: str


class FrameAlerts(Struct):
    """The rows and counts that one frame adds.

    `merged` are incidents and those that continue them. `minutes` counts alerts by (incident, minute of the alert's
    time, name, service, level), `totals` by (minute of receipt, disposition).
    """

    begun: list[Begun] = field(default_factory=list)
    states: list[EpisodeRow] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    merged: list[tuple[str, str]] = field(default_factory=list)
    changes: list[KeptChange] = field(default_factory=list)
    minutes: Minutes = field(default_factory=dict)
    totals: dict[tuple[int, str], int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return True if there is anything to write."""
        return bool(
            self.begun or self.states or self.moves or self.merged or self.changes or self.minutes or self.totals
        )
