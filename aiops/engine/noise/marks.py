"""Marks: the judgements of people that an incident was noise, or needed somebody."""

from __future__ import annotations

from typing import Final, Literal

from aiops.engine.fields import state
from aiops.engine.noise.sight import Sight

Label = Literal["noise", "actionable"]
NOISE: Final = "noise"
LABELS: Final = (NOISE, "actionable")
# Marks that are kept, the oldest dropped first: half a year of ten a day. Training reads older ones from the journal.
MAX_MARKS: Final = 2_000


@state(acyclic=True)
class Mark:
    """One judgement: the incident, when and by whom, and what the decision to open it saw.

    `lasted_s` is how long its alerts came, at its end or when it was marked. `is_implied`: nobody marked it, but a
    person confirmed a cause or a playbook that helped. Without a sight, as of a storm, it teaches nothing.
    """

    incident: str
    at: float
    actor: str
    label: str
    sight: Sight | None
    lasted_s: float = 0.0
    is_implied: bool = False


def new_mark(incident: str, label: str, at: float, actor: str, sight: Sight | None) -> Mark:
    """Return a mark."""
    made = Mark()
    made.incident, made.label, made.at, made.actor, made.sight = incident, label, at, actor, sight
    return made
