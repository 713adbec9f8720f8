"""Spans of the pump: linked to the requests that brought a batch, and kept for what it causes."""

from __future__ import annotations

from typing import Any

from aiops.daemon.admission import Admitted
from aiops.daemon.inbox import Pending
from aiops.daemon.pump_spans import begin_batch, keep_causes
from aiops.engine.events import IncidentChanged, Notice
from aiops.ports import Received
from aiops.records import Incident, Tick
from aiops.telemetry.trace import NO_SPAN, OFF

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Recording:
    """A tracer that keeps what it is asked for."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Any, Any]] = []
        self.kept: list[tuple[Any, Any]] = []

    def begin(self, name: str, **more: Any) -> object:
        self.begun.append((name, more["links"], more["attributes"]))
        return object()

    def keep(self, key: Any, span: Any) -> None:
        self.kept.append((key, span))


def taken(*parents: str) -> list[Pending]:
    return [Pending(Received([Tick(ts=1.0)], traceparent=parent), 0.0) for parent in parents]


def admitted() -> Admitted:
    return Admitted([Tick(ts=1.0), Tick(ts=2.0)], b"", [], {"kafka": {"t/0": 3}})


def test_batch_is_linked_to_the_requests_that_were_traced() -> None:
    tracer: Any = Recording()
    begin_batch(tracer, taken(PARENT, ""), admitted())
    [(name, links, attributes)] = tracer.begun
    assert (name, links) == ("batch", [PARENT])
    assert (attributes["messaging.batch.message_count"], attributes["aiops.batches"]) == (2, 2)
    assert attributes["aiops.sources"] == ["kafka"]


def test_clock_alone_and_tracing_that_is_off_have_no_span() -> None:
    tracer: Any = Recording()
    assert begin_batch(tracer, [], admitted()) is NO_SPAN
    assert begin_batch(OFF, taken(PARENT), admitted()) is NO_SPAN
    assert tracer.begun == []


def test_span_is_kept_for_each_change_of_an_incident() -> None:
    tracer: Any = Recording()
    changed = IncidentChanged(1, 1.0, "opened", Incident(id="i"), 3, [])
    keep_causes(tracer, object(), [Notice(1, "storm", "begins"), changed])  # type: ignore[arg-type]
    assert [key for key, _ in tracer.kept] == [("i", 3)]
    keep_causes(tracer, NO_SPAN, [changed])
    assert len(tracer.kept) == 1
