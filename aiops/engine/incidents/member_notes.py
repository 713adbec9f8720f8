"""Sentences about a member's own behaviour, beside its evidence."""

from __future__ import annotations

from typing import Final

from aiops.engine.detect.entity_anomaly import EntityAnomaly
from aiops.engine.detect.rate_anomaly import Surprise
from aiops.engine.incidents.clusters import MemberState

# A member is called surprising in its notes below this; one in a hundred bins of a calm stream gets there.
SURPRISING_P: Final = 0.01
# The largest number of such notes of a member; the others must find room.
MAX_SURPRISES: Final = 2
FLAPPING = "flapping: held as firing until it is stable"


def note(member: MemberState, surprise: Surprise, anomaly: EntityAnomaly | None, is_held: bool) -> None:
    """Note what is unusual about a member and, where that is known, about its entity (`anomaly`)."""
    if anomaly is not None and anomaly.p < SURPRISING_P:
        member.note(anomaly.sentence())
    if is_held:
        member.note(FLAPPING)
    if surprise.p < SURPRISING_P and not surprise.first and len(member.notes) < MAX_SURPRISES:
        member.note(surprise.sentence())
