"""The ports: what a plugin must be able to do. All are protocols of one to three methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from aiops.records import Alert, Cause, Change, Evidence, Incident, Record, Suggestion
from aiops.topology import Topology


class AlertFact(Struct, gc=False):
    """One (entity, type) stream of an incident, summed up."""

    entity: str
    name: str
    severity: int
    count: int
    first_at: float
    last_at: float
    service: str | None = None
    source: str | None = None
    message: str | None = None
    # How far from normal, in robust standard deviations; absent where the tool did not say. Signed: below normal < 0.
    magnitude: float | None = None
    # The entity that observed it (trace and client-side alerts): a dynamic edge caller -> entity.
    caller: str | None = None
    labels: dict[str, str] = {}
    url: str | None = None


class IncidentView(Struct):
    """What a ranker or a suggester sees of an incident."""

    id: str
    opened_at: float
    facts: list[AlertFact]
    changes: list[Change] = field(default_factory=list)
    severity: int = 2
    causes: list[Cause] = field(default_factory=list)
    # Class of the symptom by which users noticed (latency, error …), and where; both only where known.
    entry_class: str | None = None
    target: str | None = None


@runtime_checkable
class Ranker(Protocol):
    """Ranks the entities that may have caused an incident."""

    def rank(self, view: IncidentView) -> list[Cause]:
        """The best causes first (at most 10), each with additive evidence that sums to its score."""
        ...

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Take in a closed incident; `root` is the confirmed cause, None where nobody confirmed one."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A ranker that knows how far it can be believed."""

    def candidate_set(self, causes: list[Cause]) -> Mapping[str, Any]:
        """The causes that together should hold the root in nine of ten cases.

        Keys: `entities`, `probability` (None before it is calibrated), `otherwise` (what else it may be) and
        `measured_coverage` (None before it was measured).
        """
        ...

    def calibration(self) -> Mapping[str, Any]:
        """How stated probabilities have done: `outcomes`, `error`, `floor`, `coverage`; values are None before."""
        ...


@runtime_checkable
class Identified(Protocol):
    """A model that says what it decides by."""

    @property
    def digest(self) -> str:
        """Of its data (rules, words, playbooks), without what it learned; equal data give equal digests."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """Has state that belongs in a snapshot: plain dicts, lists, strings and numbers only."""

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        ...

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        ...


@runtime_checkable
class Suggester(Protocol):
    """Finds the playbooks that fit an incident and its suspected cause."""

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        """The best playbooks first (at most 5), each with its reasons; empty when nothing fits."""
        ...

    def learn(self, view: IncidentView, playbook: str, outcome: str) -> None:
        """Take in that `playbook` was used on the incident: outcome is resolved, helped or useless."""
        ...


@runtime_checkable
class Catalogued(Protocol):
    """A suggester that knows all playbooks that there are, so that another name is a mistake."""

    def knows(self, playbook: str) -> bool:
        """Whether there is a playbook or a runbook of that name."""
        ...


@runtime_checkable
class Similar(Protocol):
    """Remembers ended incidents and finds the ones most like a new one."""

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        """Remember an incident, or replace what is known of it (same `view.id`).

        `meta` may hold `opened_at`, `resolved_at` (Unix seconds as text), `root` (confirmed cause), `playbook` (what
        fixed it).
        """
        ...

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        """The `k` most similar: name = incident id, value = similarity (0 to 1), text = what they share and more."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """Names the class of a cause from confirmed incidents."""

    def learn(self, view: IncidentView, cause_class: str, entity: str | None = None) -> None:
        """Learn an incident of a confirmed class; `entity` is the suspect."""
        ...

    def classify(self, view: IncidentView, entity: str | None = None) -> list[tuple[str, float]]:
        """Return classes with their share of the votes (0 to 1), the likeliest first."""
        ...


@runtime_checkable
class Detector(Protocol):
    """A detector over rows of features, fitted aside and carried as plain numbers."""

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """Anomaly scores of `(n_rows, n_features)` rows; higher is more anomalous."""
        ...


class Position(Struct, gc=False):
    """How far a source has been read: for Kafka {"topic/partition": next offset}."""

    source: str
    at: dict[str, int] = {}


class Received(Struct):
    """A batch from a source: records that decoded, and what did not with the reason."""

    records: list[Record]
    position: Position | None = None
    rejected: list[DeadLetter] = field(default_factory=list)
    # The W3C `traceparent` of what brought it; empty where nobody traces.
    traceparent: str = ""
    # Who brought it, where no position says so.
    source: str = ""
    # Set by the host before `put` answers: how many records are late (see `aiops.daemon.lateness`), how far at most.
    late: int = 0
    late_s: float = 0.0


class DeadLetter(Struct):
    """Input that could not become a record. `raw` is cut to 64 KiB."""

    source: str
    place: str
    reason: str
    raw: bytes = b""
    at: float = 0.0


class Inbox(Protocol):
    """Where a source puts what it received; called from the source's own thread."""

    def put(self, received: Received, timeout_s: float) -> bool:
        """Return True once the journal has it on disk; False when the engine is full (nothing was taken)."""
        ...


@runtime_checkable
class Source(Protocol):
    """Brings records in, in a thread of its own, until `stop`."""

    name: str

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """Read from `position` (None at the first start) until `stop`; retry on its own, raise for no peer's fault."""
        ...

    def stop(self) -> None:
        """Ask `run` to return soon; may be called from any thread."""
        ...

    def health(self) -> Mapping[str, Any]:
        """`{"ok": bool, "detail": str, …}` for health and metrics.

        `lag` ({place: messages still to be read}) is shown in metrics, and so is every number whose key is in `counts`,
        the list of those that only ever grow.
        """
        ...


@runtime_checkable
class Listens(Protocol):
    """A source that others connect to."""

    @property
    def url(self) -> str:
        """Where people find it."""
        ...

    def bind(self) -> None:
        """Take the address before `run`; raise `UsageError` where another process has it."""
        ...

    def unbind(self) -> None:
        """Give the address back, where `run` is not called any more."""
        ...


class Message(Struct):
    """What the outbox asks a sink to send: one change of one incident to one endpoint."""

    key: str  # the same for every attempt: idempotency key
    endpoint: str
    incident: Incident
    # A change of the incident (`IncidentChange`), or "reminder": it is still open, and nothing is new.
    change: str
    version: int
    at: float
    link: str | None = None
    # The W3C `traceparent` of this attempt, for receivers that trace; empty when traces are off.
    traceparent: str = ""
    # Sentences on what is new to the endpoint in it, the most important first; they quote names of anybody.
    news: list[str] = field(default_factory=list)
    # How often the endpoint was reminded before and with this message that the incident is still open.
    repeats: int = 0


class Answer(Struct):
    """What became of an attempt. `retry` says whether another attempt can help; the outbox owns retrying."""

    ok: bool
    retry: bool = False
    status: int | None = None
    reason: str = ""
    retry_after_s: float | None = None
    disable: bool = False


@runtime_checkable
class Sink(Protocol):
    """Tells an on-call tool. One attempt a call; no retries inside."""

    name: str

    def send(self, message: Message) -> Answer:
        """Make one attempt."""
        ...


__all__ = [
    "Alert",
    "AlertFact",
    "Answer",
    "Calibrated",
    "Classifier",
    "DeadLetter",
    "Detector",
    "Identified",
    "Inbox",
    "IncidentView",
    "Listens",
    "Message",
    "Position",
    "Ranker",
    "Received",
    "Similar",
    "Sink",
    "Source",
    "Stateful",
    "Suggester",
    "Topology",
]
