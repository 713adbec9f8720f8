"""Settings of deduplication."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=30 * 86_400)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


class DedupConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Fingerprints and episodes."""

    # Labels that change while the thing that alerts stays the same; they do not make an identity.
    ignore_labels: tuple[str, ...] = ("value", "z", "timestamp", "event_id", "trace_id", "span_id", "request_id")
    # A stream whose tool never sends "resolved" expires after this much silence: five times a usual repeat interval of
    # 3 min.
    quiet_s: Seconds = 900.0
    # A stream whose tool does send "resolved" stays firing much longer: tools repeat an alert as rarely as every 4
    # hours.
    stale_s: Seconds = 24 * 3600.0
    # Hysteresis of flapping: held from this many firings inside the window on, let go after a calm.
    flap_count: Count = 4
    flap_window_s: Seconds = 1800.0
    flap_calm_s: Seconds = 900.0
    # 200,000 streams take about 150 MB: twice the 100,000 active alerts that the daemon is built for.
    max_streams: Count = 200_000
    # An exact copy is known at least this many alerts back, at most twice as many: more than a Kafka consumer reads
    # again after a crash.
    max_recent: Count = 65_536
