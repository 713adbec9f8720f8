"""The state in snapshots as structs, with the fields of the classes that the engine works with.

A class that the compiler makes native cannot be a struct, and msgspec reads and checks only those.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from math import inf
from operator import attrgetter
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct, field

from aiops.engine.interning import Labels
from aiops.records import Cause, Evidence, Suggestion

T = TypeVar("T")


class DumpedStream(Struct, gc=False, array_like=True):
    """The fields of `Stream`."""

    number: int
    fingerprint: str
    identity: tuple[str | None, str, str, str | None, Labels]
    name: str
    entity: str
    service: str | None
    source: str | None
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
    ended_at: float = -inf
    ended_start: float | None = None
    lapsed: tuple[float, float, int] | None = None


class DumpedTally(Struct, gc=False):
    """The fields of `Tally`."""

    domain: str
    names: dict[str, int] = field(default_factory=dict)
    entities: dict[str, None] = field(default_factory=dict)


class DumpedJoin(Struct, gc=False, array_like=True):
    """The fields of `Join`."""

    type: str
    entity: str
    npmi: float
    together: float
    same_entity: float
    rare: float
    distance: int | None
    near: float
    sealed: bool
    timing: float
    gap_s: float
    silence: float
    silent_s: float
    dead_partner: float
    size: float
    count: int
    is_new: bool
    rate: float
    pace_s: float


class DumpedMember(Struct, gc=False):
    """The fields of `MemberState`."""

    number: int
    cluster: int
    fingerprint: str
    name: str
    entity: str
    service: str | None
    source: str | None
    severity: int
    first_at: float
    last_at: float
    count: int = 0
    firing: int = 0
    message: str | None = None
    callers: dict[str, int] = {}
    magnitude: float | None = None
    url: str | None = None
    labels: dict[str, str] = {}
    has_life_cycle: bool = False
    habitual: bool = False
    join: DumpedJoin | None = None
    notes: tuple[str, ...] = ()
    sent_at: float = 0.0
    alert: str = ""


class DumpedCluster(Struct, gc=False):
    """The fields of `ClusterState`."""

    number: int
    opened_at: float
    last_at: float
    severity: int = 0
    count: int = 0
    firing: int = 0
    incident: str | None = None
    background: str | None = None
    waiting: bool = False
    closed: bool = False
    members: dict[int, DumpedMember] = field(default_factory=dict)
    overflow: int = 0
    aliases: list[int] = field(default_factory=list)
    storm: DumpedTally | None = None
    beyond: dict[str, None] = field(default_factory=dict)


class DumpedNamed(Struct, gc=False, array_like=True):
    """The fields of `Named`."""

    names: dict[str, tuple[int, str]] = field(default_factory=dict)
    places: dict[str, tuple[int, str]] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    more: int = 0


class DumpedIncident(Struct, gc=False):
    """The fields of `IncidentState`."""

    id: str
    cluster: int
    opened_at: float
    status: Literal["open", "acknowledged", "resolved"] = "open"
    severity: int = 0
    version: int = 0
    resolved_at: float | None = None
    changed: bool = False
    ranked: bool = False
    rank_due: float | None = None
    rank_gap: float = 0.0
    resolve_due: float | None = None
    entities: int = 0
    causes: list[Cause] = field(default_factory=list)
    playbooks: list[Suggestion] = field(default_factory=list)
    similar: list[Evidence] = field(default_factory=list)
    merged_from: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trust: str = ""
    learned: bool = False
    root: str | None = None
    named: DumpedNamed | None = None
    unsaid: bool = False
    said_at: float = 0.0
    news_due: float | None = None
    queued_at: float = inf
    silenced: bool = False


def values_of(kind: type[Struct]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads all fields at once, in the order of the constructor's arguments."""
    return attrgetter(*kind.__struct_fields__)


class Each(Generic[T]):
    """A long list of a dump that is made some items at a time: whole, it would double what is held.

    Encode it with `enc_hook=list`.
    """

    def __init__(self, items: Collection[T], dump: Callable[[T], Any]) -> None:
        self._items = items
        self._dump = dump

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return map(self._dump, self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Each) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def used_up(items: Any) -> Iterator[Any]:
    """Yield the items of a list while emptying it.

    They are not held beside their results.
    """
    if isinstance(items, list):
        items.reverse()
        while items:
            yield items.pop()
    else:
        yield from items
