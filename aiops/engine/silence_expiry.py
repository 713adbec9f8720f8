"""The end of silences: alerts that still fire under them are processed as new, some with each record."""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.dedup.stream import Stream
from aiops.engine.events import Notice
from aiops.engine.incidents.announced import said_as
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.incidents.silence_checks import SilenceChecks
from aiops.engine.pipeline import Pipeline
from aiops.records import LABELS, Alert
from aiops.wording import plural, titled


class Woken(Struct):
    """The numbers of streams that still fire outside incidents, and of the incidents of the others."""

    streams: int = 0
    background: int = 0
    incidents: dict[str, None] = {}


class SilenceExpiry:
    """Places the streams again that an ended silence suppressed; `checks` looks at the incidents it held."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.muted = pipeline.muted
        self.silences = pipeline.muted.silences
        self.incidents = pipeline.incidents
        self.clusters = pipeline.incidents.clusters
        self.checks = SilenceChecks(pipeline.incidents)
        self._arrival = Arrival()

    def run_due(self, moment: Moment, most: int) -> None:
        """Do what silences that began or ended by now make due, at most so many streams and incidents."""
        if self.silences.next_end <= moment.now:
            self._end(moment)
        if self.silences.next_start <= moment.now and self.silences.begun(moment.now):
            self.checks.begin(held=False)
        if self.muted.waking:
            self.wake(moment, most)
        if self.incidents.unchecked:
            self.checks.run(moment, most)

    def wake(self, moment: Moment, most: int) -> Woken:
        """Place at most so many streams; the next records do the rest."""
        found = Woken()
        while most > 0 and self.muted.waking:
            most -= 1
            number, stated = self.muted.take()
            stream = self.pipeline.dedup.of(number)
            if stream is not None and (stream.firing or stream.held):
                self._place(stream, stated, moment, found)
        return found

    def _end(self, moment: Moment) -> None:
        """Mark what was suppressed by silences, or occurrences of recurring ones, that have ended."""
        self.checks.begin(held=True)
        for silence in self.silences.ended(moment.now):
            count = self.muted.wake(silence.id)
            if count:
                ended = f"{titled('silence', silence.id)} ended"
                text = f"{ended}: {plural(count, 'alert stream')} may still fire, and is placed again"
                moment.out.append(Notice(moment.seq, "silence", text))

    def _place(self, stream: Stream, stated: bool, moment: Moment, found: Woken) -> None:
        home = self.clusters.home(stream)
        member = home.members.get(stream.member) if home is not None else None
        if home is None or member is None:
            # Of a cluster that was too full to keep it: its incident is known, and it was counted there.
            return
        alert = _alert(stream, member, stated)
        silence = self.silences.match(alert, stream.entity, moment.now)
        if silence is not None:
            self.muted.mute(stream.number, silence.id, stated)
            return
        found.streams += 1
        incident = home.incident
        if stream.silenced:
            # The number of its own cluster is that of its first alert, and nobody else has it.
            self.clusters.forget(home)
            incident = self._fire(stream, alert, home.number, moment)
        elif incident is not None:
            # It was known before the silence; what is news is how it got worse in it.
            self.incidents.joined(home, said_as(stream, member.severity), moment.now, moment, False)
        if incident is None:
            found.background += 1
        else:
            found.incidents[incident] = None

    def _fire(self, stream: Stream, alert: Alert, free: int, moment: Moment) -> str | None:
        """Process a stream as if it fired anew; return its incident. It was counted when its alert came."""
        stream.cluster, stream.member, stream.counted = -1, -1, False
        arrival = self._arrival
        arrival.seq, arrival.now, arrival.out = moment.seq, moment.now, moment.out
        arrival.begin(alert, moment.now)
        arrival.stream, arrival.verdict, arrival.free = stream, "new", free
        self.pipeline.fire(arrival)
        self.pipeline.dedup.touch(stream)
        arrival.out = []
        return arrival.placed.incident if arrival.placed is not None else None


def _alert(stream: Stream, member: MemberState, stated: bool) -> Alert:
    """Return the last alert of a stream, as far as its member holds it."""
    return Alert(
        ts=member.sent_at,
        name=stream.name,
        source=stream.source,
        severity=LABELS[member.severity] if stated else None,
        service=stream.service,
        entity=stream.entity,
        message=member.message,
        labels=member.labels,
        annotations=member.annotations,
        starts_at=stream.starts_at,
        url=member.url,
    )


def sentence(woken: Woken, waiting: int) -> str:
    """Return what happens to what fired under a silence that a person ended.

    >>> sentence(Woken(3, 1, {"inc-1": None}), 0)
    '3 alert streams still fire under it: 2 are in 1 incident and notified now, 1 is background'
    >>> sentence(Woken(), 0)
    'nothing that it muted still fires'
    """
    if not woken.streams and not waiting:
        return "nothing that it muted still fires"
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
