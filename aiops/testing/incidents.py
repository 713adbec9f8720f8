"""Incidents for the kits of models: endless, deterministic, each with a new name in it."""

from __future__ import annotations

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause, Change

NAMES = ("KubePodCrashLooping", "HighErrorRate", "HostHighCpuLoad", "RedisDown", "NodeFilesystemSpaceFillingUp", "Odd")
# Text as a payload of anybody may hold it.
HOSTILE = "<!channel> \x1b[2J\u202e {{ x }} %s \U0001f600" * 20


def incident(number: int) -> IncidentView:
    """Return incident `number`: common alerts, one with a new name, every tenth with hostile text."""
    at = 1_790_000_000.0 + number * 600.0
    facts = [
        AlertFact(
            f"e{step}", NAMES[(number + step) % len(NAMES)], 1 + number % 4, 1, at + step, at + step, f"svc{step}"
        )
        for step in range(1 + number % 3)
    ]
    facts.append(AlertFact(f"new-{number}", f"Name{number}", 2, 1, at + 9, at + 9, message=f"value {number}"))
    if number % 10 == 0:
        facts.append(AlertFact(HOSTILE[:200], HOSTILE[:300], 3, 7, at + 10, at + 10, message=HOSTILE))
    changes = [Change(ts=at - 60, entity="e0", name="deploy")] if number % 4 == 0 else []
    causes = [Cause("e0", confidence="medium")]
    return IncidentView(f"i{number}", at, facts, changes=changes, severity=3, causes=causes)


def empty() -> IncidentView:
    """Return an incident without alerts."""
    return IncidentView("none", 1_790_000_000.0, [])
