"""Routes, time intervals and inhibition in `aiops.toml`, with Alertmanager's words and meanings.

Source: https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=10 * 366 * 86_400)]
Text = Annotated[str, Meta(max_length=200)]
IntervalName = Annotated[str, Meta(min_length=1, max_length=200)]


class RouteSettings(Struct, frozen=True, kw_only=True):
    """Settings of `[[endpoints]]` that a route replaces; absent: those of the route above it."""

    # By severity, or one number for all severities.
    settle_s: dict[str, Seconds] | Seconds | None = None
    min_severity: str | None = None
    max_updates: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    update_every_s: Seconds | None = None
    repeat_interval_s: Seconds | None = None
    send_resolved: bool | None = None
    hold_resolved_s: Seconds | None = None


class Route(RouteSettings, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"is_continued": "continue"}):
    """A node of the tree.

    An alert takes the first child that matches it, and continues after one with `continue`.
    """

    # For people; `aiops routes show` prints it.
    name: Text = ""
    # All of them must match one alert of the incident.
    matchers: list[str] = []
    # Absent: those of the route above. Empty: nobody is notified.
    endpoints: list[str] | None = None
    is_continued: bool = False
    # Not inherited, as in Alertmanager.
    mute_time_intervals: list[IntervalName] = []
    active_time_intervals: list[IntervalName] = []
    routes: list[Route] = []


class TimeRange(Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes of a day, `HH:MM`; the end is not part of it and may be 24:00."""

    start_time: str
    end_time: str


class TimeSpan(Struct, frozen=True, forbid_unknown_fields=True):
    """Times at which all that is given holds; of each list, one entry must hold."""

    times: list[TimeRange] = []
    weekdays: list[str] = []
    days_of_month: list[str | int] = []
    months: list[str | int] = []
    years: list[str | int] = []
    # A time zone by name.
    location: str = "UTC"


class TimeInterval(Struct, frozen=True, forbid_unknown_fields=True):
    """A named time interval: the times of any of its spans."""

    name: IntervalName
    time_intervals: list[TimeSpan]


class InhibitRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule: a firing source inhibits alerts that match the target and share the `equal` labels."""

    source_matchers: list[str]
    target_matchers: list[str]
    equal: list[str] = []
    # For people: the reason that is shown.
    name: Text = ""


class InhibitionConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Inhibition without rules of one's own."""

    # An incident mutes the openings of what depends on its entities. Off: a dependency alone proves no cause, and an
    # upgrade must not end pages without a decision of the user.
    topology: bool = False
