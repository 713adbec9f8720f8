"""Episodes as a history of alerts holds them: from firing to resolved, in absolute numbers.

A host that keeps them writes the same row again whenever its stream changed. Nothing is added up outside the engine, so
records that are processed again after a crash double nothing.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from aiops.engine.dedup.stream import NEVER, Stream

# A message of the sender ended it, its lease ran out, its stream was silent for long, or there were too many streams.
EndedBy = Literal["sender", "lease", "silence", "forgotten"]
FORGOTTEN: Final[EndedBy] = "forgotten"


class EpisodeState(Struct):
    """The present state of one episode.

    `seq` is the record that began it; `cluster` and `member` are where it is.
    `ended_at` is None while it fires.
    """

    seq: int
    stream: Stream
    count: int
    opened_at: float
    last_at: float
    ended_at: float | None
    ended_by: EndedBy | None
    cluster: int
    member: int
    is_silenced: bool
    background: str | None


def episode_of(stream: Stream, ended_by: EndedBy | None = None) -> EpisodeState:
    """Return the current episode of a stream; `ended_by` is given where its stream does not show the end."""
    if ended_by is None and not (stream.firing or stream.held):
        ended_by = _ended_by(stream)
    ended_at = None if ended_by is None else max(stream.resolved_at, stream.opened_at)
    if ended_by == FORGOTTEN:
        ended_at = max(stream.last_at, stream.opened_at)
    return _state(stream, stream.seen - stream.before, ended_at, ended_by)


def followed(stream: Stream) -> EpisodeState:
    """Return the episode before the one that the alert in hand begins; that alert was counted already."""
    return _state(stream, stream.seen - 1 - stream.before, max(stream.resolved_at, stream.opened_at), _ended_by(stream))


def _ended_by(stream: Stream) -> EndedBy:
    if stream.ended_at > NEVER:
        return "sender"
    return "lease" if stream.lease_until is not None else "silence"


def _state(stream: Stream, count: int, ended_at: float | None, ended_by: EndedBy | None) -> EpisodeState:
    return EpisodeState(
        stream.begun,
        stream,
        count,
        stream.opened_at,
        stream.last_at,
        ended_at,
        ended_by,
        stream.cluster,
        stream.member,
        stream.silenced,
        stream.background,
    )
