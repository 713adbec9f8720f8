"""The ports: the interfaces of plugins. All are protocols of one to three methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from aiops.records import Alert, Cause, Change, Evidence, Finding, Incident, Record, Suggestion
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
    # The distance from normal in robust standard deviations; absent if the tool did not state it. Below normal is
    # negative.
    magnitude: float | None = None
    # The entity that observed it (trace and client-side alerts): a dynamic edge caller -> entity.
    caller: str | None = None
    labels: dict[str, str] = {}
    url: str | None = None
    # The controller behind a replica: it stays when the entity gets a new name. Empty if unknown.
    workload: str = ""
    # Texts of the sender that may change while the alert fires.
    annotations: dict[str, str] = {}
    # Occasions on which it began to fire within the last hours, decayed, this one included; 1 if it is news.
    recent: float = 1.0


class IncidentView(Struct):
    """The view of an incident for a ranker or a suggester."""

    id: str
    opened_at: float
    facts: list[AlertFact]
    changes: list[Change] = field(default_factory=list)
    severity: int = 2
    causes: list[Cause] = field(default_factory=list)
    # The class and the place of the symptom that users noticed (latency, error …), both only if known.
    entry_class: str | None = None
    target: str | None = None
    # What collectors found in other systems.
    findings: list[Finding] = field(default_factory=list)


@runtime_checkable
class Ranker(Protocol):
    """Ranks the entities that may have caused an incident."""

    def rank(self, view: IncidentView) -> list[Cause]:
        """Return the best causes first (at most 10), each with additive evidence that sums to its score."""
        ...

    def learn(self, view: IncidentView, root: str | None) -> None:
        """Learn from a closed incident; `root` is the confirmed cause, None if nobody confirmed one."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A ranker whose probabilities are calibrated."""

    def candidate_set(self, causes: list[Cause]) -> Mapping[str, Any]:
        """Return the causes that together should hold the root in nine of ten cases.

        Keys: `entities`, `promised` (the share that they hold at least; None if nothing can be promised), `among_first`
        (the same of the first ten suspects; None before there are enough outcomes), `first` (the same of the first
        suspect alone, which runs without a person need; a ranker may leave it out) and `measured_coverage` (of past
        promises; None before there are any).
        """
        ...

    def calibration(self) -> Mapping[str, Any]:
        """Return `outcomes`, `error`, `floor` and `coverage` of past probabilities; None before any.

        May hold `needed`, the outcomes before probabilities are stated, and `hits` of the last `kept` outcomes: those
        whose root was ranked first. With `last` (the last outcome was a hit) and `last_promise` (its promised set held
        the root; None without a promise) the engine counts outcomes as the ranker does; `last_stated` is the
        probability of the first, None if none was stated.
        """
        ...


@runtime_checkable
class Certain(Protocol):
    """A ranker that counts how often a first suspect was the cause, by kind of suspect.

    Runs without a person need it. Without these methods the `first` of `Calibrated.candidate_set` counts for them.
    """

    def certainty(self, view: IncidentView) -> tuple[float, int] | None:
        """Return the least rate at which a suspect like the first of `view.causes` was the cause.

        With it the number of outcomes that it is by; None without a suspect, or with too few of them.
        """
        ...

    def mark_noise(self, view: IncidentView, is_noise: bool) -> None:
        """Learn that people marked an incident as noise (it had no cause), or that they no longer do."""
        ...


@runtime_checkable
class Identified(Protocol):
    """A model with an identity of its data."""

    @property
    def digest(self) -> str:
        """Return the digest of its data (rules, words, playbooks), learned state left out."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A model whose state belongs in a snapshot: plain dicts, lists, strings and numbers only."""

    def dump(self) -> Any:
        """Return the state in a form that msgspec can encode."""
        ...

    def load(self, state: Any) -> None:
        """Restore the state of a `dump`."""
        ...


@runtime_checkable
class Suggester(Protocol):
    """Finds the playbooks that fit an incident and its suspected cause."""

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        """Return the best playbooks first (at most 5), each with its evidence; empty if none fits."""
        ...

    def learn(self, view: IncidentView, playbook: str, outcome: str) -> None:
        """Learn that `playbook` was used on the incident; the outcome is resolved, helped or useless."""
        ...


@runtime_checkable
class Catalogued(Protocol):
    """A suggester that knows all existing playbooks: any other name is a mistake."""

    def knows(self, playbook: str) -> bool:
        """Return True if a playbook or a runbook of that name exists."""
        ...


@runtime_checkable
class Similar(Protocol):
    """Remembers closed incidents and finds the ones most similar to a new one."""

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        """Remember an incident, or replace a known one (same `view.id`).

        `meta` may hold `opened_at`, `resolved_at` (Unix seconds as text), `root` (confirmed cause), `playbook` (the one
        that fixed it).
        """
        ...

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        """Return the `k` most similar incidents.

        name = incident id, value = similarity (0 to 1), text = what they share.
        """
        ...


@runtime_checkable
class Detector(Protocol):
    """A detector over rows of features, trained offline and stored as plain numbers."""

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """Return the anomaly scores of `(n_rows, n_features)` rows; higher is more anomalous."""
        ...


class Position(Struct, gc=False):
    """The progress of a source: for Kafka {"topic/partition": next offset}."""

    source: str
    at: dict[str, int] = {}


