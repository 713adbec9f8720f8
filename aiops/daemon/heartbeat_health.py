"""Health and metrics of heartbeats: what is expected, silent, and cut off."""

from __future__ import annotations

from typing import Any

from aiops.daemon.parts import Core
from aiops.telemetry.metrics import Family
from aiops.wording import plural


def heartbeat_health(core: Core) -> dict[str, Any]:
    """Return the numbers of expected and learned streams; not ok where an expectation was refused."""
    found: dict[str, Any] = core.pump.accounts.get("heartbeats", {})
    refused = found.get("refused", 0)
    detail = f"{plural(refused, 'expectation')} of senders refused; the audit has the reason" if refused else ""
    return {"ok": not refused, "detail": detail, **found}


def heartbeat_families(core: Core) -> list[Family]:
    """Return the metrics of heartbeats."""
    found = core.pump.accounts.get("heartbeats", {})
    streams = Family("aiops_heartbeats", "gauge", "Streams that are expected, learned to come, or silent.")
    for state in ("expected", "learned", "silent"):
        streams.add(found.get(state, 0), state=state)
    refused = Family("aiops_heartbeats_refused_total", "counter", "Expectations of senders that were refused.")
    refused.add(found.get("refused", 0))
    return [streams, refused]
