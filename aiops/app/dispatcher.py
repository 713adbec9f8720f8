"""A worker from the configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

from aiops import registry
from aiops.config import EndpointConfig
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.endpoint_queue import EndpointQueue
from aiops.ports import Sink
from aiops.store.store import Store
from aiops.telemetry.trace import OFF, Tracer


def open_sink(endpoint: EndpointConfig) -> Sink:
    """The sink of an endpoint; raise `UsageError` for a type that is not registered or options that do not fit."""
    return cast(Sink, registry.load("aiops.sinks", endpoint.type)(endpoint.name, endpoint.options))


def open_queues(
    endpoints: Sequence[EndpointConfig], monotonic: Callable[[], float] = time.monotonic
) -> list[EndpointQueue]:
    """A queue for each endpoint; raise `UsageError`. Nothing is connected to, so that `config check` may call it."""
    return [EndpointQueue(endpoint, open_sink(endpoint), monotonic()) for endpoint in endpoints]


def open_dispatcher(
    store: Store,
    endpoints: Sequence[EndpointConfig],
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    tracer: Tracer = OFF,
) -> Dispatcher:
    """The worker for all endpoints. Raise `UsageError` for what cannot be told."""
    return Dispatcher(store, open_queues(endpoints, monotonic), clock=clock, monotonic=monotonic, tracer=tracer)
