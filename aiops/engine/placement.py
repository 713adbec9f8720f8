"""What the correlator says of one alert, and of clusters that went quiet."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.engine.joins import Join
from aiops.records import Evidence


class Placement(Struct):
    """Where one alert went.

    `cluster` and `member` are numbers that depend on the input alone (the `seq` of the record that opened them).
    `member` is the (cluster, alert stream) pair. `join` says why, only when the member is new to an old cluster.
    `background` is the reason why the alert is noise, else None. `merged` lists clusters that were just merged into
    `cluster`, with the reason.
    """

    cluster: int = 0
    member: int = 0
    new_cluster: bool = False
    new_member: bool = False
    background: str | None = None
    join: Join | None = None
    merged: list[tuple[int, str]] = field(default_factory=list)

    @property
    def evidence(self) -> list[Evidence]:
        """The additive terms of the join, with their sentences."""
        return self.join.evidence() if self.join is not None else []


class Split(Struct):
    """`members` leave the cluster for the new cluster `target`."""

    target: int
    members: list[int]
    reason: str


class Closed(Struct):
    """A cluster that went quiet: nothing joins it any more."""

    cluster: int
    splits: list[Split] = field(default_factory=list)
