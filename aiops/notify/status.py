"""What the worker says of itself: health for people, metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiops.notify.endpoint_queue import EndpointQueue
from aiops.telemetry.metrics import Family


def health(queues: Mapping[str, EndpointQueue], at: float, disk_error: str = "") -> dict[str, Any]:
    """`ok` is False while an endpoint is disabled or left alone, or the disk refuses answers."""
    endpoints = {name: state(queue, at) for name, queue in queues.items()}
    unwell = [f"endpoint {name}: {one['detail']}" for name, one in endpoints.items() if not one["ok"]]
    reasons = [disk_error, *unwell] if disk_error else unwell
    return {"ok": not reasons, "detail": "; ".join(reasons), "endpoints": endpoints}


def state(queue: EndpointQueue, at: float) -> dict[str, Any]:
    """`{"ok": bool, "detail": str, "breaker": str, "disabled": bool, "in_flight": int, "results": {…}}`."""
    breaker = queue.breaker_state(at)
    way_back = f"`aiops outbox enable {queue.name}` tells it again"
    return {
        "ok": queue.disabled is None and breaker == "closed",
        "detail": f"disabled: {queue.disabled}; {way_back}" if queue.disabled is not None else queue.last_error,
        "breaker": breaker,
        "disabled": queue.disabled is not None,
        "in_flight": queue.in_flight,
        "results": dict(queue.results),
    }


def families(queues: Mapping[str, EndpointQueue], at: float) -> list[Family]:
    """All metrics of delivery."""
    attempts = Family("aiops_delivery_attempts_total", "counter", "Attempts by endpoint and result.")
    attempt_s = Family("aiops_delivery_attempt_seconds", "histogram", "Time until a receiver answered.")
    lag_s = Family("aiops_delivery_lag_seconds", "histogram", "From the time a message was due until it was delivered.")
    up = Family("aiops_endpoint_up", "gauge", "1 while an endpoint is told; 0 while it is disabled or left alone.")
    disabled = Family("aiops_endpoint_disabled", "gauge", "1 for an endpoint that answered that it is gone.")
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
