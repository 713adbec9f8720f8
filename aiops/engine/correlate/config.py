"""The configuration of correlation."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class CorrelateConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """The settings of joining.

    `sensitivity`: higher joins more. `idle_s`: a cluster without an alert for this many seconds is closed; above a
    sensitivity of .5 the time is multiplied by its odds, up to an hour, as a late alert could otherwise never join.
    `background`: give constant and periodic streams clusters of their own.
    """

    sensitivity: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 120.0
    background: bool = True
