"""Figures of the daemon for its page: where each alert went, arrivals, mean times, the disk."""

from __future__ import annotations

import shutil
from typing import Any

from msgspec import to_builtins

from aiops.daemon.parts import Core, Neighbours
from aiops.daemon.unconfigured import unconfigured
from aiops.engine.events import DISPOSITIONS
from aiops.journal.retention import measure


def figures(core: Core, beside: Neighbours, started_at: float) -> dict[str, Any]:
    """Return the figures as plain values; `aiops.views.engine_report.Figures` has their types and units."""
    pump, now = core.pump, core.clocks.wall()
    accounts = pump.accounts
    return {
        "at": now,
        "started_at": started_at,
        "records": dict(accounts.get("records", {})),
        "placed": _placed(core),
        "alerts": to_builtins(pump.arrivals.alerts(now)),
        "tools": to_builtins(pump.arrivals.tools(now)),
        "sources": to_builtins(pump.arrivals.sources(now)),
        "stages": _stages(core),
        "disk": _disk(core),
        "open_incidents": accounts.get("open_incidents", 0),
        "storm": bool(accounts.get("storm", False)),
        "streams": accounts.get("streams", 0),
        "silences": sum(1 for one in pump.silences if one.start <= now),
        "silences_scheduled": sum(1 for one in pump.silences if one.start > now),
        "ceiling": core.config.respond.ceiling if core.config.respond.enabled else "",
        "runs_problem": beside.runs_problem,
        "unconfigured": to_builtins(unconfigured(core.config)),
    }


def _placed(core: Core) -> dict[str, int]:
    """Return the alerts by disposition; input that became no record counts as rejected."""
    placed = {**dict.fromkeys(DISPOSITIONS, 0), **core.pump.accounts.get("dispositions", {})}
    placed["rejected"] += core.pump.meta.rejected
    # Of the log since its beginning, as the dispositions are.
    placed["received"] = core.pump.accounts.get("records", {}).get("alert", 0) + core.pump.meta.rejected
    return placed


def _stages(core: Core) -> dict[str, Any]:
    """Return the number of frames and their mean time, by stage, since the start."""
    metrics = core.pump.metrics
    stages = {"journal": metrics.journal, "decide": metrics.step, "store": metrics.store, "whole": metrics.whole}
    means = {name: histogram.mean() for name, histogram in stages.items()}
    return {name: {"count": count, "mean_s": mean_s} for name, (count, mean_s) in means.items()}


def _disk(core: Core) -> dict[str, Any]:
    found: dict[str, Any] = {"journal_bytes": None, "oldest_at": None, "free_bytes": None}
    try:
        kept = measure(core.state.journal_directory)
        found["journal_bytes"] = sum(one.bytes for one in kept)
        found["oldest_at"] = kept[0].written_at if kept else None
        found["free_bytes"] = shutil.disk_usage(core.state.directory).free
    except OSError:
        # A disk with a fault: the health has its reason, and the other figures must not be lost with these.
        pass
    return found
