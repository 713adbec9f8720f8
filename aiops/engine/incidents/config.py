"""Settings of incidents."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=30 * 86_400)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


class IncidentConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of incidents."""

    # Below this, a cluster is background until a more severe alert joins it.
    min_severity: str = "warning"
    # One or two warnings wait this long for other alerts, or for their own resolution, before anybody is notified; 0
    # notifies at once. Most warnings resolve within half an hour. Alerts without a severity of their tool do not wait.
    lone_warning_s: Annotated[float, Meta(ge=0, le=86_400)] = 1800.0
    # An incident ends when nothing of it has fired for this long: shorter, and every restart opens a second one.
    resolve_after_s: Seconds = 300.0
    # The same alert again within this time after its end returns to its incident, even if the correlator has let go of
    # the cluster.
    reopen_s: Seconds = 900.0
    # An incident whose pattern returned waits for its next return, for at most this long after its last alert, and one
    # that returns within this time of its end is no news. Two and a half pauses of a job that fails every hour; a
    # shift of eight hours should not see yesterday's trouble as a part of today's.
    return_window_s: Seconds = 10_800.0
    # First ranking after opening: before a message about a high incident is due (`settle_s`, 10 s), which then has the
    # cause. Later rankings see the alerts that arrive meanwhile.
    rank_after_s: Seconds = 8.0
    # Re-ranking backs off to this while an incident continues to change.
    rank_at_most_every_s: Seconds = 600.0
    # Streams kept with their evidence; a larger incident continues to count without them.
    max_members: Count = 2_000
    # Ended incidents kept for reopening and feedback.
    max_closed: Count = 1_000
    # More incidents opened within the window than this are a storm, which nobody can read: from then on alerts that
    # stand alone are gathered in a few incidents. One every three seconds is twice the busiest minutes of archives;
    # 0 never gathers.
    storm_incidents: Annotated[int, Meta(ge=0, le=100_000)] = 100
    # The window of `storm_incidents`.
    storm_window_s: Seconds = 300.0
    # A promoted noise model holds back at most this share of the last 100 incidents that would open, and nothing
    # critical; 0 lets no model hold anything. Half: a model that finds more to be noise has learned from too little.
    held_share: Annotated[float, Meta(ge=0, le=0.9)] = 0.5
    # How long before the onset a change can be suspected.
    change_window_s: Seconds = 3600.0
