"""An operator who corrects the grouping as labels show it, for the benchmark of feedback."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from aiops.engine.engine import Engine
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.state import IncidentState
from aiops.records import Action

# A person handles some incidents each time that they look at the list.
LOOK_S = 300.0
EACH_LOOK = 5

Open = tuple[IncidentState, ClusterState]


class Operator:
    """Looks at open incidents in time order, merges pieces of one fault and splits what is of several.

    `labels` are the faults by alert id, `budget` the corrections left. `errs`: in so many of them (0 to 1) the
    operator merges what is of two faults, or splits what is of one.
    """

    def __init__(self, labels: Mapping[str, str | None], budget: int, errs: float = 0.0, seed: int = 0) -> None:
        self.labels = labels
        self.budget = budget
        self.errs = errs
        self.done: Counter[str] = Counter()
        self.rng = random.Random(seed)

    def look(self, engine: Engine, now: float) -> Action | None:
        """Return the next correction; None if there is nothing left to correct, or no budget."""
        if self.budget <= 0:
            return None
        found = self._right(self._open(engine), now)
        if found is None:
            return None
        if self.errs and self.rng.random() < self.errs:
            found = self._wrong(self._open(engine), now) or found
        self.budget -= 1
        self.done[found.verb] += 1
        found.id = f"act-{sum(self.done.values())}"
        return found

    def _open(self, engine: Engine) -> list[Open]:
        found = []
        for incident in engine.incidents.by_id.values():
            cluster = engine.clusters.of(incident.cluster)
            if incident.status != "resolved" and cluster is not None and cluster.storm is None:
                found.append((incident, cluster))
        return sorted(found, key=lambda each: (each[0].opened_at, each[0].id))

    def _right(self, shown: Sequence[Open], now: float) -> Action | None:
        homes: dict[str, IncidentState] = {}
        for incident, cluster in shown:
            parts = self._parts(cluster)
            if not parts:
                continue
            names = list(parts)
            if len(parts) > 1:
                least = min(names[1:], key=lambda name: (-len(parts[name]), name))
                return _split(incident, parts[least], now)
            first = homes.setdefault(names[0], incident)
            if first is not incident:
                return _merge(incident, first, now)
        return None

    def _wrong(self, shown: Sequence[Open], now: float) -> Action | None:
        if len(shown) > 1 and self.rng.random() < 0.5:
            one, other = self.rng.sample(range(len(shown)), 2)
            return _merge(shown[max(one, other)][0], shown[min(one, other)][0], now)
        several = [each for each in shown if len(each[1].members) > 1]
        if not several:
            return None
        incident, cluster = self.rng.choice(several)
        members = list(cluster.members.values())
        return _split(incident, members[: len(members) // 2], now)

    def _parts(self, cluster: ClusterState) -> dict[str, list[MemberState]]:
        """Members by fault, the fault of most members first; what no label is known of is left out."""
        parts: dict[str, list[MemberState]] = {}
        for member in cluster.members.values():
            label = self.labels.get(member.alert)
            if label is not None:
                parts.setdefault(label, []).append(member)
        return dict(sorted(parts.items(), key=lambda each: (-len(each[1]), each[0])))


def _merge(source: IncidentState, target: IncidentState, now: float) -> Action:
    return Action(ts=now, verb="merge", incident=source.id, args={"into": target.id}, actor="operator")


def _split(incident: IncidentState, members: Sequence[MemberState], now: float) -> Action:
    alerts = ",".join(member.alert for member in members)
    return Action(ts=now, verb="split", incident=incident.id, args={"alerts": alerts}, actor="operator")
