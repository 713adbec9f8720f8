"""Alert streams that silences suppress, and those that are placed again since their silence has ended.

What began in a silence, or got worse in it, nobody was notified of; when the silence ends, what still fires is placed
as if it were new, without waiting for a repeat that some tools never send. Cost: a look-up for each suppressed alert.
Memory: two entries for each stream that is suppressed, no more than there are streams.
"""

from __future__ import annotations

from typing import TypedDict

from mypy_extensions import mypyc_attr

from aiops.engine.arrival import Arrival
from aiops.engine.silences.silences import Silences
from aiops.records import has_explicit_severity


class MutedState(TypedDict):
    """The state of `Muted` in snapshots."""

    muted: dict[str, dict[int, bool]]
    waking: dict[int, bool]


@mypyc_attr(acyclic=True)
class Muted:
    """Numbers of streams by the silence that muted their last alert.

    Each has a flag: the alert stated a severity.
    """

    def __init__(self, silences: Silences) -> None:
        self.silences = silences
        self.by_silence: dict[str, dict[int, bool]] = {}
        self.silence_of: dict[int, str] = {}
        self.waking: dict[int, bool] = {}

    def suppress(self, arrival: Arrival) -> None:
        """Mark a firing alert that a silence matches (`arrival.silence`); any other is muted no more."""
        stream = arrival.stream
        if self.silences.by_id:
            silence = self.silences.match(arrival.alert, stream.entity, arrival.now)
            if silence is not None:
                self.mute(stream.number, silence.id, has_explicit_severity(arrival.alert.severity))
                arrival.silence = silence.id
                return
        self.forget(stream.number)
        stream.silenced = False

    def mute(self, number: int, silence: str, stated: bool) -> None:
        """Remember that a silence suppressed an alert of a stream."""
        if self.silence_of.get(number) != silence:
            self.forget(number)
            self.silence_of[number] = silence
        streams = self.by_silence.get(silence)
        if streams is None:
            streams = self.by_silence[silence] = {}
        streams[number] = stated

    def forget(self, number: int) -> None:
        """Forget a stream that ended, or that is placed."""
        self.waking.pop(number, None)
        silence = self.silence_of.pop(number, None)
        if silence is None:
            return
        streams = self.by_silence[silence]
        del streams[number]
        if not streams:
            del self.by_silence[silence]

    def wake(self, silence: str) -> int:
        """Mark the streams of a silence that has ended to be placed again; return their number."""
        streams = self.by_silence.pop(silence, None)
        if streams is None:
            return 0
        for number, stated in streams.items():
            del self.silence_of[number]
            self.waking[number] = stated
        return len(streams)

    def take(self) -> tuple[int, bool]:
        """Return the next stream that is placed again."""
        number = next(iter(self.waking))
        return number, self.waking.pop(number)

    def dump(self) -> MutedState:
        """State for a snapshot."""
        return {"muted": self.by_silence, "waking": self.waking}

    def load(self, state: MutedState) -> None:
        """Take the state of a `dump`."""
        self.by_silence, self.waking = state["muted"], state["waking"]
        self.silence_of = {number: name for name, streams in self.by_silence.items() for number in streams}
