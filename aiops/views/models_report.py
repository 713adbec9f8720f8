"""Models for people: what serves in each slot, since when and by whom, and what is tried beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, convert, field

from aiops.store import incidents
from aiops.store.store import Store

# What each slot decides, in the order of the page.
DECIDES = {
    "causes": "the suspects of an incident, and their order",
    "playbooks": "the playbooks that are suggested",
    "similar": "the past incidents that are shown as alike",
    "detect": "which alerts are unlike what was learned",
    "metric": "which metrics leave their normal range",
    "noise": "what is an incident, and what is background",
    "grouping": "which alerts belong together",
}


class Counts(Struct):
    """Incidents with decisions of both models; see `aiops.engine.serving.comparison.Tally`."""

    compared: int = 0
    same_first: int = 0
    same_three: int = 0
    confirmed: int = 0
    serving_first: int = 0
    candidate_first: int = 0
    serving_three: int = 0
    candidate_three: int = 0
    only_serving: int = 0
    only_candidate: int = 0


class Example(Struct):
    """An incident on which the two differ: the first three names of each, and what was confirmed.

    A place is that of the confirmed answer, 0 for the first, -1 for none of ten. `decided`: the candidate's was used.
    """

    incident: str
    serving: list[str]
    candidate: list[str]
    decided: bool = False
    confirmed: bool = False
    serving_place: int = -1
    candidate_place: int = -1
    title: str = ""


class TrialLine(Struct):
    """A shadow or a canary: `beside` counts what the serving model decided, `decided` the canary's.

    `since` is engine time in Unix seconds. `fault` is its last fault, of `faults`.
    """

    version_id: str
    since: float
    by: str
    services: list[str]
    beside: Counts
    decided: Counts
    faults: int = 0
    fault: str = ""
    examples: list[Example] = []


class Time(Struct):
    """Calls of a model since the daemon started, and their mean time in seconds."""

    count: int
    mean_s: float


class SlotLine(Struct):
    """A slot; `version_id` is empty where the model of the configuration serves, with what it learned.

    `previous` is what served before the last swap, which a rollback brings back; `times` are by role.
    """

    slot: str
    decides: str
    model: str = ""
    version: str = ""
    digest: str = ""
    version_id: str = ""
    since: float | None = None
    by: str = ""
    previous: str = ""
    shadow: TrialLine | None = None
    canary: TrialLine | None = None
    times: dict[str, Time] = field(default_factory=dict)


class ModelsReport(Struct):
    """All slots; `watch` is what the daemon measures of its models while they serve."""

    slots: list[SlotLine]
    watch: dict[str, Any] = field(default_factory=dict)


class ModelsHost(Protocol):
    """The daemon, as the report reads it."""

    @property
    def store(self) -> Store:
        """The store."""
        ...

    def health(self) -> Mapping[str, Any]:
        """The health."""
        ...


def models_report(host: ModelsHost) -> ModelsReport:
    """Return what serves and what is tried, with the titles of the incidents on which the two differ."""
    health = host.health()
    known: Mapping[str, Any] = health.get("models", {})
    slots = [
        convert({"slot": name, "decides": DECIDES.get(name, ""), **known.get(name, {})}, SlotLine)
        for name in _order(known)
    ]
    for slot in slots:
        for trial in (slot.shadow, slot.canary):
            for example in trial.examples if trial is not None else ():
                stored = incidents.get(host.store.database.reader, example.incident)
                example.title = stored.incident.title or "" if stored is not None else ""
    return ModelsReport(slots, dict(health.get("watch", {})))


def _order(known: Mapping[str, Any]) -> list[str]:
    return [*(name for name in DECIDES if name in known), *(name for name in known if name not in DECIDES)]
