"""Rate anomalies: the surprise of a stream's alert rate. Gamma–Poisson, with an exact tail.

The count of a stream in a bin of record time is Poisson with a rate that drifts; the rate has a Gamma posterior whose
past is forgotten by 0.98 a bin, so the predictive of the next count is negative binomial (Gelman et al., Bayesian Data
Analysis, 2.6; forgetting: West and Harrison, Bayesian Forecasting and Dynamic Models, 6.3). It handles small counts,
cold start and over-dispersion, and reads well: "expected 1.2/min, saw 14, p = 3e-9".

Cost: O(1) amortised, about 1 µs for an alert of a busy stream, 3 µs for the first of a bin. Within a bin the tail is
computed from the first count above the mean on, at counts that grow by a quarter (1, 2 … 7, 8, 10, 12 …), and kept in
between, which is on the safe side as it can only grow; a count up to its mean is no surprise, p is given as 1. Memory:
about 550 bytes a stream.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, Final, TypedDict

from aiops.engine.detect.conformal import MIN_RING, Ring
from aiops.engine.detect.negative_binomial import MAX_NATS, tail_nats
from aiops.engine.detect.seasonality import Rhythm
from aiops.engine.fields import state

# Jeffreys' prior for a Poisson rate, with the weight of half a bin: one alert is enough to outweigh it, and a stream
# that was silent for the whole memory (50 bins) is still expected once in about 100 bins, not never.
_PRIOR_COUNT: Final = 0.5
_PRIOR_BINS: Final = 0.5
# Bins of evidence that the past is not over-dispersed. Bursty streams (an exporter that sends ten at once) have a
# variance far above Poisson; a moment estimate learns it and widens the predictive.
_PRIOR_DISPERSION: Final = 4.0
# No rate is known to better than a seventh (.02 = .14²): it moves within the memory of 50 bins.
_MIN_SPREAD: Final = 0.02
_MIN_P = 1e-304
# Closed bins of one bin of time that enter the ring. A storm closes thousands at once; with at most this many, the ring
# of 1,024 keeps more than half an hour of ordinary behaviour, and a storm does not become its own normal.
_MAX_LEARNED_A_BIN: Final = 32
# The share of silent bins is remembered over about a thousand closed bins, as long as the ring.
_SILENCE_MEMORY: Final = 0.999


class Surprise:
    """One alert's stream compared with its own past.

    `nats` is −ln p, at least 0; `gain` the part added by this alert; `p` the calibrated probability of at least `seen`
    alerts in the bin; `expected` the mean a minute; `first` is True in the first bin of a stream, which is compared
    with other streams' first bins. One object belongs to one `Streams` and is overwritten by the next call: copy the
    values to keep.
    """

    __slots__ = ("expected", "first", "gain", "nats", "p", "seen")

    def __init__(self) -> None:
        self.nats = 0.0
        self.gain = 0.0
        self.p = 1.0
        self.expected = 0.0
        self.seen = 0
        self.first = False

    def sentence(self) -> str:
        """For people: `expected 1.2/min, saw 14, p = 3e-09`."""
        if self.first:
            return f"new stream, saw {self.seen}, p = {self.p:.2g} among new streams"
        return f"expected {self.expected:.2g}/min, saw {self.seen}, p = {self.p:.2g}"


@state(acyclic=True)
class Counted:
    """One stream: the open bin, and what is remembered of the closed ones (all decayed sums).

    `factor` is that of the hour that the bin lies in, `check` the count at which it is judged again, `raw` the nats
    before calibration; `mass` Σ counts, `bins` Σ exposure in bins, `excess` Σ (count − mean)² − count, `power` Σ mean².
    """

    key: str
    bin: int
    count: int = 0
    first: bool = True
    factor: float = 1.0
    mean: float = 0.0
    shape: float = 1.0
    check: int = 1
    raw: float = 0.0
    nats: float = 0.0
    p: float = 1.0
    mass: float = 0.0
    bins: float = 0.0
    excess: float = 0.0
    power: float = 0.0


class CountedState(TypedDict):
    """The state of `Streams` in snapshots."""

    streams: list[Counted]
    ring: list[float]
    first: list[float]
    rhythm: Any
    families: list[tuple[str, str, str]]
    shared: tuple[float, float, int, int, float, int]


class Streams:
    """All streams, with the calibration and the weekly rhythm that they share.

    `cap` streams are kept; beyond it the one that has been silent longest is forgotten: its rate has decayed to the
    prior anyway. A stream that opens inherits the memory of the one that its family (alert name and workload) opened
    last: the first alert of a new pod is no first of its workload.
    """

    def __init__(self, cap: int = 50_000, bin_s: float = 60.0, forgetting: float = 0.98, ring: int = 1024) -> None:
        self.cap = cap
        self.bin_s = bin_s
        self.forgetting = forgetting
        self.forgotten = 0
        self._streams: OrderedDict[str, Counted] = OrderedDict()
        # The key of the stream that a family opened last; what is left of forgotten ones is replaced in time.
        self._families: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._ring = Ring(ring)
        self._first = Ring(256)
        self._rhythm = Rhythm()
        self._closed = 0.0  # closed bins with an alert, decayed
        self._total = 0.0  # closed bins, silent ones included, decayed
        self._bin = 0  # the latest bin of any stream, and how many closed bins entered the ring in it
        self._learned = 0
        self._factor = 1.0
        self._out = Surprise()

    def __len__(self) -> int:
        return len(self._streams)

    def see(self, ts: float, key: str, name: str = "", workload: str = "") -> Surprise:
        """Count one alert of stream `key` at `ts`; the returned object is overwritten by the next call.

        `name` and `workload` are its family; without a workload it has none. A late alert counts in the stream's open
        bin: nothing is dropped, and closed bins stay closed.
        """
        at = int(ts // self.bin_s)
        if at > self._bin:
            self._bin = at
            self._learned = 0
            self._rhythm.turn(ts)
            self._factor = self._rhythm.factor
        stream = self._streams.get(key)
        if stream is None:
            stream = self._open(key, at)
            if workload:
                self._inherit(stream, (name, workload), at)
        elif at > stream.bin:
            self._roll(stream, at)
            self._streams.move_to_end(key)
        stream.count += 1
        out = self._out
        if stream.count >= stream.check:
            before = stream.nats
            self._judge(stream)
            out.gain = stream.nats - before
        else:
            out.gain = 0.0
        out.nats = stream.nats
        out.p = stream.p
        out.expected = stream.mean * 60.0 / self.bin_s
        out.seen = stream.count
        out.first = stream.first
        return out

    def set_back(self, now: float) -> None:
        """Let no bin lie ahead of the one of `now`: engine time was set back."""
        latest = int(now // self.bin_s)
        self._bin = min(self._bin, latest)
        for stream in self._streams.values():
            stream.bin = min(stream.bin, latest)
        self._rhythm.set_back(now)

    def _open(self, key: str, at: int) -> Counted:
        if len(self._streams) >= self.cap:
            self._streams.popitem(last=False)
            self.forgotten += 1
        stream = self._streams[key] = Counted()
        stream.key, stream.bin = key, at
        stream.factor = self._factor
        return stream

    def _inherit(self, stream: Counted, family: tuple[str, str], at: int) -> None:
        """Take over the memory of the family's latest stream, where that has closed a bin."""
        known = self._families.get(family)
        latest = self._streams.get(known) if known is not None else None
        self._families[family] = stream.key
        self._families.move_to_end(family)
        if len(self._families) > self.cap:
            self._families.popitem(last=False)
        if latest is None or (latest.first and at <= latest.bin):
            return
        stream.mass, stream.bins = latest.mass, latest.bins
        stream.excess, stream.power = latest.excess, latest.power
        if at > latest.bin:
            # Its open bin lies in the past. What all streams share learns that from the stream itself.
            stream.bin, stream.count, stream.first = latest.bin, latest.count, latest.first
            stream.mean, stream.factor = latest.mean, latest.factor
            self._turn(stream, at)
        else:
            stream.first, stream.bin = False, latest.bin
            self._predict(stream)

    def _judge(self, stream: Counted) -> None:
        """Compute the tail for the count so far, and the count at which it is worth computing again."""
        count = stream.count
        stream.check = count + 1 if count < 8 else count + (count >> 2)
        if stream.first:
            stream.p = p = self._first.tail(math.log(count)) if len(self._first) >= MIN_RING else 1.0
        else:
            stream.raw = raw = tail_nats(count, stream.shape, stream.mean)
            stream.p = p = self.calibrated(raw)
        stream.nats = -math.log(p) if p > _MIN_P else MAX_NATS

    def calibrated(self, nats: float) -> float:
        """The p-value of a raw tail: its rank among closed bins, times the share of bins that were not silent."""
        if len(self._ring) < MIN_RING:
            return math.exp(-nats)
        active_share = self._closed / self._total if self._total > 0.0 else 1.0
        return min(1.0, active_share * self._ring.tail(nats))

    def _roll(self, stream: Counted, at: int) -> None:
        """Close the open bin, pass the silent ones, open bin `at`."""
        self._learn(stream, at - stream.bin - 1)
        self._turn(stream, at)

    def _turn(self, stream: Counted, at: int) -> None:
        """Move the open bin and the silent ones into the memory."""
        silent = at - stream.bin - 1
        forget = self.forgetting
        count, mean = stream.count, stream.mean
        if not stream.first:
            gap = count - mean
            stream.excess = forget * stream.excess + gap * gap - count
            stream.power = forget * stream.power + mean * mean
        stream.mass = forget * stream.mass + count
        stream.bins = forget * stream.bins + stream.factor
        if silent:
            self._pass(stream, silent)
        stream.first = False
        stream.bin = at
        stream.count = 0
        stream.factor = self._factor
        self._predict(stream)

    def _pass(self, stream: Counted, silent: int) -> None:
        """Take in `silent` bins without an alert at once; their squared means are summed at the mean half way."""
        forget = self.forgetting
        kept = forget**silent
        weight = (1.0 - kept) / (1.0 - forget)
        half = math.sqrt(kept)
        mean = (_PRIOR_COUNT + stream.mass * half) / (_PRIOR_BINS + stream.bins * half + weight * half)
        stream.excess = kept * stream.excess + weight * mean * mean
        stream.power = kept * stream.power + weight * mean * mean
        stream.mass *= kept
        stream.bins = kept * stream.bins + weight

    def _predict(self, stream: Counted) -> None:
        """Mean and shape of the count that the opened bin should have, and the count from which it is judged."""
        count = _PRIOR_COUNT + stream.mass
        stream.mean = mean = count / (_PRIOR_BINS + stream.bins) * stream.factor
        spread = stream.excess / (stream.power + _PRIOR_DISPERSION * mean * mean)
        stream.shape = count / (1.0 + count * max(spread, _MIN_SPREAD))
        stream.check = int(mean) + 1
        stream.raw = stream.nats = 0.0
        stream.p = 1.0

    def _learn(self, stream: Counted, silent: int) -> None:
        """Let the closed bin teach what all streams share."""
        if stream.first:
            self._first.add(math.log(stream.count))
            return
        self._closed = _SILENCE_MEMORY * self._closed + 1.0
        self._total = _SILENCE_MEMORY * self._total + 1.0 + silent
        self._rhythm.learn(stream.bin * self.bin_s, stream.count, stream.mean)
        if self._learned < _MAX_LEARNED_A_BIN:
            self._learned += 1
            # The last judgement may be of a lower count; a count up to the mean was not judged and is no surprise.
            judged = stream.raw == 0.0 or stream.check == stream.count + 1
            self._ring.add(stream.raw if judged else tail_nats(stream.count, stream.shape, stream.mean))

    def dump(self) -> CountedState:
        """The state, as what msgspec can encode."""
        return {
            "streams": list(self._streams.values()),
            "ring": self._ring.dump(),
            "first": self._first.dump(),
            "rhythm": self._rhythm.dump(),
            "families": [(name, workload, key) for (name, workload), key in self._families.items()],
            "shared": (self._closed, self._total, self._bin, self._learned, self._factor, self.forgotten),
        }

    def load(self, state: CountedState) -> None:
        """Take the state of a `dump`."""
        self._streams = OrderedDict((each.key, each) for each in state["streams"])
        self._families = OrderedDict(((name, workload), key) for name, workload, key in state["families"])
        self._ring.load(state["ring"])
        self._first.load(state["first"])
        self._rhythm.load(state["rhythm"])
        self._closed, self._total, self._bin, self._learned, self._factor, self.forgotten = state["shared"]
