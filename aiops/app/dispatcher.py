"""Open the dispatcher of notifications from a configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import cast

from aiops import registry
from aiops.config import DEFAULT_ZONE, EndpointConfig
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.endpoint_queue import EndpointQueue
from aiops.notify.policy import EndpointPolicy
from aiops.ports import Sink
from aiops.store.store import Store
from aiops.telemetry.trace import OFF, Tracer


def open_sink(endpoint: EndpointConfig) -> Sink:
    """Return the sink of an endpoint; raise `UsageError` for an unknown type or wrong options."""
    return cast(Sink, registry.load("aiops.sinks", endpoint.type)(endpoint.name, endpoint.options))


def open_queues(
    endpoints: Sequence[EndpointConfig],
    monotonic: Callable[[], float] = time.monotonic,
    zone: str = DEFAULT_ZONE,
    reminds: Collection[str] = (),
) -> list[EndpointQueue]:
    """Return a queue for each endpoint; raise `UsageError` for one that cannot work.

    `reminds` names those to which routes send reminders. Nothing is connected to: `aiops config check` uses it, too.
    """
    return [
        EndpointQueue(endpoint, open_sink(endpoint), monotonic(), zone=zone, reminds=endpoint.name in reminds)
        for endpoint in endpoints
    ]


def open_dispatcher(
    store: Store,
    endpoints: Sequence[EndpointConfig],
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    tracer: Tracer = OFF,
    zone: str = DEFAULT_ZONE,
    policy: EndpointPolicy | None = None,
) -> Dispatcher:
    """Return the dispatcher for all endpoints; raise `UsageError` for one that cannot work.

    `policy` knows the routes, and when they may send reminders.
    """
    reminds = policy.routes.reminds if policy is not None else frozenset[str]()
    return Dispatcher(
        store,
        open_queues(endpoints, monotonic, zone, reminds),
        clock=clock,
        monotonic=monotonic,
        tracer=tracer,
        may_remind=policy.may_remind if policy is not None else lambda plan, now: True,
    )
