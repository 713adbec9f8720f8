"""The course of an incident by service: counted from minutes, at most a dozen tracks, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.views.course import Course
from aiops.views.incident_alerts import IncidentAlerts
from aiops.views.marks import Mark
from aiops.views.stretch import stretch_of
from aiops.views.timeline import MAX_TRACKS, Timeline, timeline
from tests.views.incidents import START, alerts, incident, minute, stream


def shown(own: IncidentAlerts, start: float | None = None, end: float | None = None) -> Timeline:
    one = incident()
    return timeline(one, own, Course(), stretch_of(one, [], START + 600, start, end))


def test_the_cause_comes_first_then_the_order_of_the_onsets() -> None:
    own = alerts(
        stream("Slow", "web", severity=4, first_at=START + 60),
        stream("Slow", "cart", first_at=START + 30),
        stream("Full", "db", severity=2, first_at=START + 90),
        cause="db",
    )
    found = shown(own)
    assert [(one.name, one.is_cause) for one in found.tracks] == [("db", True), ("cart", False), ("web", False)]


def test_alerts_are_counted_by_minute_and_severity() -> None:
    own = alerts(stream("Slow", "web"), minutes=(minute(0, "web", 3), minute(0, "web", 2, 4), minute(1, "web", 1)))
    [track] = shown(own).tracks
    first = START // 60 * 60
    assert [(bar.at, bar.severity, bar.count) for bar in track.bars] == [
        (first, "high", 3),
        (first, "critical", 2),
        (first + 60, "high", 1),
    ]
    assert (track.alerts, track.severity) == (6, "critical")


def test_names_of_one_minute_are_one_bar() -> None:
    own = alerts(minutes=(minute(0, "web", 3, name="A"), minute(0, "web", 2, name="B")))
    assert [bar.count for bar in shown(own).tracks[0].bars] == [5]


def test_without_minutes_the_onsets_are_counted_and_that_is_stated() -> None:
    found = shown(alerts(stream("Slow", "web", count=90, onsets=[START, START + 120])))
    assert not found.is_counted
    assert [bar.count for bar in found.tracks[0].bars] == [1, 1]
    assert found.tracks[0].alerts == 90


def test_a_stretch_shows_its_own_minutes_alone() -> None:
    own = alerts(stream("Slow", "web"), minutes=tuple(minute(number, "web", 1) for number in range(10)))
    found = shown(own, START + 120, START + 300)
    assert [bar.at - START // 60 * 60 for bar in found.tracks[0].bars] == [120, 180, 240, 300]
    assert found.tracks[0].alerts == 10


def test_services_without_a_track_are_folded_and_named() -> None:
    own = alerts(*[stream("Slow", f"s{number:03}", severity=2 + (number < 3)) for number in range(200)], cause="s150")
    found = shown(own)
    assert len(found.tracks) == MAX_TRACKS
    assert {"s000", "s001", "s002", "s150"} <= {one.name for one in found.tracks}
    assert found.folded is not None
    assert (found.folded_count, found.folded.alerts) == (200 - MAX_TRACKS, 200 - MAX_TRACKS)
    assert not {one.name for one in found.tracks} & set(found.folded_names)


def test_one_service_too_many_has_a_track_of_its_own() -> None:
    found = shown(alerts(*[stream("Slow", f"s{number}") for number in range(MAX_TRACKS + 1)]))
    assert (len(found.tracks), found.folded) == (MAX_TRACKS + 1, None)


def test_the_course_is_kept() -> None:
    one = incident()
    course = Course(changes=[Mark(START, "deploy")], people=[Mark(START, "acknowledged", "alice")])
    found = timeline(one, alerts(), course, stretch_of(one, [], START))
    assert (found.changes, found.people, found.tracks) == (course.changes, course.people, [])


@given(
    st.lists(st.tuples(st.integers(-5, 50), st.integers(0, 30), st.integers(0, 4), st.integers(1, 900)), max_size=60)
)
def test_no_alert_is_lost(counted: list[tuple[int, int, int, int]]) -> None:
    own = alerts(minutes=tuple(minute(at, f"s{place}", count, level) for at, place, level, count in counted))
    found = shown(own, START - 3_600, START + 7_200)
    tracks = [*found.tracks, *([found.folded] if found.folded is not None else [])]
    total = sum(count for *_, count in counted)
    assert sum(track.alerts for track in tracks) == total
    assert sum(bar.count for track in tracks for bar in track.bars) == total
