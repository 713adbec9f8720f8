"""The verdict of a swapped-in model on an entity."""

from __future__ import annotations

from aiops.engine.fields import state


@state(acyclic=True)
class EntityAnomaly:
    """The raw score of an entity's latest alerts, and its calibrated probability.

    `p` is the probability of a score at least as high (0 to 1).
    """

    at: float
    entity: str
    score: float
    p: float

    def ordinary(self) -> str:
        """Return why its warnings open no incident."""
        return f"as usual for {self.entity}: the promoted detector finds this minute ordinary, p = {self.p:.2g}"

    def sentence(self) -> str:
        """Return the anomaly as a sentence."""
        return f"alerts of {self.entity} are unlike what the model learned: p = {self.p:.2g}"
