"""Replay and compare: a request to replay history under changed settings, its job, and its result.

Side A is the configuration as it is, side B the same with the changes. Times are Unix seconds.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from aiops.errors import UsageError

JobState = Literal["running", "done", "failed", "cancelled"]
Tone = Literal["same", "info", "warning"]


class ReplayBusy(UsageError):
    """Raised while another replay runs, or as many archives are uploaded as may be at once."""


class TooLarge(UsageError):
    """Raised for an archive beyond the bound."""


class Limits(Struct, frozen=True):
    """Bounds of one replay process; `records` and `unpacked_bytes` are of the input."""

    seconds: float
    memory_bytes: int
    records: int
    unpacked_bytes: int


class Order(Struct, frozen=True):
    """A replay to do, as its process reads it.

    `settings` is the configuration as plain values, `changes` are values as text by dotted key. `archive` is the path
    of a file; without it the journal is read from `since` to `until`.
    """

    settings: dict[str, Any]
    changes: dict[str, str]
    limits: Limits
    journal: str = ""
    archive: str = ""
    since: float | None = None
    until: float | None = None


class Ring(Struct):
    """A page: a message that would have called a person."""

    at: float
    endpoint: str
    change: str
    incident: str
    severity: str
    title: str


class Side(Struct):
    """The outcome of one side: pages, incidents, and alerts kept in the background.

    `rings` are the first pages in order of time.
    """

    pages: int
    by_severity: dict[str, int]
    by_endpoint: dict[str, int]
    incidents: int
    background: int
    alerts: int
    rings: list[Ring] = []


class SideIncident(Struct):
    """An incident of one side; `pages` is how often it would have called a person."""

    id: str
    title: str
    severity: str
    opened_at: float | None
    alerts: int
    cause: str
    pages: int


class Changed(Struct):
    """Incidents of A that became other ones in B; `more` counts those of each side that are not listed."""

    kind: str
    tags: list[str]
    before: list[SideIncident] = []
    after: list[SideIncident] = []
    more_before: int = 0
    more_after: int = 0
    pages: bool = False


class Score(Struct):
    """A measure against the labels on both sides; `is_share` means that it is a share of 1."""

    name: str
    before: float
    after: float
    is_share: bool = True


class Verdict(Struct):
    """The result in one sentence; `title` is its head."""

    tone: Tone
    title: str
    text: str


class Compared(Struct):
    """Two replays of the same records, side by side; without changes both sides are equal.

    `changed` holds first what changes for the pager; `left_out` counts differences beyond the bound. `faults` is the
    number of labelled faults, 0 without labels. `notes` are doubts about the input.
    """

    verdict: Verdict
    before: Side
    after: Side
    same: int
    changed: list[Changed] = []
    left_out: int = 0
    scores: list[Score] = []
    faults: int = 0
    began_at: float | None = None
    ended_at: float | None = None
    seconds: float = 0.0
    rejected: int = 0
    rejections: list[str] = []
    notes: list[str] = []


class Progress(Struct):
    """The work so far: the side that is replayed, and the records of it that were read."""

    side: Literal["", "A", "B"] = ""
    records: int = 0


class Archive(Struct):
    """An uploaded archive, kept for a while."""

    id: str
    name: str
    bytes: int
    uploaded_at: float


class Job(Struct):
    """A replay that a person started: its input in words, its changes, its state, and why it failed."""

    id: str
    state: JobState
    actor: str
    source: str
    changes: dict[str, str]
    started_at: float
    ended_at: float | None = None
    problem: str = ""
    progress: Progress = field(default_factory=Progress)
    # The values that the configuration has for the changed keys.
    before: dict[str, str] = field(default_factory=dict)
    # The input: the id of an archive, or a stretch of the journal.
    archive: str = ""
    since: float | None = None
    until: float | None = None
