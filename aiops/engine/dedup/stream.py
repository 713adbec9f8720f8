"""Alert streams: what a fingerprint has done so far."""

from __future__ import annotations

from hashlib import blake2b
from math import inf
from typing import Annotated, Final, Literal

import msgspec

from aiops.engine.dedup.config import DedupConfig
from aiops.engine.fields import SINCE_8, UNSAVED, state
from aiops.engine.interning import Identity, Shared
from aiops.records import Alert

# Where the thing that alerts is named, most specific first, when the alert has no `entity` of its own.
ENTITY_LABELS = ("entity", "pod", "container", "instance", "host", "hostname", "node", "device", "job", "namespace")
# A stand-in for an entity shows so many labels and characters: enough to distinguish the alerts of one tool.
MAX_OWN_LABELS, MAX_OWN = 4, 120
VOLATILE = frozenset((*DedupConfig().ignore_labels, "runbook_url"))
# `new`: a firing that opens an episode. `repeat`: firing again inside one, for the correlator to assign. `duplicate`:
# nothing new. `resolved`: the episode ends. `orphan`: resolved without having fired.
Verdict = Literal["new", "repeat", "duplicate", "resolved", "orphan"]
# An end in the past as the sender gave it, when it came, and how often in a row it had moved on by then.
Lapsed = tuple[float, float, int]
# Why a firing that begins anew is a duplicate while its stream flaps.
HELD: Final = "flapping: held as one episode"
# Before any time.
NEVER: Final = -inf


@state(acyclic=True)
class Stream:
    """One fingerprint: its identity, its current episode, and where that was placed.

    `workload` is what the entity is a replica of, where its name shows that: its service, else what the naming rules
    keep (`aiops.workloads`).

    `firing` is the last status; `held` is true while flapping, when it counts as firing in any case.
    `has_life_cycle`: it has sent "resolved" before, or carries a start or a lease; silence is then no sign of an end.
    `firings` are the times at which the latest began, for flapping. `counted`: its cluster counts it as firing.
    `background` is why its episode alone was not worth an incident; `silenced`: the episode began under a silence, and
    nobody was notified. `habit` is how often its episodes began of late, decayed, `habit_at` when the last one that
    counted did. `recent` is the same of the last hours.

    Two clocks, never compared: `starts_at`, `ended_start` and `lapsed` hold the sender's times, `last_at` and
    `ended_at` the engine's at receipt. `ended_start` is the start of the episode that a message ended last, and
    `ended_at` when that came. `lapsed` is the latest end that lay in the past on arrival, when it came, and how often
    in a row it had moved on. `due_at` is the time of the stream's one valid entry in the queue of deadlines, infinity
    without one. `begun` is the number of the record that began the current episode, `before` counts the alerts that
    were seen before it; they are for hosts that keep a history, and
    saved apart (`Starts`).
    """

    number: int
    fingerprint: str
    identity: Identity
    name: str
    entity: str
    service: str | None
    source: str | None
    workload: str = ""
    firing: bool = False
    held: bool = False
    has_life_cycle: bool = False
    episode: int = 0
    opened_at: float = 0.0
    last_at: float = 0.0
    resolved_at: float = -1.0
    starts_at: float | None = None
    lease_until: float | None = None
    due_at: float = inf
    firings: tuple[float, ...] = ()
    cluster: int = -1
    member: int = -1
    counted: bool = False
    background: str | None = None
    silenced: bool = False
    seen: int = 0
    habit: float = 0.0
    habit_at: float = -1e18
    ended_at: float = NEVER
    ended_start: float | None = None
    lapsed: Lapsed | None = None
    recent: Annotated[float, SINCE_8] = 0.0
    begun: Annotated[int, UNSAVED] = -1
    before: Annotated[int, UNSAVED] = 0


def new_stream(number: int, identity: Identity, shared: Shared, alert: Alert, entity: str) -> Stream:
    """Return a stream without any alert so far; what it has in common with others, it shares with them.

    >>> identity = (None, "disk full", "db-1", "db", (("team", "a"),))
    >>> stream = new_stream(0, identity, Shared(), Alert(ts=1.0, name="disk full"), "db-1")
    >>> stream.name, stream.entity, stream.firing
    ('disk full', 'db-1', False)
    """
    fingerprint = fingerprint_of(identity)
    identity = source, name, entity_, service, _ = shared.identity(identity)
    stream = Stream()
    stream.number, stream.fingerprint, stream.identity = number, fingerprint, identity
    stream.source, stream.name, stream.service = source, name, service
    stream.entity = shared.text(entity)
    if not entity_:
        describe(stream, alert, entity, shared)
    # Without naming rules each entity stands for itself.
    stream.workload = stream.service or stream.entity
    return stream


def describe(stream: Stream, alert: Alert, entity: str, shared: Shared) -> None:
    """Take name, entity and service from an alert, for a stream whose identity is the tool's own key."""
    stream.name = shared.text(alert.name)
    stream.entity = shared.text(entity)
    stream.service = shared.text(alert.service)


def entity_of(alert: Alert) -> str:
    """Return the entity that an alert is about: its own field, else a label, else its service.

    An alert that names none is about something that nobody else names, so it stands for itself: absence of an entity is
    not equality of entities.

    >>> entity_of(Alert(ts=1.0, name="Payroll export failed", source="webhook", labels={"team": "hr"}))
    'Payroll export failed {team=hr}'
    """
    return _named(alert) or _stand_in(alert)


def identity_entity(alert: Alert) -> str:
    """Return the entity in the identity of an alert: the named one, else its source."""
    return _named(alert) or alert.source or "unknown"


def _named(alert: Alert) -> str:
    if alert.entity:
        return alert.entity
    for label in ENTITY_LABELS:
        value = alert.labels.get(label)
        if value:
            return value
    return alert.service or ""


def _stand_in(alert: Alert) -> str:
    """Return what distinguishes an alert without an entity: its name, with its key or its first labels."""
    if alert.key:
        return alert.name if alert.key == alert.name else f"{alert.name} [{alert.key[:MAX_OWN]}]"
    labels = sorted(item for item in alert.labels.items() if item[0] not in VOLATILE)[:MAX_OWN_LABELS]
    own = ", ".join(f"{name}={value}" for name, value in labels)[:MAX_OWN]
    return f"{alert.name} {{{own}}}" if own else alert.name


def identity_of(alert: Alert, entity: str, ignored: frozenset[str]) -> Identity:
    """Return the identity of an alert: the tool's own key, or else name, entity, service and labels.

    With the source.

    Volatile labels take no part. A tuple of whole strings: no separator that a hostile label could forge, and no order
    of labels that matters. An empty entity, which no alert has, marks the identities by key.

    >>> identity_of(Alert(ts=1.0, name="Disk 91 %", source="pagerduty", key="db9-disk"), "db9", frozenset())
    ('pagerduty', 'db9-disk', '', None, ())
    """
    key = alert.key
    if key:
        return (alert.source, key, "", None, ())
    labels = alert.labels
    if not labels:
        return (alert.source, alert.name, entity, alert.service, ())
    pairs = tuple(sorted([item for item in labels.items() if item[0] not in ignored]))
    return (alert.source, alert.name, entity, alert.service, pairs)


def fingerprint_of(identity: Identity) -> str:
    """64 bits of BLAKE2b over the identity as JSON, which quotes and so separates without ambiguity.

    >>> one, other = ("s", "a|b", "c", None, ()), ("s", "a", "b|c", None, ())
    >>> fingerprint_of(one) != fingerprint_of(other)
    True
    """
    return blake2b(msgspec.json.encode(identity), digest_size=8).hexdigest()
