"""Trainers: the port of what makes versions of the model of one slot, and what it learns from.

Registered as entry points of the group `aiops.trainers`, by the slot: a class that takes the engine's configuration,
the topology and its parameters. The pipeline does the rest: split in time, incumbent, intervals, verdict, storing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Protocol, cast

from msgspec import Struct, field

from aiops import registry
from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.records import Logged
from aiops.topology import Topology

GROUP = "aiops.trainers"
Kind = Literal["cause", "playbook", "similar"]


class Lesson(Struct, kw_only=True):
    """A lesson of the engine for one of its models, at a time of its own clock.

    `root` is the confirmed cause of a lesson `cause` (None: the incident ended unconfirmed), `playbook` and `outcome`
    belong to `playbook`, `meta` to `similar`. `is_label` is True where a label of an archive stands for a person.
    """

    at: float
    kind: Kind
    view: IncidentView
    root: str | None = None
    playbook: str = ""
    outcome: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    is_label: bool = False


class History(Protocol):
    """The records to learn from; each method may be called as often as wanted."""

    def records(self, until: float | None = None) -> Iterable[Logged]:
        """Yield the records before `until`, in their order."""
        ...

    def lessons(self, kind: Kind, since: float | None = None, until: float | None = None) -> Iterator[Lesson]:
        """Yield the lessons of a kind with `since` <= at < `until`, in their order."""
        ...

    def engine(self, until: float | None = None) -> Any:
        """Return an engine that processed the records before `until`; it belongs to the caller."""
        ...


class Learned(Struct, frozen=True):
    """A fitted model. `state` is plain JSON; None is a model that has learned nothing.

    `until` is the time up to which it learned; None if that is unknown or there was nothing.
    """

    algorithm: str
    state: Any
    until: float | None = None


class Judged(Struct):
    """One decision that a confirmed outcome judges: `id` pairs it with that of another model.

    Each measure is higher for a better decision.
    """

    id: str
    at: float
    measures: dict[str, float]


class Trainer(Protocol):
    """Fits and judges models of a slot."""

    @property
    def measure(self) -> str:
        """Return the measure that decides on a promotion."""
        ...

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Fit on the records before `until`; equal records give equal states.

        Raise `UsageError` if there is too little to learn from.
        """
        ...

    def untrained(self) -> Learned:
        """Return the model that decides where nothing was trained."""
        ...

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Judge a model by the outcomes at or after `since`; a model that learns as it goes may do so here."""
        ...


class TrainerClass(Protocol):
    """The class that an entry point names."""

    def __call__(self, config: Any, topology: Topology, parameters: Mapping[str, str]) -> Trainer:
        """Make a trainer; raise `UsageError` for a parameter that it does not have."""
        ...


def names() -> list[str]:
    """Return the slots that have a trainer, sorted."""
    return registry.names(GROUP)


def load(slot: str) -> TrainerClass:
    """Return the trainer of a slot; raise `UsageError` with the slots that have one."""
    if slot not in names():
        raise UsageError(f"models: expected a slot with a trainer: {', '.join(names())}; got {slot[:100]!r}")
    return cast(TrainerClass, registry.load(GROUP, slot))
