"""Waiting for what must happen, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
# A machine at a tenth of the speed that other work keeps busy as well. What holds ends the wait at once, so that only a
# test that fails takes this long; pytest's own limit for a test (pyproject.toml) is longer.
WITHIN_S = 120.0
# Between two looks: short beside anything that is waited for, long beside one look.
_LOOK_S = 0.02


def eventually(
    condition: Callable[[], Found], within_s: float = WITHIN_S, *, or_say: Callable[[], object] | None = None
) -> Found:
    """The first true answer of `condition`; fail with what `or_say` returns where none comes in time."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"nothing within {within_s:g} s: {or_say() if or_say else condition}"
        time.sleep(_LOOK_S)
    return found
