"""Alertmanager's configuration for the scenarios: a route and a receiver each, with short waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec

WAIT_S, INTERVAL_S, REPEAT_S = 1, 2, 4
# The engine reports what is new of an incident at most every five seconds.
GROUP_S = 7
# A mute that ends at a full minute must last long enough for a message to be held: no sooner than this from now.
HELD_S = 25.0
ROUTES: dict[str, dict[str, Any]] = {
    "group": {"group_wait": f"{GROUP_S}s", "group_interval": f"{GROUP_S}s"},
    "repeat": {"repeat_interval": f"{REPEAT_S}s"},
    "resolved": {},
    "unresolved": {},
    "copies": {},
    "again": {},
    "severity": {},
    "inhibit": {},
    "silence": {},
    "ended": {},
    "muted": {"mute_time_intervals": ["now"]},
    "unmuted": {"mute_time_intervals": ["minute"]},
    "inactive": {"active_time_intervals": ["never"]},
    "retry": {},
    "refused": {},
    "restart": {},
    "kept": {},
}
BEHIND = ("first", "second", "third")


def configuration(port: int, at: float | None = None) -> str:
    """Return the YAML for a receiver on a port; `at` is the time of the run, for the mute that ends."""
    now = time.time() if at is None else at
    routes: list[dict[str, Any]] = [_route(name, **more) for name, more in ROUTES.items()]
    # An alert goes to the first and the second, and not to the third.
    routes += [
        {"matchers": ['scenario="continue"'], "receiver": "first", "continue": True},
        {"matchers": ['scenario="continue"'], "receiver": "second"},
        {"matchers": ['scenario="continue"'], "receiver": "third"},
    ]
    root = {
        "receiver": "default",
        "group_by": ["alertname", "scenario"],
        "group_wait": f"{WAIT_S}s",
        "group_interval": f"{INTERVAL_S}s",
        "repeat_interval": "1h",
        "routes": routes,
    }
    names = ["default", *ROUTES, *BEHIND]
    whole = {
        "route": root,
        "receivers": [_receiver(name, port) for name in names],
        "inhibit_rules": [
            {
                "source_matchers": ['scenario="inhibit"', 'role="source"'],
                "target_matchers": ['scenario="inhibit"', 'role="target"'],
                "equal": ["node"],
            }
        ],
        "time_intervals": [
            {"name": "now", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]},
            {"name": "never", "time_intervals": [{"years": ["2000"]}]},
            {"name": "minute", "time_intervals": [{"times": [_until_a_minute(now)]}]},
        ],
    }
    return msgspec.yaml.encode(whole).decode()


def mute_end(at: float) -> float:
    """Return the full minute at which the mute ends: the first that is at least `HELD_S` away."""
    return (int(at + HELD_S) // 60 + 1) * 60.0


def _route(name: str, **more: Any) -> dict[str, Any]:
    return {"matchers": [f'scenario="{name}"'], "receiver": name, **more}


def _receiver(name: str, port: int) -> dict[str, Any]:
    hook = {"url": f"http://127.0.0.1:{port}/{name}", "send_resolved": name != "unresolved"}
    return {"name": name, "webhook_configs": [hook]}


def _until_a_minute(now: float) -> dict[str, str]:
    end = datetime.fromtimestamp(mute_end(now), UTC)
    start = datetime.fromtimestamp(mute_end(now) - 600, UTC)
    if start.date() != end.date():
        # A time interval ends at midnight.
        return (
            {"start_time": "00:00", "end_time": f"{end:%H:%M}"}
            if end.hour or end.minute
            else {"start_time": f"{start:%H:%M}", "end_time": "24:00"}
        )
    return {"start_time": f"{start:%H:%M}", "end_time": f"{end:%H:%M}"}
