"""A worker from the configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

from aiops import registry
from aiops.config import EndpointConfig
from aiops.notify.dispatcher import Worker
from aiops.notify.endpoint_queue import Lane
from aiops.ports import Sink
from aiops.store.store import Store
from aiops.telemetry.trace import OFF, Tracer


def open_sink(endpoint: EndpointConfig) -> Sink:
    """The sink of an endpoint; raise `UsageError` for a type that is not registered or options that do not fit."""
    return cast(Sink, registry.load("aiops.sinks", endpoint.type)(endpoint.name, endpoint.options))


def open_lanes(endpoints: Sequence[EndpointConfig], monotonic: Callable[[], float] = time.monotonic) -> list[Lane]:
    """A lane for each endpoint; raise `UsageError`. Nothing is connected to, so that `config check` may call it."""
    return [Lane(endpoint, open_sink(endpoint), monotonic()) for endpoint in endpoints]


def open_worker(
    store: Store,
    endpoints: Sequence[EndpointConfig],
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    tracer: Tracer = OFF,
) -> Worker:
    """The worker for all endpoints. Raise `UsageError` for what cannot be told."""
    return Worker(store, open_lanes(endpoints, monotonic), clock=clock, monotonic=monotonic, tracer=tracer)
