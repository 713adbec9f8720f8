"""The streams of one member, where it has several: labels that the correlator does not distinguish.

A member is an alert name on an entity. Streams of it with other labels (a region, a threshold's severity) share its
evidence; routes and inhibition rules see each with its own labels. Memory: nothing for a member of one stream, else an
entry for each stream, at most `MAX_STREAMS`.
"""

from __future__ import annotations

from typing import Annotated, Final

from aiops.engine.events import StreamLabels
from aiops.engine.fields import SHARED, state

# Streams of one member that are kept one by one: a name on an entity has a few thresholds, devices or regions.
MAX_STREAMS: Final = 32


@state(acyclic=True)
class MemberStream:
    """A stream of a member with several: its labels, the worst level of its alerts, and its open episodes."""

    labels: Annotated[dict[str, str], SHARED]
    service: str | None
    severity: int = 0
    firing: int = 0


# For members of one stream; replaced, never changed.
ONE_STREAM: dict[str, MemberStream] = {}


def new_stream(labels: dict[str, str], service: str | None, severity: int, firing: int = 0) -> MemberStream:
    """Return a stream of a member."""
    made = MemberStream()
    made.labels, made.service, made.severity, made.firing = labels, service, severity, firing
    return made


def view(
    streams: dict[str, MemberStream], name: str, entity: str, workload: str, source: str | None
) -> list[StreamLabels]:
    """Return the streams of a member as routes and inhibition rules see them."""
    return [
        StreamLabels(fingerprint, name, entity, one.service, workload, source, one.severity, one.firing > 0, one.labels)
        for fingerprint, one in streams.items()
    ]
