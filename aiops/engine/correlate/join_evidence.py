"""The evidence by which a stream joined a cluster.

The numbers are kept as they were at that moment; sentences are made when they are read. Most members of a large
incident are never shown.
"""

from __future__ import annotations

from aiops.engine.correlate.hops import UNPLACED
from aiops.engine.fields import state
from aiops.records import Evidence
from aiops.wording import duration, plural


@state(acyclic=True)
class Join:
    """The additive terms of one join (see `Weights`), in units of the threshold, and their inputs.

    `type` and `entity` are those of the entry that was joined through; `npmi` that of the two types. `same_entity` and
    `rare` are 0 where they do not apply, `distance` (hops) is None without a graph. `gap_s` is the time since the
    entry's last alert, `silent_s` since the cluster's; `count` the alerts of the cluster. `is_new`: nothing was
    known of the two types; `rate` is that of new things (1/s), `pace_s` the cluster's mean gap, both 0
    until they are measured.
    """

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

    def strongest(self) -> float:
        """The largest term; those that are not named here are never positive."""
        # Inlined: a call of `max` makes an object of each number, and a large incident queries all its members.
        most = self.together
        if self.same_entity > most:
            most = self.same_entity
        if self.rare > most:
            most = self.rare
        if self.near > most:
            most = self.near
        return self.timing if self.timing > most else most

    def evidence(self) -> list[Evidence]:
        """Return the terms with their sentences; the values sum to the score that was compared."""
        entity = self.entity
        found = [Evidence("co_occurrence", self.together, self._together())]
        if self.same_entity:
            found.append(
                Evidence("same_entity", self.same_entity, f"the cluster has alerts on the same entity, {entity}")
            )
        if self.rare:
            where = f" on {entity}" if self.same_entity else ""
            found.append(
                Evidence("rare", self.rare, f"both alerts are rare{where}: they have hardly ever fired before")
            )
        if self.near:
            found.append(self._near())
        found.append(Evidence("timing", self.timing, f"fired {self.gap_s:.1f} s after {self.type} on {entity}"))
        if self.silence:
            found.append(Evidence("silence", self.silence, f"the cluster had no alert for {self.silent_s:.1f} s"))
        if self.dead_partner:
            found.append(Evidence("dead_partner", self.dead_partner, "a frequent alert of the cluster has stopped"))
        found.append(
            Evidence("size", self.size, f"first alert of its stream in a cluster of {plural(self.count, 'alert')}")
        )
        return found

    def _near(self) -> Evidence:
        if self.sealed:
            return Evidence("near", self.near, "a surge has ended this cluster")
        if self.distance is None or self.distance == UNPLACED:
            # No graph holds the two: time alone decides, and the figures are what it rests on.
            new = "it is not known yet how often a new problem begins here"
            if self.rate:
                new = f"a new problem begins here about every {duration(1.0 / self.rate)}"
            pace = f", and its alerts come about every {duration(self.pace_s)}" if self.pace_s else ""
            text = f"came {duration(self.silent_s)} after the cluster's last alert{pace}; {new}"
            return Evidence("goes_on", self.near, text)
        return Evidence("near", self.near, f"{plural(self.distance, 'hop')} from {self.entity} in the dependency graph")

    def _together(self) -> str:
        if self.is_new:
            return f"neither this alert nor {self.type} has fired here before"
        if self.npmi == 1.0:
            return f"the same type as on {self.entity}, or always together with {self.type}"
        if self.npmi > 0.0:
            return f"often fires together with {self.type} (NPMI {self.npmi:.2f})"
        return f"not known to fire together with {self.type} (NPMI {self.npmi:.2f})"
