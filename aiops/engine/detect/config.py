"""The settings of the detection stage."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class DetectConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[detect]`.

    - `bin_s`: seconds of record time in which a stream's alerts are counted.
    - `forgetting`: what is kept of a stream's past each bin; .98 remembers 50 bins.
    - `streams`, `series`: how many alert streams and metric series are remembered (about .6 and 25 KB each).
    - `metric_fire`: robust scales at which a metric alert starts, from the last 300 samples or, before there are so
      many, from the half hour before; `metric_calm`: scales from the half hour before, below which it ends.
    - `metric_novelty`, `metric_warm`: share of the range ever seen that makes a sample new; samples before the check.
    - `window_s`: seconds of record time summed up in one feature row.
    - `batch_rows`, `batch_wait_s`: a detector scores when so many rows are waiting, or the oldest has waited so long.
    - `training_rows`: feature rows kept for training aside.
    - `ordinary_p`: with a promoted detector, warnings of an entity whose minute it finds at least this likely open no
      incident; 1 switches that off.
    """

    bin_s: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    forgetting: Annotated[float, Meta(gt=0, lt=1)] = 0.98
    streams: Annotated[int, Meta(ge=1, le=10_000_000)] = 50_000
    series: Annotated[int, Meta(ge=1, le=1_000_000)] = 4_000
    metric_fire: Annotated[float, Meta(gt=0)] = 3.0
    metric_calm: Annotated[float, Meta(gt=0)] = 1.5
    metric_novelty: Annotated[float, Meta(gt=0)] = 0.017
    metric_warm: Annotated[int, Meta(ge=50)] = 600
    window_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    batch_rows: Annotated[int, Meta(ge=1, le=100_000)] = 256
    batch_wait_s: Annotated[float, Meta(ge=0, le=86_400)] = 300.0
    training_rows: Annotated[int, Meta(ge=0, le=1_000_000)] = 4096
    ordinary_p: Annotated[float, Meta(gt=0, le=1)] = 0.3
