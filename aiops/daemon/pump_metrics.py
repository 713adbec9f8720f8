"""Measurements of the pump."""

from __future__ import annotations

from aiops.telemetry.metrics import Histogram


class PumpMetrics:
    """Latencies in seconds, and counts since the start; written by the pump, read by any thread."""

    def __init__(self) -> None:
        # From `put` until the pump takes the batch.
        self.queue = Histogram()
        # Encoding, writing and syncing one frame.
        self.journal = Histogram()
        self.step = Histogram()
        # One transaction with incidents, outbox and audit.
        self.store = Histogram()
        # From `put` until the store has what the batch caused.
        self.whole = Histogram()
        # The time that the engine stood still for a snapshot.
        self.snapshot = Histogram()
        self.records = 0
        self.disk_errors = 0
        self.journaled_at = 0.0

    def refused(self) -> None:
        """Count a commit that the disk refused."""
        self.disk_errors += 1

    def journaled(self, seconds: float, records: int, now: float) -> None:
        """Count a frame that was committed."""
        self.journal.observe(seconds)
        self.records += records
        self.journaled_at = now
