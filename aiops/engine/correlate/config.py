"""The configuration of correlation."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class CorrelateConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """The settings of joining.

    `sensitivity`: higher joins more; the prior in nats is 2.5 times its log-odds. `idle_s`: a cluster without an alert
    for this many seconds rests: parts that nothing ties leave it, and strangers join it no more, but for alerts with a
    service, which may after 15 minutes. Above a sensitivity of .5 the time is multiplied by its odds, up to an hour, as
    a late alert could otherwise never join. `rest_s`: so long after its last alert its own streams may return to it; an
    hourly job returns, and a crash loop ends its longest pause. `background`: give constant and periodic streams
    clusters of their own. `lessons`: what people corrected counts for alerts like those.
    """

    sensitivity: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 120.0
    rest_s: Annotated[float, Meta(ge=1, le=604_800)] = 5400.0
    background: bool = True
    lessons: bool = True
