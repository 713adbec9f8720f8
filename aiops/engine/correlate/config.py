"""The configuration of correlation."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class CorrelateConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """How alerts are joined.

    `sensitivity`: higher joins more. `idle_s`: a cluster that was silent for so many seconds is closed; above a
    sensitivity of .5 so many seconds times its odds, up to an hour, as what comes late would otherwise never be joined.
    `background`: give chronic and periodic streams clusters of their own.
    """

    sensitivity: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 120.0
    background: bool = True
