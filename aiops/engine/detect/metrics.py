"""Anomaly alerts from metric samples: firing if a series leaves normal, resolved if it returns.

Three detectors look at each sample. Novelty compares it with everything the series has ever been: it finds the first
spike of its kind, however short, and stays silent at the hundredth. Amplitude compares it with the last 300 samples:
what is far out counts if it is a third as new, too. The local baseline compares the last five minutes with the half
hour before: it judges a series of which fewer samples are known, and finds what moves a lot and was there before. By
it, an alert ends.

A series that is wild by nature leaves its local baseline all the time, so each has its own threshold for that: it rises
with every alert and sinks in between, until alerts come about once in `_PATIENCE` slots (a Robbins–Monro quantile).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

from aiops.engine.detect.amplitude import Amplitude
from aiops.engine.detect.baseline import Baseline, share_of
from aiops.engine.detect.novelty import Novelty
from aiops.records import Alert, Metric, Severity

# While an alert fires the baseline stands still, or the fault would become normal after five minutes; after an hour
# the new level is accepted, or a series that moved for good would fire for ever.
_MAX_HOLD_S = 3600.0
# Slots (minutes) in a row within the lower threshold that end an alert: one calm minute inside a fault is common.
_CALM_SLOTS = 3
# The share of the range ever seen by which a sample that is far out must be new. Of .004 to .012, metrics of cloud
# services score best at .006, the Numenta benchmark at .012.
_NEW = 0.006
# How many times `fire` a series must leave its local baseline once the last 300 samples are known.
_SURE = 3.0
# Between two alerts of a wild series pass about so many slots (four hours of minutes): each alert raises its threshold
# by a fifth, and so many slots without one undo it. Faults that come more rarely meet the configured threshold.
_PATIENCE = 240
_RAISE = math.log(1.2)
# However wild, a series that moves by 30 scales is worth an alert.
_MAX_FIRE = 30.0
# Squares of larger values leave the range of floats.
_MAX_VALUE = 1e150
_MAX_NAME = 1000


class _Series:
    __slots__ = ("amplitude", "baseline", "calm", "firing", "novelty", "patience", "since", "ts")

    def __init__(self, share: float) -> None:
        self.amplitude = Amplitude(share)
        self.baseline = Baseline(share)
        self.novelty = Novelty()
        self.ts = 0.0
        self.patience = 0.0  # ln of what the threshold of the local baseline is raised by
        self.firing = 0  # the side: 1 high, -1 low, 0 none
        self.since = 0.0
        self.calm = 0


class Metrics:
    """All series; beyond `cap` the one longest without a sample goes, whose baseline would be stale first.

    `fire` is the distance in robust scales at which a sample is far out, from the last ones or, before there are so
    many, from the local baseline; `calm` is the distance from that below which an alert ends. `novelty` is the share of
    the range ever seen at which a sample is an anomaly alone, after `warm` samples. About 7 µs a sample.
    """

    def __init__(
        self, cap: int = 4_000, fire: float = 3.0, calm: float = 1.5, novelty: float = 0.017, warm: int = 600
    ) -> None:
        self.cap = cap
        self.fire = fire
        self.calm = calm
        self.novelty = novelty
        self.warm = warm
        self.forgotten = 0
        self._series: OrderedDict[str, _Series] = OrderedDict()

    def __len__(self) -> int:
        return len(self._series)

    def see(self, metric: Metric, at: float) -> Alert | None:
        """Process a sample of time `at`; return an alert if its series leaves normal or returns to it.

        A value that is not finite is ignored: it means that the exporter failed.
        """
        if not math.isfinite(metric.value):
            return None
        key = f"{metric.entity}\x1f{metric.name}"
        series = self._series.get(key)
        if series is None:
            series = self._open(key, metric.name)
        else:
            self._series.move_to_end(key)
        value = max(-_MAX_VALUE, min(_MAX_VALUE, metric.value))
        side = self._side(series, at, value)
        frozen = series.firing != 0 and at - series.since < _MAX_HOLD_S
        closed = series.baseline.add(at, value, frozen)
        if closed:
            series.patience = max(0.0, series.patience - _RAISE / _PATIENCE)
        if series.firing:
            return self._settle(series, metric, at, side != 0) if closed else None
        return self._judge(series, metric, at, value, side)

    def _open(self, key: str, name: str) -> _Series:
        if len(self._series) >= self.cap:
            self._series.popitem(last=False)
            self.forgotten += 1
        series = self._series[key] = _Series(share_of(name))
        return series

    def _side(self, series: _Series, ts: float, value: float) -> int:
        """Return the side on which a sample is an anomaly: 1 high, -1 low, 0 for none.

        Late samples are left out: their time of day has passed.
        """
        if ts < series.ts:
            return 0
        series.ts = ts
        novelty, distance = series.novelty, series.amplitude.see(value)
        if novelty.score(ts, value) >= self.novelty and novelty.seen > self.warm:
            return novelty.side
        if abs(distance) < self.fire or novelty.level < _NEW or not series.amplitude.is_full:
            return 0
        return 1 if distance > 0.0 else -1

    def _judge(self, series: _Series, metric: Metric, at: float, value: float, side: int) -> Alert | None:
        z = series.baseline.magnitude()
        fire = self.fire * (_SURE if series.amplitude.is_full else 1.0)
        if abs(z) >= min(_MAX_FIRE, fire * math.exp(series.patience)):
            series.patience += _RAISE
        elif side:
            # The median of five minutes does not see a short spike: the magnitude is that of the sample itself.
            z = side * max(abs(series.baseline.magnitude(value)), self.fire)
        else:
            return None
        series.firing, series.since, series.calm = 1 if z > 0.0 else -1, at, 0
        return alert_of(metric, at, z, series.firing, "firing")

    def _settle(self, series: _Series, metric: Metric, at: float, news: bool) -> Alert | None:
        z = series.baseline.magnitude()
        calm = not news and (abs(z) < self.calm or z * series.firing < 0)
        series.calm = series.calm + 1 if calm else 0
        if series.calm < _CALM_SLOTS:
            return None
        side, series.firing = series.firing, 0
        return alert_of(metric, at, z, side, "resolved")

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        for series in self._series.values():
            series.ts, series.since = min(series.ts, now), min(series.since, now)
            series.baseline.set_back(now)

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        rows = [[key, one.baseline.share, *_parts(one)] for key, one in self._series.items()]
        return {"series": rows, "forgotten": self.forgotten}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._series.clear()
        self.forgotten = state["forgotten"]
        for key, share, baseline, novelty, *rest in state["series"]:
            series = self._series[key] = _Series(share)
            series.baseline.load(baseline)
            series.novelty.load(novelty)
            series.ts, series.patience, series.firing, series.since, series.calm, *amplitude = rest
            # Snapshots of earlier versions lack the last samples.
            series.amplitude.load(amplitude[0] if amplitude else [])


def _parts(one: _Series) -> list[Any]:
    state = [one.baseline.dump(), one.novelty.dump(), one.ts, one.patience, one.firing, one.since, one.calm]
    return [*state, one.amplitude.dump()]


def severity_of(z: float) -> Severity:
    """The severity that a magnitude stands for: 3 scales are a warning, 6 are high, 20 are critical.

    >>> severity_of(-7.0).label, severity_of(3.2).label
    ('high', 'warning')
    """
    size = abs(z)
    if size >= 20.0:
        return Severity.CRITICAL
    return Severity.HIGH if size >= 6.0 else Severity.WARNING


def alert_of(metric: Metric, at: float, z: float, side: int, status: str) -> Alert:
    """The alert record of an anomaly: identity is entity, name and side.

    `labels["z"]` is the signed magnitude.
    """
    direction = "high" if side > 0 else "low"
    name = metric.name[:_MAX_NAME]
    origin = metric.id or f"{metric.entity[:_MAX_NAME]}/{name}@{at!r}"
    verb = "is" if status == "firing" else "was"
    return Alert(
        ts=at,
        name=f"{name} {direction}",
        id=f"{origin}#{direction}",
        source="metrics",
        severity=severity_of(z).label if status == "firing" else Severity.OK.label,
        status="firing" if status == "firing" else "resolved",
        service=metric.labels.get("service"),
        entity=metric.entity,
        message=f"{name} {verb} {direction}: {metric.value:.4g}, {abs(z):.1f} scales from the half hour before",
        labels=metric.labels | {"z": f"{z:.2f}"},
    )
