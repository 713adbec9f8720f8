"""Decisions of the correlator about one alert, and about clusters that went quiet."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiops.engine.correlate.declined import Declined
from aiops.engine.correlate.join_evidence import Join
from aiops.records import Evidence


class CorrelationResult:
    """The cluster of one alert.

    `cluster` and `member` are numbers that depend on the input alone (the `seq` of the record that opened them).
    `member` is the (cluster, alert stream) pair. `join` is the evidence, only if the member is new to an old cluster.
    `declined` is the best of the clusters that were compared and not taken, only if the member is new. `background` is
    the reason why the alert is noise, else None. `merged` lists clusters that were just merged into `cluster`, with the
    reason.
    """

    __slots__ = ("background", "cluster", "declined", "join", "member", "merged", "new_cluster", "new_member")

    def __init__(self) -> None:
        self.cluster = 0
        self.member = 0
        self.new_cluster = False
        self.new_member = False
        self.background: str | None = None
        self.join: Join | None = None
        self.declined: Declined | None = None
        self.merged: list[tuple[int, str]] = []

    def reset(self) -> None:
        """Start anew, for the next alert."""
        self.new_cluster = self.new_member = False
        self.background = None
        self.join = self.declined = None
        if self.merged:
            self.merged = []

    @property
    def evidence(self) -> list[Evidence]:
        """The additive terms of the join, with their sentences."""
        return self.join.evidence() if self.join is not None else []


@dataclass
class Split:
    """`members` leave the cluster for the new cluster `target`."""

    target: int
    members: list[int]
    reason: str


@dataclass
class Closed:
    """A cluster that went quiet or has returned.

    `is_final`: nothing joins it any more, else its own streams may return. `splits` are the parts that leave, each a
    cluster of its own with the same end. `merged` lists younger clusters that were its return, with the reason.
    """

    cluster: int
    splits: list[Split] = field(default_factory=list)
    is_final: bool = True
    merged: list[tuple[int, str]] = field(default_factory=list)
