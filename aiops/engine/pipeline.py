"""The way of one alert: dedup → silences → detect → correlate → triage → incidents."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar, TypedDict

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.detect.stage import Detect
from aiops.engine.drift.stage import Drift
from aiops.engine.events import DISPOSITIONS, Disposition, Placed
from aiops.engine.incidents.assignment import Assignment
from aiops.engine.incidents.episodes import Episodes
from aiops.engine.incidents.expiry import Expiry
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.merging import Merging
from aiops.engine.incidents.opening import Opening
from aiops.engine.incidents.repeats import Repeats
from aiops.engine.incidents.storm import Storms, StormsState
from aiops.engine.incidents.storm_grouping import StormGrouping
from aiops.engine.incidents.triage import Triage
from aiops.engine.silences.muted import Muted, MutedState


class PipelineState(TypedDict):
    """The state of `Pipeline` in snapshots."""

    alerts: int
    derived: int
    dispositions: dict[Disposition, int]
    cap_reported: bool
    triage: list[tuple[float, int]]
    storms: StormsState
    muted: MutedState


class Pipeline:
    """Takes each alert through the stages, and counts its disposition, exactly one.

    Each stage is one method with one argument, the `Arrival`: it reads what the stages before it found, adds what it
    finds itself, and may decide the alert (`placed`). `expiry` does what passing time makes due.
    """

    STATE: ClassVar[Any] = PipelineState

    def __init__(self, dedup: Dedup, detect: Detect, correlate: Correlator, incidents: Incidents, drift: Drift) -> None:
        self.drift = drift
        self.dedup = dedup
        self.detect = detect
        self.correlate = correlate
        self.incidents = incidents
        self.muted = Muted(incidents.silences)
        self.episodes = Episodes(incidents, self.muted)
        self.merging = Merging(incidents)
        self.repeats = Repeats(self.episodes, self.merging)
        self.assignment = Assignment(self.episodes, self.merging)
        self.triage = Triage(incidents.config, incidents.clusters, detect)
        self.storms = Storms(incidents.config)
        self.grouping = StormGrouping(self.storms, self.assignment, self.triage)
        self.opening = Opening(incidents, self.grouping)
        self.expiry = Expiry(dedup, correlate, self.episodes, self.triage, self.opening)
        self.alerts = 0
        # Alerts that were made of metrics; they are no input, and have no disposition that counts.
        self.derived = 0
        self.dispositions: dict[Disposition, int] = dict.fromkeys(DISPOSITIONS, 0)
        # Whether it was reported that streams are forgotten as there are too many.
        self.cap_reported = False

    def process(self, arrival: Arrival) -> None:
        """Take one alert through the stages."""
        self.dedup.admit(arrival)
        if self.dedup.dropped:
            self.episodes.forget(self.dedup.dropped, arrival.now)
        if arrival.ended_at < inf:
            self.episodes.end(arrival.stream, arrival.ended_at)
        if arrival.verdict == "new" or arrival.verdict == "repeat":
            self.fire(arrival)
        else:
            self.episodes.update(arrival)
        placed = arrival.placed
        assert placed is not None
        arrival.out.append(placed)
        if arrival.is_derived:
            self.derived += 1
        else:
            self.alerts += 1
            self.dispositions[placed.disposition] += 1

    def fire(self, arrival: Arrival) -> None:
        """Take a firing alert, whose stream is known, from the silences on to its incident."""
        self.muted.suppress(arrival)
        if arrival.silence is not None:
            self.episodes.suppress(arrival)
            return
        self.detect.measure(arrival)
        self.drift.see(arrival)
        if arrival.is_sign:
            self.episodes.keep_apart(arrival)
            return
        self.correlate.assign(arrival)
        if arrival.verdict == "repeat":
            self.repeats.keep(arrival)
        if arrival.placed is None and self.storms.active:
            self.grouping.group(arrival)
        if arrival.placed is None:
            self.assignment.assign(arrival)
            self.triage.judge(arrival)
            self.opening.take(arrival)

    def reject(self, name: str, reason: str, moment: Moment) -> None:
        """Count an alert that was set aside, which has a cluster of its own like any other input."""
        self.alerts += 1
        self.dispositions["rejected"] += 1
        moment.out.append(Placed(moment.seq, name, "rejected", moment.seq, -1, None, reason))

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        self.triage.set_back(now)
        self.storms.set_back(now)

    def dump(self) -> PipelineState:
        """State for a snapshot."""
        return {
            "alerts": self.alerts,
            "derived": self.derived,
            "dispositions": self.dispositions,
            "cap_reported": self.cap_reported,
            "triage": self.triage.dump(),
            "storms": self.storms.dump(),
            "muted": self.muted.dump(),
        }

    def load(self, state: PipelineState) -> None:
        """Take the state of a `dump`."""
        self.alerts = state["alerts"]
        self.derived = state["derived"]
        self.dispositions = state["dispositions"]
        self.cap_reported = state["cap_reported"]
        self.triage.load(state["triage"])
        self.storms.load(state["storms"])
        self.muted.load(state["muted"])
