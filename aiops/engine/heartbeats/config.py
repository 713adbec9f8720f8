"""Settings of heartbeats."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.durations import Duration

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class ExpectedConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A dead man's switch: each stream that matches is expected to come again and again."""

    # All of them must match an alert, in the grammar of silences.
    matchers: list[str]
    # The longest time between two messages: two or three times the sender's interval, from 30s to 31d.
    every: Duration
    # The severity of the alert that opens when nothing came for so long.
    severity: str = "high"


class HeartbeatConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Streams that are expected to come."""

    expected: list[ExpectedConfig] = []
    # A label or an annotation in which a sender declares the same of its own alert: `expected_every: 10m`.
    label: Text = "expected_every"
    # Learn which streams below the severity warning always come, and open a warning when one goes silent.
    learned: bool = True
    # Streams whose regularity is learned, about .3 KB each; the one silent for longest is forgotten first.
    streams: Annotated[int, Meta(ge=1, le=1_000_000)] = 20_000
