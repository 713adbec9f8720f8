"""Clusters that are held: a model found them to be like noise, and no incident was opened."""

from __future__ import annotations

from aiops.engine.fields import state
from aiops.engine.noise.sight import Sight


@state(acyclic=True)
class Held:
    """A held cluster by its number: what was seen then, the reason, and until when it may last."""

    cluster: int
    sight: Sight
    reason: str
    due: float

    def growth(self, now: Sight) -> str:
        """Return what is new of the cluster since it was held; empty for nothing."""
        then = self.sight
        if now.severity > then.severity:
            return "it became more severe"
        if now.is_cut:
            return "it grew"
        for word, new, old in (("entity", now.entities, then.entities), ("kind of alert", now.kinds, then.kinds)):
            known = dict.fromkeys(old)
            found = next((each for each in new if each not in known), None)
            if found is not None:
                return f"a new {word} joined: {found}"
        return ""


def new_held(cluster: int, sight: Sight, reason: str, due: float) -> Held:
    """Return a held cluster."""
    made = Held()
    made.cluster, made.sight, made.reason, made.due = cluster, sight, reason, due
    return made
