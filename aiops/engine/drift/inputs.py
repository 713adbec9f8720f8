"""Drift of what comes in, hour by hour: unknown names and workloads, the rate, and the surprise.

An hour is a step of four tests. Within it alerts are alike, as those of one fault are; between hours little is. Each
test sees one score an hour, so a storm of an hour or two cannot raise an alarm: a step gains at most ½ of the capital.

An hour without any record, not even a tick of the host, was not seen and does not count. One without an alert counts
for the rate alone.
"""

from __future__ import annotations

import math
from typing import Any, Final

from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.known_names import KnownNames
from aiops.engine.drift.measure import Measure

_HOUR_S: Final = 3600.0
# Jobs run weekly: what did not come within a week is not known.
_LEARN_HOURS: Final = 7 * 24
_RECENT_HOURS: Final = 24
# A share of 0, and 31 bins of 3 % each; 64 bins of a rate, four an octave, up to 65,536 alerts an hour.
_SHARES, _RATES = 32, 64
# -ln .05. The share beyond it is steady where the mean surprise wanders: that raised alarms in two of five simulated
# months without a change, the share in none.
_SURPRISING: Final = 3.0
# More unknown names are drift, fewer are not.
_MORE = (-1.0, 0.0)
_EITHER = (-1.0, 0.0, 1.0)
# Half of the usual bet: a public holiday is 24 hours of the wrong rate, which gain at most e^5.4 = 220 by it.
_CAREFUL = (-0.5, 0.0, 0.5)
# 1970-01-01 was a Thursday.
_EPOCH_WEEKDAY: Final = 3
NAMES, WORKLOADS, RATE, SURPRISE = "names", "workloads", "rate", "surprise"


