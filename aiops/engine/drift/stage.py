"""The stage of drift: the inputs, the outcomes, and the alarms that they raised."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, TypedDict

from msgspec import Struct

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.drift.inputs import Inputs
from aiops.engine.drift.outcomes import Outcomes
from aiops.engine.events import Notice

# Alarms that are kept; each needs some twenty hours or judgements, and the audit has all.
_MAX_ALARMS = 32
TOPIC = "drift"


class Alarm(Struct, gc=False, array_like=True):
    """A change: `at` in engine time, `what` changed (a measure or a slot), and a sentence."""

    at: float
    what: str
    text: str


class DriftState(TypedDict):
    """The state of `Drift` in snapshots."""

    inputs: Any
    outcomes: Any
    alarms: list[Alarm]


class Drift:
    """Watches inputs and outcomes; decides nothing.

    An alarm is a notice, and the measure starts anew: the present is then its normal. What stays to be done about an
    alarm is the host's to know.
    """

    STATE: ClassVar[Any] = DriftState

    def __init__(self) -> None:
        # What was raised by the record in hand, until `report_alarms`.
        self.raised: list[tuple[str, str]] = []
        self.inputs = Inputs(self.raised)
        self.outcomes = Outcomes(self.raised)
        self.alarms: deque[Alarm] = deque(maxlen=_MAX_ALARMS)

    def see(self, arrival: Arrival) -> None:
        """Count a firing alert that detection has measured."""
        stream = arrival.stream
        self.inputs.see(arrival.now, stream.name, stream.workload, arrival.surprise.nats)

    def report_alarms(self, moment: Moment) -> None:
        """Keep what was raised, and report it."""
        for what, text in self.raised:
            self.alarms.append(Alarm(moment.now, what, text))
            moment.out.append(Notice(moment.seq, TOPIC, f"{what}: {text}"))
        self.raised.clear()

    def report(self) -> dict[str, Any]:
        """Return what was measured, and the latest alarms, as plain data."""
        return {
            "inputs": self.inputs.report(),
            "outcomes": self.outcomes.report(),
            "alarms": [{"at": one.at, "what": one.what, "text": one.text} for one in self.alarms],
        }

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        self.inputs.set_back(now)
        for one in self.alarms:
            one.at = min(one.at, now)

    def dump(self) -> DriftState:
        """Return the state for a snapshot."""
        return {"inputs": self.inputs.dump(), "outcomes": self.outcomes.dump(), "alarms": list(self.alarms)}

    def load(self, state: DriftState) -> None:
        """Take the state of a `dump`."""
        self.inputs.load(state["inputs"])
        self.outcomes.load(state["outcomes"])
        self.alarms = deque(state["alarms"], maxlen=_MAX_ALARMS)
