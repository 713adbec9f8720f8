"""Health and metrics of delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiops.notify.endpoint_queue import EndpointQueue
from aiops.telemetry.metrics import Family


def health(queues: Mapping[str, EndpointQueue], at: float, disk_error: str = "") -> dict[str, Any]:
    """Return the health; not ok while an endpoint is disabled, its breaker is open, or the disk fails."""
    endpoints = {name: state(queue, at) for name, queue in queues.items()}
    unwell = [f"endpoint {name}: {one['detail']}" for name, one in endpoints.items() if not one["ok"]]
    reasons = [disk_error, *unwell] if disk_error else unwell
    return {"ok": not reasons, "detail": "; ".join(reasons), "endpoints": endpoints}


def state(queue: EndpointQueue, at: float) -> dict[str, Any]:
    """Return `{"ok": bool, "detail": str, "breaker": str, "disabled": bool, …}` of one endpoint."""
    breaker = queue.breaker_state(at)
    way_back = f"`aiops outbox enable {queue.name}` enables it again"
    return {
        "ok": queue.disabled is None and breaker == "closed",
        "detail": f"disabled: {queue.disabled}; {way_back}" if queue.disabled is not None else queue.last_error,
        "breaker": breaker,
        "disabled": queue.disabled is not None,
        "in_flight": queue.in_flight,
        "results": dict(queue.results),
        "type": queue.config.type,
        "fallback": queue.config.fallback,
    }


def families(queues: Mapping[str, EndpointQueue], at: float) -> list[Family]:
    """Return the metrics of delivery."""
    attempts = Family("aiops_delivery_attempts_total", "counter", "Attempts by endpoint and result.")
    attempt_s = Family("aiops_delivery_attempt_seconds", "histogram", "Time until a receiver answered.")
    lag_s = Family("aiops_delivery_lag_seconds", "histogram", "From the time a message was due until it was delivered.")
    up = Family("aiops_endpoint_up", "gauge", "1 if notifications are sent; 0 if disabled or the breaker is open.")
    disabled = Family("aiops_endpoint_disabled", "gauge", "1 for an endpoint that answered 410 Gone and is disabled.")
    flying = Family("aiops_endpoint_in_flight", "gauge", "Attempts under way.")
    for name, queue in queues.items():
        for result, count in queue.results.items():
            attempts.add(count, endpoint=name, result=result)
        attempt_s.add_histogram(queue.attempt_s, endpoint=name)
        lag_s.add_histogram(queue.lag_s, endpoint=name)
        up.add(float(queue.disabled is None and queue.breaker_state(at) == "closed"), endpoint=name)
        disabled.add(float(queue.disabled is not None), endpoint=name)
        flying.add(queue.in_flight, endpoint=name)
    return [attempts, attempt_s, lag_s, up, disabled, flying]
