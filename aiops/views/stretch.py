"""The stretch of time that a timeline shows, and the addresses of the stretches around it."""

from __future__ import annotations

from msgspec import Struct

from aiops.records import Incident

# Alerts are counted by the minute; longer stretches add minutes up to as many bars as can be seen apart.
MINUTE_S = 60.0
MAX_BARS = 120
_STEPS_S = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800)
# The narrowest stretch: two bars.
LEAST_S = 120.0
# The longest: ten years. A wider one comes from an absurd clock, or from a hand-written address.
MOST_S = 10 * 366 * 86_400.0
# A change counts against an incident up to an hour before it (`incidents.change_window_s`).
BEFORE_S = 3_600.0


class Stretch(Struct):
    """A time from `start` to `end` (Unix seconds).

    `first` and `last` are the whole incident's, `at` is the present.
    """

    start: float
    end: float
    first: float
    last: float
    at: float
    bucket_s: float = MINUTE_S

    def bucket(self, at: float) -> float:
        """Return the beginning of the bucket that holds a time."""
        return at // self.bucket_s * self.bucket_s

    @property
    def is_whole(self) -> bool:
        """Return True if the whole incident is shown."""
        return self.start <= self.first and self.end >= self.last


def stretch_of(
    incident: Incident, changes: list[float], at: float, start: float | None = None, end: float | None = None
) -> Stretch:
    """Return the stretch of an address, else the whole incident with the changes before it.

    An open incident is shown up to the present, unless it has been quiet for longer than it lasted.
    """
    begun = incident.first_alert_at if incident.first_alert_at is not None else incident.opened_at or 0.0
    last = incident.last_alert_at if incident.last_alert_at is not None else begun
    lasted = max(last - begun, 10 * MINUTE_S)
    before = [one for one in changes if begun - BEFORE_S <= one <= begun]
    # A change long before a short incident would press the incident against the edge.
    shown_first = min([one for one in before if begun - one <= lasted / 2], default=begun)
    first = min(before, default=begun)
    ended = incident.resolved_at if incident.resolved_at is not None else at
    shown = ended if last <= ended <= last + lasted else last
    slack = max(MINUTE_S / 2, 0.03 * (shown - shown_first))
    whole = (shown_first - slack, shown + slack)
    # One bound alone keeps the length of the whole.
    length = whole[1] - whole[0]
    if start is not None:
        whole = (start, end if end is not None else start + length)
    elif end is not None:
        whole = (end - length, end)
    return _bounded(whole[0], whole[1], first, max(last, shown), at)


def _bounded(start: float, end: float, first: float, last: float, at: float) -> Stretch:
    start = max(0.0, start)
    if end - start < LEAST_S:
        start = max(0.0, (start + max(0.0, end)) / 2 - LEAST_S / 2)
        end = start + LEAST_S
    end = min(end, start + MOST_S)
    bucket = next((one for one in _STEPS_S if (end - start) / one <= MAX_BARS), (end - start) / MAX_BARS)
    return Stretch(start, end, first, last, at, float(bucket))


class Zoom(Struct):
    """A stretch one can go to: its name, and its bounds; without bounds the whole incident."""

    name: str
    start: float | None = None
    end: float | None = None


def zooms(stretch: Stretch) -> list[Zoom]:
    """Return where one can go from a stretch; what would change nothing is left out."""
    length, middle = stretch.end - stretch.start, (stretch.start + stretch.end) / 2
    found = []
    if stretch.start > stretch.first:
        found.append(Zoom("Earlier", max(0.0, stretch.start - length / 2), max(length, stretch.end - length / 2)))
    if stretch.end < stretch.last:
        found.append(Zoom("Later", stretch.start + length / 2, stretch.end + length / 2))
    if length > 2 * LEAST_S:
        found.append(Zoom("Zoom in", middle - length / 4, middle + length / 4))
    if not stretch.is_whole:
        found += [
            Zoom("Zoom out", max(0.0, stretch.start - length / 2), stretch.end + length / 2),
            Zoom("Whole incident"),
        ]
    elif length > 20 * MINUTE_S:
        found.append(Zoom("First 10 minutes", stretch.first, stretch.first + 10 * MINUTE_S))
    return found
