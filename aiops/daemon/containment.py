"""Faults that were contained: records that could not be processed, and failures of plugged-in models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from aiops.daemon.parts import Core
from aiops.engine.model_faults import PORTS
from aiops.telemetry.metrics import Family
from aiops.wording import plural

# A day: every shift sees it, and it does not stay for ever.
_SHOWN_S = 86_400.0
# Records that health names; all are among the dead letters.
_NAMED = 5


def skipped_health(core: Core) -> dict[str, Any]:
    """Return the number of records that were set aside since the journal's beginning, and the newest."""
    skips = list(core.pump.processor.skips.all.values())
    return {"count": len(skips), "newest": [asdict(skip) for skip in skips[-_NAMED:]]}


def contained_warnings(core: Core, faults_before: Mapping[str, int]) -> list[str]:
    """Return sentences about the faults of the last 24 hours."""
    since = core.clocks.wall() - _SHOWN_S
    fresh = [skip for skip in list(core.pump.processor.skips.all.values()) if skip.at >= since]
    warnings = list(core.state.warnings) if core.state.opened_at >= since else []
    if fresh:
        newest = fresh[-1]
        records = plural(len(fresh), "record")
        warnings.append(
            f"{records} could not be processed and went to the dead letters in the last 24 hours; "
            f"the newest is record {newest.seq}: {newest.reason}"
        )
    for port, count in sorted(core.pump.accounts.get("faults", {}).items()):
        count -= faults_before.get(port, 0)
        if count > 0:
            times = "once" if count == 1 else f"{count} times"
            warnings.append(f"the model of {port} failed {times} since the start: incidents lack its part")
    return warnings


def contained_families(core: Core) -> list[Family]:
    """Return the metrics of contained faults."""
    accounts = core.pump.accounts
    faults = Family("aiops_model_faults_total", "counter", "Faults of models, by port, since the log began.")
    for port in PORTS:
        faults.add(accounts.get("faults", {}).get(port, 0), port=port)
    skipped = Family("aiops_records_skipped_total", "counter", "Records that the engine could not process.")
    return [skipped.add(accounts.get("skipped", 0)), faults]
