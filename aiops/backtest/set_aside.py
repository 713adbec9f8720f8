"""Replays without the records that the engine cannot process: these are set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from aiops.backtest.driver import RecordFault

# Records that a replay sets aside; each costs a replay from the beginning, and more are a defect of the engine.
MAX_FAULTS = 20

T = TypeVar("T")


def setting_aside(
    attempt: Callable[[Mapping[int, str]], T], report: Callable[[RecordFault], None], most: int = MAX_FAULTS
) -> T:
    """Call `attempt` with the reasons by record number (see `without`) until no record fails.

    The daemon does the same: the record is set aside, and everything begins anew without it. Report each fault, and
    raise the `RecordFault` that is one more than `most`.
    """
    reasons: dict[int, str] = {}
    while True:
        try:
            return attempt(reasons)
        except RecordFault as fault:
            if len(reasons) >= most:
                raise
            reasons[fault.number] = fault.reason
            report(fault)
