"""What still fires when its silence ends: placed as if it were new, some streams with each record."""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.dedup.stream import Stream
from aiops.engine.events import Event, Notice
from aiops.engine.incidents.announced import said_as
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.pipeline import Placer
from aiops.records import LABELS, Alert
from aiops.wording import plural


class Woken(Struct):
    """How many streams still fire, how many of them are no incident, and in which incidents the others are."""

    streams: int = 0
    background: int = 0
    incidents: dict[str, None] = {}


class Waking:
    """Places the streams again that a silence let go of."""

    def __init__(self, placer: Placer) -> None:
        self.placer = placer
        self.muted = placer.muted

    def ended(self, now: float, seq: int, out: list[Event]) -> None:
        """Let go of what was suppressed by silences, or occurrences of recurring ones, that have ended."""
        self.placer.incidents.recheck(held=True)
        for silence in self.placer.silences.ended(now):
            count = self.muted.wake(silence.id)
            if count:
                text = (
                    f"silence {silence.id} ended: {plural(count, 'alert stream')} may still fire, and is placed again"
                )
                out.append(Notice(seq, "silence", text))

    def run(self, now: float, seq: int, out: list[Event], most: int) -> Woken:
        """Place at most so many streams; the next records do the rest."""
        found = Woken()
        while most > 0 and self.muted.waking:
            most -= 1
            number, stated = self.muted.take()
            stream = self.placer.dedup.of(number)
            if stream is not None and (stream.firing or stream.held):
                self._place(stream, stated, now, seq, out, found)
        return found

    def _place(self, stream: Stream, stated: bool, now: float, seq: int, out: list[Event], found: Woken) -> None:
        home = self.placer.clusters.home(stream)
        member = home.members.get(stream.member) if home is not None else None
        if home is None or member is None:
            # Of a cluster that was too full to keep it: its incident is known, and it was counted there.
            return
        alert = _alert(stream, member, stated)
        silence = self.placer.silences.match(alert, stream.entity, now)
        if silence is not None:
            self.muted.mute(stream.number, silence.id, stated)
            return
        found.streams += 1
        incident = home.incident
        if stream.silenced:
            # The number of its own cluster is that of its first alert, and nobody else has it.
            self.placer.clusters.forget(home)
            stream.cluster, stream.member, stream.counted = -1, -1, False
            incident = self.placer.firing(alert, stream, seq, now, now, True, out, home.number).incident
        elif incident is not None:
            # It was known before the silence; what is news is how it got worse in it.
            self.placer.incidents.joined(home, seq, now, out, said_as(stream, member.severity), fresh=False)
        if incident is None:
            found.background += 1
        else:
            found.incidents[incident] = None


def _alert(stream: Stream, member: MemberState, stated: bool) -> Alert:
    """The last alert of a stream, as far as its member holds it."""
    return Alert(
        ts=member.sent_at,
        name=stream.name,
        source=stream.source,
        severity=LABELS[member.severity] if stated else None,
        service=stream.service,
        entity=stream.entity,
        message=member.message,
        labels=member.labels,
        starts_at=stream.starts_at,
        url=member.url,
    )


def sentence(woken: Woken, waiting: int) -> str:
    """What happens to what fired under a silence that a person ended.

    >>> sentence(Woken(3, 1, {"inc-1": None}), 0)
    '3 alert streams still fire under it: 2 are in 1 incident and notified now, 1 is background'
    >>> sentence(Woken(), 0)
    'nothing fires under it'
    """
    if not woken.streams and not waiting:
        return "nothing fires under it"
    shown = woken.streams - woken.background
    parts = []
    if shown:
        parts.append(f"{_are(shown)} in {plural(len(woken.incidents), 'incident')} and notified now")
    if woken.background:
        parts.append(f"{_are(woken.background)} background")
    if waiting:
        parts.append(f"{_are(waiting)} placed within seconds")
    total = woken.streams + waiting
    return f"{plural(total, 'alert stream')} still {'fires' if total == 1 else 'fire'} under it: {', '.join(parts)}"


def _are(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'}"
