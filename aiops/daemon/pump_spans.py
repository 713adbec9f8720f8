"""The spans of the pump: one for each batch that it takes, linked to the requests that brought it.

Attributes are of the OpenTelemetry semantic conventions where those have a name, else they begin with `aiops.`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiops.daemon.admission import Admitted
from aiops.daemon.inbox import Pending
from aiops.engine.events import Event, IncidentChanged
from aiops.telemetry.trace import NO_SPAN, OFF, Span, Tracer, Value


def begin_batch(tracer: Tracer, taken: Sequence[Pending], admitted: Admitted) -> Span:
    """Begin the span of the batches taken from the inbox at once; none for the clock alone."""
    if tracer is OFF or not taken:
        return NO_SPAN
    links = [pending.received.traceparent for pending in taken if pending.received.traceparent]
    attributes: dict[str, Value] = {
        "messaging.operation.type": "process",
        "messaging.batch.message_count": len(admitted.records),
        "aiops.batches": len(taken),
        "aiops.rejected": len(admitted.dead_letters),
        "aiops.sources": sorted(admitted.positions),
    }
    return tracer.begin("batch", links=links, attributes=attributes)


def keep_causes(tracer: Tracer, span: Span, events: Iterable[Event]) -> None:
    """Remember the batch's span for the notifications of these events."""
    if span is NO_SPAN:
        return
    for event in events:
        if isinstance(event, IncidentChanged):
            tracer.keep((event.incident.id, event.version), span)
