"""Metric samples become anomaly alerts: a local, two-sided, robust comparison of now with just before.

Now is the median of the last 5 minutes, before the median of the 25 minutes that precede them; the difference is
measured in a robust scale, which is the largest of the local interquartile range, a quarter of the long-run one, and a
small share of the median (so that a flat series does not alert at its first flicker). A whole day as the baseline
makes nearly everything alert during an incident; the local one finds what changed with it.

Samples are folded into slots of one minute (their mean), so cost and memory do not depend on the sampling rate: about
5 µs a sample, about 2.5 KB a series.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import OrderedDict, deque
from typing import Any

from aiops.records import Alert, Metric, Severity

_SLOT_S = 60.0
_AFTER = 5  # slots of "now": 5 minutes
_BEFORE = 25  # slots of "before": 25 minutes
# Fewer slots than this give no interquartile range worth the name.
_MIN_BEFORE = 8
# Every 11th closed slot enters the long-run ring: at one slot a minute, 128 of them cover a day.
_LONG, _STRIDE = 128, 11
# A gap of half an hour leaves nothing local to compare with.
_MAX_GAP_S = 1800.0
# While an alert fires the baseline stands still, or the fault would become normal after five minutes; after an hour
# the new level is accepted, or a series that moved for good would fire for ever.
_MAX_HOLD_S = 3600.0
# Slots in a row within the lower threshold that end an alert: one calm minute inside a fault is common.
_CALM_SLOTS = 3
_MAX_NAME = 1000
# Shares of the median under which a change does not matter, by what the metric's name says it is.
_SHARE = 0.02
_SHARES = {
    0.001: ("availab", "success", "uptime", "hit_ratio", "hit_rate"),
    0.01: ("latency", "duration", "response_time", "lat_", "_p50", "_p9"),
}


def share_of(name: str) -> float:
    """The share of the median that counts as a change for this kind of metric.

    >>> share_of("node_cpu"), share_of("Availability"), share_of("request_latency_p99")
    (0.02, 0.001, 0.01)
    """
    lowered = name.lower()
    for share, words in _SHARES.items():
        if any(word in lowered for word in words):
            return share
    return _SHARE


def _median(ordered: list[float]) -> float:
    middle = len(ordered) >> 1
    return ordered[middle] if len(ordered) & 1 else 0.5 * (ordered[middle - 1] + ordered[middle])


def _spread(ordered: list[float]) -> float:
    """Interquartile range of a sorted list, by the nearest ranks."""
    last = len(ordered) - 1
    return ordered[(3 * last + 2) // 4] - ordered[(last + 2) // 4]


class Series:
    """One series: the slots of the last half hour, and a thin sample of the last day."""

    __slots__ = ("after", "before", "calm", "closed", "count", "firing", "long", "since", "slot", "sorted", "total")

    def __init__(self) -> None:
        self.slot = -1
        self.total = 0.0
        self.count = 0
        self.after: deque[float] = deque()
        self.before: deque[float] = deque()
        self.sorted: list[float] = []
        self.long: deque[float] = deque(maxlen=_LONG)
        self.closed = 0
        self.firing = 0  # the side: 1 high, -1 low, 0 none
        self.since = 0.0
        self.calm = 0

    def add(self, ts: float, value: float) -> bool:
        """Put a sample into its slot; True when a slot was closed by it. A late sample counts in the open slot."""
        slot = int(ts // _SLOT_S)
        if slot <= self.slot:
            self.total += value
            self.count += 1
            return False
        closed = self.slot >= 0
        if closed:
            if (slot - self.slot) * _SLOT_S > _MAX_GAP_S and not self._slow():
                self._forget()
            self._close(self.total / self.count, ts)
        self.slot = slot
        self.total = value
        self.count = 1
        return closed

    def _slow(self) -> bool:
        """A series sampled so rarely that each of its gaps is long is compared sample by sample."""
        return self.firing == 0 and len(self.before) + len(self.after) < _MIN_BEFORE

    def _forget(self) -> None:
        self.after.clear()
        self.before.clear()
        self.sorted.clear()

    def _close(self, value: float, ts: float) -> None:
        self.closed += 1
        if self.closed % _STRIDE == 0:
            self.long.append(value)
        self.after.append(value)
        if len(self.after) <= _AFTER:
            return
        leaving = self.after.popleft()
        if self.firing and ts - self.since < _MAX_HOLD_S:
            return
        if len(self.before) >= _BEFORE:
            oldest = self.before.popleft()
            del self.sorted[bisect_left(self.sorted, oldest)]
        self.before.append(leaving)
        insort(self.sorted, leaving)

    def magnitude(self, share: float) -> float:
        """How far now is from before, in robust scales, signed; 0 while there is too little to compare with."""
        if len(self.before) < _MIN_BEFORE or not self.after:
            return 0.0
        centre = _median(self.sorted)
        scale = max(_spread(self.sorted), share * abs(centre))
        if len(self.long) >= _MIN_BEFORE:
            scale = max(scale, 0.25 * _spread(sorted(self.long)))
        now = _median(sorted(self.after))
        if scale <= 0.0:
            # A flat zero that moves: any scale is arbitrary, so the move counts as one of the new level.
            return 0.0 if now == centre else math.copysign(_FLAT, now - centre)
        return (now - centre) / scale


# What a series that was exactly constant scores when it moves: clearly an anomaly, not an infinite one.
_FLAT = 10.0


class Metrics:
    """All series; beyond `cap` the one longest without a sample goes, whose baseline would be stale first."""

    def __init__(self, cap: int = 10_000, fire: float = 3.0, calm: float = 1.5) -> None:
        self.cap = cap
        self.fire = fire
        self.calm = calm
        self.forgotten = 0
        self._series: OrderedDict[str, Series] = OrderedDict()
        self._shares: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._series)

    def see(self, metric: Metric) -> Alert | None:
        """Take in a sample; a firing alert where its series leaves normal, a resolved one where it comes back.

        A value that is not finite is ignored: it says that the exporter failed, not what the metric is.
        """
        if not math.isfinite(metric.value):
            return None
        key = f"{metric.entity}\x1f{metric.name}"
        series = self._series.get(key)
        if series is None:
            series = self._open(key)
        else:
            self._series.move_to_end(key)
        if not series.add(metric.ts, metric.value):
            return None
        return self._judge(series, metric)

    def _open(self, key: str) -> Series:
        if len(self._series) >= self.cap:
            self._series.popitem(last=False)
            self.forgotten += 1
        series = self._series[key] = Series()
        return series

    def _judge(self, series: Series, metric: Metric) -> Alert | None:
        z = series.magnitude(share_of(metric.name))
        if not series.firing:
            if abs(z) < self.fire:
                return None
            series.firing = 1 if z > 0 else -1
            series.since = metric.ts
            series.calm = 0
            return alert_of(metric, z, series.firing, "firing")
        series.calm = series.calm + 1 if abs(z) < self.calm or z * series.firing < 0 else 0
        if series.calm < _CALM_SLOTS:
            return None
        side, series.firing = series.firing, 0
        return alert_of(metric, z, side, "resolved")

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        rows = []
        for key, series in self._series.items():
            row = [getattr(series, slot) for slot in Series.__slots__]
            rows.append([key, *(list(value) if isinstance(value, deque) else value for value in row)])
        return {"series": rows, "forgotten": self.forgotten}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._series.clear()
        self.forgotten = state["forgotten"]
        for key, *values in state["series"]:
            series = self._series[key] = Series()
            for slot, value in zip(Series.__slots__, values, strict=True):
                held = getattr(series, slot)
                setattr(series, slot, deque(value, held.maxlen) if isinstance(held, deque) else value)


def severity_of(z: float) -> Severity:
    """The severity that a magnitude stands for: 3 scales are a warning, 6 are high, 20 are critical.

    >>> severity_of(-7.0).label, severity_of(3.2).label
    ('high', 'warning')
    """
    size = abs(z)
    if size >= 20.0:
        return Severity.CRITICAL
    return Severity.HIGH if size >= 6.0 else Severity.WARNING


def alert_of(metric: Metric, z: float, side: int, status: str) -> Alert:
    """The alert record of an anomaly. Identity is entity, name and side; `labels["z"]` is the signed magnitude."""
    direction = "high" if side > 0 else "low"
    name = f"{metric.name[:_MAX_NAME]} {direction}"
    origin = metric.id or f"{metric.entity[:_MAX_NAME]}/{metric.name[:_MAX_NAME]}@{metric.ts!r}"
    labels = dict(metric.labels)
    labels["z"] = f"{z:.2f}"
    verb = "is" if status == "firing" else "was"
    told = f"{verb} {direction}: {metric.value:.4g}, {abs(z):.1f} scales from the half hour before"
    return Alert(
        ts=metric.ts,
        name=name,
        id=f"{origin}#{direction}",
        source="metrics",
        severity=severity_of(z).label if status == "firing" else Severity.OK.label,
        status="firing" if status == "firing" else "resolved",
        service=metric.labels.get("service"),
        entity=metric.entity,
        message=f"{metric.name[:_MAX_NAME]} {told}",
        labels=labels,
    )
