"""Quantiles of many durations in constant memory."""

from __future__ import annotations

# Durations are kept with so many leading bits: an error below 0.8 %.
_BITS = 7


class Spread:
    """Counts nanoseconds in buckets whose width is below 0.8 % of their value."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.total = 0
        self.largest = 0

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        shift = max(0, duration_ns.bit_length() - _BITS - 1)
        key = duration_ns >> shift << shift
        self.counts[key] = self.counts.get(key, 0) + 1
        self.total += 1
        self.largest = max(self.largest, duration_ns)

    def mean(self) -> float:
        """The mean in µs, to the precision of the buckets; 0 when there are none.

        >>> spread = Spread()
        >>> for duration_ns in (1_000, 3_000):
        ...     spread.add(duration_ns)
        >>> round(spread.mean(), 1)
        2.0
        """
        return sum(key * count for key, count in self.counts.items()) / self.total / 1e3 if self.total else 0.0

    def quantile(self, share: float) -> float:
        """The duration in µs that `share` of all stay below; 0 when there are none.

        >>> spread = Spread()
        >>> for duration_ns in range(1, 1_001):
        ...     spread.add(duration_ns * 1_000)
        >>> [spread.quantile(share) // 10 for share in (0.5, 0.99, 0.999)]
        [49.0, 98.0, 99.0]
        """
        left = share * self.total
        for key in sorted(self.counts):
            left -= self.counts[key]
            if left <= 0:
                return key / 1e3
        return self.largest / 1e3