class Inputs:
    """The hour in hand, and the measures of the hours before; about .4 µs an alert, 20 µs an hour."""

    def __init__(self, raised: list[tuple[str, str]]) -> None:
        """`raised` gets the name and the sentence of each alarm."""
        self._raised = raised
        self._hour = -1
        # The first hour was not seen from its beginning.
        self._is_partial = True
        # The streams learn their rates first. Without this wait the surprise of each of nine real systems drifted once.
        self._settled = -1
        self._alerts = self._new_names = self._new_workloads = 0
        self._surprising = 0
        self.names, self.workloads = KnownNames(), KnownNames()
        self.measures = {
            NAMES: Measure(_RECENT_HOURS, Exchangeability(_SHARES, _MORE, 1 << 32)),
            WORKLOADS: Measure(_RECENT_HOURS, Exchangeability(_SHARES, _MORE, 2 << 32)),
            RATE: Measure(_RECENT_HOURS, Exchangeability(_RATES, _CAREFUL, 3 << 32)),
            SURPRISE: Measure(_RECENT_HOURS, Exchangeability(_SHARES, _EITHER, 4 << 32)),
        }

    def see(self, now: float, name: str, workload: str, nats: float) -> None:
        """Count a firing alert at engine time `now`; `nats` is its surprise."""
        hour = int(now // _HOUR_S)
        if hour > self._hour:
            self._turn(hour)
        self._alerts += 1
        if self.names.is_new(name, hour):
            self._new_names += 1
        if self.workloads.is_new(workload, hour):
            self._new_workloads += 1
        if nats >= _SURPRISING:
            self._surprising += 1

    def pass_to(self, now: float) -> None:
        """Note that time has passed while the engine watched."""
        hour = int(now // _HOUR_S)
        if hour > self._hour:
            self._turn(hour)

    def set_back(self, now: float) -> None:
        """Let the hour in hand be no later than that of `now`: engine time was set back."""
        self._hour = min(self._hour, int(now // _HOUR_S))

    def _turn(self, hour: int) -> None:
        if self._hour < 0:
            self.names.learn_until(hour + _LEARN_HOURS)
            self.workloads.learn_until(hour + _LEARN_HOURS)
            self._settled = hour + _LEARN_HOURS
        elif self._is_partial:
            self._is_partial = False
        else:
            self._close(self._hour)
        self._hour = hour
        self._alerts = self._new_names = self._new_workloads = 0
        self._surprising = 0

    def _close(self, hour: int) -> None:
        alerts, measures = self._alerts, self.measures
        rate = min(_RATES - 1, int(4.0 * math.log2(1 + alerts)))
        if measures[RATE].take(alerts, 1.0, rate, _hour_of_week(hour)):
            self._alarm(RATE)
        if not alerts:
            return
        surprising = self._surprising
        if hour >= self._settled and measures[SURPRISE].take(surprising, alerts, _share(surprising, alerts)):
            self._alarm(SURPRISE)
        for kind, known, new in (
            (NAMES, self.names, self._new_names),
            (WORKLOADS, self.workloads, self._new_workloads),
        ):
            is_learned = hour >= known.until and not known.is_full
            if is_learned and measures[kind].take(new, alerts, _share(new, alerts)):
                self._alarm(kind)
                known.learn_until(hour + 1 + _LEARN_HOURS)

    def _alarm(self, kind: str) -> None:
        measure = self.measures[kind]
        self._raised.append((kind, sentence(kind, measure.recent, measure.before)))
        measure.restart()

    def report(self) -> dict[str, Any]:
        """Return the measures by name; `learning_until` is in Unix seconds, None after the learning."""
        found = {kind: {**measure.report(), "learning_until": None} for kind, measure in self.measures.items()}
        if self._hour < self._settled:
            found[SURPRISE]["learning_until"] = self._settled * _HOUR_S
        for kind, known in ((NAMES, self.names), (WORKLOADS, self.workloads)):
            found[kind]["known"], found[kind]["is_full"] = len(known), known.is_full
            if self._hour < known.until:
                found[kind]["learning_until"] = known.until * _HOUR_S
        return found

    def dump(self) -> Any:
        """Return the state as plain data."""
        return {
            "hour": [
                *(self._hour, self._is_partial, self._alerts),
                *(self._new_names, self._new_workloads, self._surprising),
            ],
            "settled": self._settled,
            "names": self.names.dump(),
            "workloads": self.workloads.dump(),
            "measures": {kind: measure.dump() for kind, measure in self.measures.items()},
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        hour, partial, alerts, names, workloads, surprising = state["hour"]
        self._hour, self._is_partial, self._alerts = int(hour), bool(partial), int(alerts)
        self._new_names, self._new_workloads = int(names), int(workloads)
        self._surprising = int(surprising)
        self._settled = int(state["settled"])
        self.names.load(state["names"])
        self.workloads.load(state["workloads"])
        for kind, measure in self.measures.items():
            measure.load(state["measures"][kind])


def _share(part: int, whole: int) -> int:
    return 0 if not part else 1 + min(_SHARES - 2, part * (_SHARES - 1) // whole)


def _hour_of_week(hour: int) -> int:
    """Return the hour of the day (UTC), from 24 on at weekends."""
    weekday = (hour // 24 + _EPOCH_WEEKDAY) % 7
    return hour % 24 + (24 if weekday > 4 else 0)


def sentence(kind: str, recent: float | None, before: float | None) -> str:
    """Describe a change of an input.

    >>> sentence(NAMES, 0.41, 0.03)
    '41 % of the alerts of the last 24 hours with alerts have a name that was not seen while learning, 3 % before'
    >>> sentence(RATE, 120.0, None)
    'alerts an hour: 120 in the last 24 hours, unknown before'
    """
    if kind == RATE:
        return f"alerts an hour: {_number(recent)} in the last 24 hours, {_number(before)} before"
    what = {NAMES: "have a name", WORKLOADS: "are of a workload"}.get(kind)
    which = f"{what} that was not seen while learning" if what else "surprise the engine (p ≤ .05)"
    return f"{_percent(recent)} of the alerts of the last 24 hours with alerts {which}, {_percent(before)} before"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100.0 * share:.0f} %"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"
