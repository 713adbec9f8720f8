"""Silences over open incidents: the alert streams they mute, and until when.

Cost: nothing without a silence. With one, a match for each firing stream of an incident when an event of it is made, up
to the first that no silence mutes.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.silences.silences import Silence, Silences
from aiops.records import LABELS, Alert, Member

# Silences that a record lists; people set one or two over the same thing.
MAX_LISTED_SILENCES = 20


class Cover(Struct, frozen=True):
    """The silences that hold all that fires, in the order of their streams, and the first end among them."""

    names: list[str] = []
    until: float | None = None


OPEN = Cover()


def cover_of(cluster: ClusterState, silences: Silences, at: float) -> Cover:
    """Return the silences of a cluster whose firing streams are all silenced; none if one is not.

    If nothing fires any more, all its streams count: only its end is left to be notified.
    """
    if not silences.by_id:
        return OPEN
    firing = [member for member in cluster.members.values() if member.firing > 0]
    if len(firing) < cluster.firing:
        # Some firing streams are not kept one by one, and are unknown.
        return OPEN
    found: dict[str, Silence] = {}
    for member in firing or cluster.members.values():
        silence = silence_of(member, silences, at)
        if silence is None:
            return OPEN
        found[silence.id] = silence
    if not found:
        return OPEN
    until = min(silences.end_of(name, at) for name in found)
    return Cover(list(found)[:MAX_LISTED_SILENCES], until)


def silence_of(member: MemberState, silences: Silences, at: float) -> Silence | None:
    """Return the silence that holds a stream of a cluster."""
    alert = Alert(
        ts=member.sent_at,
        name=member.name,
        source=member.source,
        severity=LABELS[member.severity],
        service=member.service,
        entity=member.entity,
        labels=member.labels,
    )
    return silences.match(alert, member.entity, at)


def mark(shown: list[Member], members: dict[str, MemberState], silences: Silences, at: float) -> None:
    """Set on each member of a record the silence that holds it."""
    for one in shown:
        state = members.get(one.fingerprint)
        silence = silence_of(state, silences, at) if state is not None else None
        if silence is not None:
            one.silenced_by, one.silenced_until = silence.id, silences.end_of(silence.id, at)