class Received(Struct):
    """A batch from a source: decoded records, and rejected input with the reason."""

    records: list[Record]
    position: Position | None = None
    rejected: list[DeadLetter] = field(default_factory=list)
    # The W3C `traceparent` of the request or message; empty without tracing.
    traceparent: str = ""
    # The sender, if no position names it.
    source: str = ""
    # Set by the host before `put` returns: the number of late records (see `aiops.daemon.lateness`), and the largest
    # delay.
    late: int = 0
    late_s: float = 0.0

    @property
    def sender(self) -> str:
        """The name of the source, for counts."""
        if self.source:
            return self.source
        return self.position.source if self.position is not None else "unknown"


class DeadLetter(Struct):
    """An input that could not become a record. `raw` is cut to 64 KiB."""

    source: str
    place: str
    reason: str
    raw: bytes = b""
    at: float = 0.0


class Inbox(Protocol):
    """The queue of received batches; called from the source's own thread."""

    def put(self, received: Received, timeout_s: float) -> bool:
        """Return True once the journal has it on disk; False if the engine is full (nothing was accepted)."""
        ...


@runtime_checkable
class Source(Protocol):
    """Brings records in, in a thread of its own, until `stop`."""

    name: str

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """Read from `position` (None at the first start) until `stop`.

        Retry, and never raise for a peer's fault.
        """
        ...

    def stop(self) -> None:
        """Make `run` return soon; may be called from any thread."""
        ...

    def health(self) -> Mapping[str, Any]:
        """Return `{"ok": bool, "detail": str, …}` for health and metrics.

        `lag` ({place: messages still to be read}) is shown in metrics. So is every number whose key is in `counts`, the
        list of those that only ever grow.
        """
        ...


@runtime_checkable
class Reloads(Protocol):
    """A source with files of its own that a reload of the configuration reads again, such as mappings."""

    def reload(self) -> Callable[[], None]:
        """Read them, and return a function that takes them over.

        Raise `UsageError` if one cannot be used: nothing has changed then.
        """
        ...


@runtime_checkable
class Listens(Protocol):
    """A source that senders connect to."""

    @property
    def url(self) -> str:
        """Return its public address."""
        ...

    def bind(self) -> None:
        """Bind the address before `run`; raise `UsageError` if another process uses it."""
        ...

    def unbind(self) -> None:
        """Release the address if `run` is not called any more."""
        ...


class Message(Struct):
    """A notification as a sink sends it: one change of one incident to one endpoint."""

    key: str  # the same for every attempt: idempotency key
    endpoint: str
    incident: Incident
    # A change of the incident (`IncidentChange`), "reminder": it is still open, without news; or "returned": it is
    # open again after its end had been notified, no worse than before, and nobody has to be called; or "moved": a
    # person merged or split incidents, and the endpoint knows its alerts from another one: nobody has to be called.
    change: str
    version: int
    at: float
    link: str | None = None
    # The W3C `traceparent` of this attempt, for receivers that trace; empty without tracing.
    traceparent: str = ""
    # Sentences about the news for the endpoint, the most important first; they quote names that anybody may have
    # chosen.
    news: list[str] = field(default_factory=list)
    # The number of reminders that the incident is still open, this message included.
    repeats: int = 0
    # What the receiver called the incident (`Answer.reference`); empty before that.
    reference: str = ""
    # The time zone, by name, in which the endpoint's people read times.
    zone: str = "UTC"


class Answer(Struct):
    """The result of an attempt. `retry` is true if another attempt can help; the outbox owns retrying.

    `reference` is what the receiver calls the incident, such as a thread; later messages carry it.
    """

    ok: bool
    retry: bool = False
    status: int | None = None
    reason: str = ""
    retry_after_s: float | None = None
    disable: bool = False
    reference: str = ""


@runtime_checkable
class Sink(Protocol):
    """Notifies an on-call tool: one attempt a call, without retries inside.

    A sink whose class has `keeps_reference = True` gets the reference of its last answer with the next message.
    """

    name: str

    def send(self, message: Message) -> Answer:
        """Make one attempt."""
        ...


@runtime_checkable
class ShowsBody(Protocol):
    """A sink that shows what it sends, to a person."""

    def shown(self, message: Message) -> str:
        """Return the body of a message as text, with no secret in it."""
        ...


class Reply(Struct, frozen=True):
    """An action of a person on an incident at a receiver.

    `id` is the same for every repeat of the report, `at` the time of the action in Unix seconds, if known.
    """

    id: str
    verb: Literal["acknowledge", "resolve"]
    incident: str
    actor: str
    at: float | None = None


class NotGenuine(Exception):
    """A report that does not prove to be the receiver's; its text holds nothing of a secret."""


@runtime_checkable
class CallsBack(Protocol):
    """A sink whose receiver reports what people do there."""

    def read_back(self, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """Return the actions in a report; None if the endpoint is not set up for it.

        Header names are lower case. Raise `NotGenuine` without a proof of its origin, and `RecordError` for a body of
        another form.
        """
        ...


__all__ = [
    "Alert",
    "AlertFact",
    "Answer",
    "Calibrated",
    "CallsBack",
    "DeadLetter",
    "Detector",
    "Identified",
    "Inbox",
    "IncidentView",
    "Listens",
    "Message",
    "NotGenuine",
    "Position",
    "Ranker",
    "Received",
    "Reloads",
    "Reply",
    "Similar",
    "Sink",
    "Source",
    "Stateful",
    "Suggester",
    "Topology",
]
