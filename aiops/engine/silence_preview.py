"""Preview of a silence before it is set: the streams that it would cover.

Reading the engine changes nothing.
"""

from __future__ import annotations

import math

from msgspec import Struct

from aiops.engine.dedup.stream import Stream
from aiops.engine.engine import Engine
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.silences.silences import Silence, selector
from aiops.records import Alert, Severity
from aiops.wording import located, plural

# Streams that are named; a person who sees five knows whether these were meant.
MAX_EXAMPLES = 5
# Alerts of the last quarter of an hour: what a person who silences has in mind.
RECENT_S = 900.0
# Windows to come that are listed: enough to see the days and the hour that a time zone makes of them.
MAX_WINDOWS = 3


class Window(Struct, frozen=True):
    """From when to when a silence covers, in Unix seconds."""

    start: float
    end: float


class Preview(Struct):
    """The recent streams that the matchers of a silence match.

    `streams` are alert streams that fire or ended in the last 15 min, `firing` those that fire now, `incidents` the
    open incidents that have one of the firing ones. `examples` name a few, firing ones first. `windows` are the next
    times it is in force.
    """

    streams: int
    firing: int
    incidents: int
    examples: list[str]
    windows: list[Window]

    def __str__(self) -> str:
        return (
            f"matches {plural(self.streams, 'stream')} of the last 15 min ({self.firing} firing now, "
            f"in {plural(self.incidents, 'open incident')})"
        )


def preview(engine: Engine, silence: Silence, at: float) -> Preview:
    """Match a silence with what fires or ended of late, in force or not. Cost: 3 to 6 µs a stream."""
    selects = selector(silence.matchers)
    firing, quiet, incidents = list[str](), list[str](), set[str]()
    streams = active = 0
    for stream in engine.dedup.streams.values():
        is_firing = stream.firing or stream.held
        if not is_firing and max(stream.resolved_at, stream.ended_at) < at - RECENT_S:
            continue
        cluster = engine.clusters.home(stream)
        member = cluster.members.get(stream.member) if cluster is not None else None
        if not selects(_alert(stream, member), stream.entity):
            continue
        streams += 1
        active += is_firing
        shown = firing if is_firing else quiet
        if len(shown) < MAX_EXAMPLES:
            shown.append(located(stream.name, stream.entity))
        incident = cluster.incident if cluster is not None and is_firing else None
        if incident is not None and engine.incidents.is_open(incident):
            incidents.add(incident)
    return Preview(streams, active, len(incidents), [*firing, *quiet][:MAX_EXAMPLES], windows(silence, at))


def windows(silence: Silence, at: float) -> list[Window]:
    """Return the next times at which a silence is in force, the current one first."""
    schedule = silence.schedule()
    if schedule is None:
        return [Window(silence.start, silence.end)] if at < silence.end else []
    found: list[Window] = []
    while len(found) < MAX_WINDOWS:
        start, end = schedule.occurrence(at)
        if end == math.inf:
            break
        found.append(Window(start, end))
        at = end
    return found


def _alert(stream: Stream, member: MemberState | None) -> Alert:
    """Return the stream's latest alert, as far as it is remembered.

    Its severity is the worst, in the scale's own words.
    """
    labels = member.labels if member is not None else dict(stream.identity[4])
    severity = Severity(member.severity).label if member is not None else None
    return Alert(
        ts=0.0, name=stream.name, source=stream.source, severity=severity, service=stream.service, labels=labels
    )
