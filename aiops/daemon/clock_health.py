"""Health and metrics of clocks: the engine's, the host's, and those of senders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiops.daemon.clocks import STEADY, SteadyClock
from aiops.daemon.parts import Core
from aiops.telemetry.metrics import Family
from aiops.wording import duration, plural

# Clocks of hosts that use a time server agree to within a second; a minute is wrong by any standard.
WARN_S = 60.0
# A set-back is shown for this long: within the hour it explains why something seems odd.
SHOWN_S = 3600.0


def clock_health(core: Core) -> dict[str, Any]:
    """Return `ok` unless a clock is off by more than a minute.

    `sources` holds the seconds that a sender's clock is ahead, negative when late. `absurd` counts alerts with a time
    that no clock gives.
    """
    accounts, offsets = core.pump.accounts, core.pump.offsets.estimates()
    ahead_s = accounts.get("clock_ahead_s", 0.0)
    clock = core.clocks.wall
    steps = clock.steps if isinstance(clock, SteadyClock) else STEADY
    is_recent = steps.count and clock() - steps.taken_at <= SHOWN_S
    found = []
    if steps.pending_s:
        found.append(f"the host's clock jumped {_step(steps.pending_s)}")
    elif is_recent and abs(steps.taken_s) > WARN_S:
        found.append(f"the host's clock jumped {_step(steps.taken_s)} within the last hour, and is followed")
    if ahead_s > WARN_S:
        found.append(f"engine time is {duration(ahead_s)} ahead of the host's clock, and is set back if that lasts")
    if accounts.get("set_backs") and clock() - accounts["set_back_at"] <= SHOWN_S:
        found.append("engine time was set back within the last hour: the host's clock was wrong")
    found += _of_senders(offsets, steps.taken_s if is_recent else 0.0)
    absurd = core.pump.offsets.absurd()
    for name, one in absurd.items():
        if clock() - one.last_at <= SHOWN_S:
            found.append(f"{plural(one.alerts, 'alert')} of {name} gave a time over a day ahead, which is no clock's")
    return {
        "ok": not found,
        "detail": "; ".join(found),
        "engine_ahead_s": round(ahead_s, 3),
        "set_backs": accounts.get("set_backs", 0),
        "sources": {name: round(offset, 3) for name, offset in offsets.items()},
        "absurd": {name: one.alerts for name, one in absurd.items()},
    }


def _step(seconds: float) -> str:
    return f"{duration(abs(seconds))} {'forward' if seconds > 0 else 'back'}"


def _of_senders(offsets: Mapping[str, float], step_s: float) -> list[str]:
    """Return sentences about clocks that are off.

    It is the host's clock that is wrong if it jumped away from the senders', or if all of theirs are off alike.
    """
    off = {name: offset for name, offset in offsets.items() if abs(offset) > WARN_S}
    left = {name for name, offset in off.items() if abs(step_s) > WARN_S and abs(offset + step_s) <= WARN_S}
    found = [f"the host's clock is wrong, as that of {plural(len(left), 'sender')} did not jump"] if left else []
    rest = {name: offset for name, offset in off.items() if name not in left}
    if len(rest) > 1 and len(rest) == len(offsets) and max(rest.values()) - min(rest.values()) <= WARN_S:
        offset = min(rest.values())
        return [
            *found,
            f"the host's clock is {_away(-offset)}, or those of all {len(rest)} senders are {_away(offset)}",
        ]
    return found + [f"the clock of {name} is {_away(offset)}" for name, offset in rest.items()]


def _away(offset: float) -> str:
    return f"{duration(abs(offset))} {'ahead' if offset > 0 else 'late, or more'}"


def clock_families(core: Core) -> list[Family]:
    """Return the metrics of clocks."""
    ahead = Family("aiops_engine_clock_ahead_seconds", "gauge", "Lead of engine time over the host's clock.")
    set_backs = Family("aiops_engine_clock_set_backs_total", "counter", "Times that engine time was set back.")
    offsets = Family(
        "aiops_source_clock_offset_seconds", "gauge", "Lead of a sender's clock over the host's; negative if late."
    )
    for name, offset in core.pump.offsets.estimates().items():
        offsets.add(round(offset, 3), source=name)
    absurd = Family("aiops_source_absurd_times_total", "counter", "Alerts with a time over a day ahead of receipt.")
    for name, one in core.pump.offsets.absurd().items():
        absurd.add(one.alerts, source=name)
    accounts = core.pump.accounts
    ahead.add(accounts.get("clock_ahead_s", 0.0))
    set_backs.add(accounts.get("set_backs", 0))
    return [ahead, set_backs, offsets, absurd]
