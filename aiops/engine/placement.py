"""What the correlator says of one alert, and of clusters that went quiet."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.records import Evidence


class Placement(Struct):
    """Where one alert went.

    `cluster` and `member` are numbers that depend on the input alone (the `seq` of the record that opened them).
    `member` is the (cluster, alert stream) pair. `evidence` holds the additive terms, only when the member is new.
    `background` is the reason why the alert is noise, else None. `merged` lists clusters that were just merged into
    `cluster`, with the reason.
    """

    cluster: int = 0
    member: int = 0
    new_cluster: bool = False
    new_member: bool = False
    background: str | None = None
    evidence: list[Evidence] = field(default_factory=list)
    merged: list[tuple[int, str]] = field(default_factory=list)


class Split(Struct):
    """`members` leave the cluster for the new cluster `target`."""

    target: int
    members: list[int]
    reason: str


class Closed(Struct):
    """A cluster that went quiet: nothing joins it any more."""

    cluster: int
    splits: list[Split] = field(default_factory=list)
