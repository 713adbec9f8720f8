"""The picture of the timeline: readable with 2 or 200 services, nothing over another, hostile names as text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.pages import timeline_picture
from aiops.views.course import Course
from aiops.views.marks import Mark
from aiops.views.stretch import stretch_of
from aiops.views.timeline import Timeline, timeline
from tests.pages.svg_geometry import Picture
from tests.views.incidents import START, alerts, incident, minute, stream

HOSTILE = ["<script>alert(1)</script>", "a\u202eb\x00", "x" * 10_000, "漢字" * 40, "👩‍👩‍👧" * 20, "a-" * 300]
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
MARKS = st.lists(st.builds(Mark, st.floats(START - 900, START + 1_800), NAMES), max_size=12)


def line(names: list[str], course: Course | None = None, at: float = START + 600, **address: float) -> Timeline:
    own = alerts(
        *[stream("Slow", name, severity=2 + place % 3, first_at=START + place) for place, name in enumerate(names)],
        minutes=tuple(minute(turn, name, 1 + turn * 7, 2 + turn % 3) for name in names for turn in range(9)),
        cause=names[0] if names else None,
    )
    one = incident()
    return timeline(one, own, course or Course(), stretch_of(one, [], at, address.get("start"), address.get("end")))


def both(shown: Timeline) -> list[Picture]:
    return [Picture(timeline_picture.wide(shown, "UTC")), Picture(timeline_picture.narrow(shown, "UTC"))]


def test_two_services_and_two_hundred_are_readable() -> None:
    for count in (2, 200):
        for picture in both(line([f"payments-service-{number:03}" for number in range(count)])):
            assert picture.overlapping() == []
            assert picture.outside() == []
    assert any(text.text == "188 more services" for text in both(line([f"s{n}" for n in range(200)]))[0].texts)


@settings(max_examples=40)
@given(
    st.lists(NAMES, max_size=14, unique=True), MARKS, st.floats(START - 9_000, START + 9_000), st.floats(130, 9_000_000)
)
def test_nothing_overlaps_whatever_is_shown(names: list[str], marks: list[Mark], start: float, length: float) -> None:
    course = Course(marks, marks, marks, marks, marks)
    for picture in both(line(names, course, start=start, end=start + length)):
        assert picture.overlapping() == []
        assert picture.outside() == []
        assert {one.tag for one in picture.root.iter()} <= {"svg", "g", "title", "text", "path", "rect"}


def test_the_height_of_a_mark_is_its_severity() -> None:
    picture = both(line(["web"]))[0]
    heights: dict[str, set[str]] = {}
    for one in picture.root.iter("path"):
        if one.attrib["class"].startswith("bar"):
            found = {part.split("M")[0] for part in one.attrib["d"].split("v-")[1:]}
            heights.setdefault(one.attrib["class"].split()[1], set()).update(found)
    assert heights == {"critical": {"30"}, "high": {"22"}, "warning": {"13"}}


def test_the_width_of_a_mark_grows_with_the_number_of_alerts() -> None:
    own = alerts(minutes=(minute(0, "web", 3), minute(2, "web", 30), minute(4, "web", 300)))
    one = incident()
    shown = timeline(one, own, Course(), stretch_of(one, [], START + 600))
    picture = Picture(timeline_picture.wide(shown, "UTC"))
    widths = [float(path.attrib["stroke-width"]) for path in picture.root.iter("path") if "stroke-width" in path.attrib]
    assert sorted(widths) == [2.5, 5.0, 7.5]


def test_the_cause_is_marked_and_the_present_too() -> None:
    picture = both(line(["web", "db"]))[0]
    assert len([one for one in picture.root.iter("rect") if one.get("class") == "lit"]) == 1
    assert "now" in [text.text for text in picture.texts]
    assert "now" not in [text.text for text in both(line(["web"], at=START + 90_000))[0].texts]


def test_a_narrow_picture_has_the_name_on_two_lines() -> None:
    texts = [text.text for text in both(line(["payments-reporter", "db"]))[1].texts]
    assert "payments-" in texts
    assert "reporter" in texts
    assert not any("alerts" in text for text in texts)


def test_the_description_names_the_tracks() -> None:
    found = timeline_picture.description(line(["web", "db"]), "UTC")
    assert found.startswith("Alerts by service from 09:59:")
    assert "web (cause), 261 alerts" in found


def test_bars_of_a_long_stretch_stay_small() -> None:
    names = [f"s{number}" for number in range(12)]
    own = alerts(minutes=tuple(minute(turn, name, 3, 2 + turn % 3) for name in names for turn in range(1_440)))
    one = incident(last_alert_at=START + 86_400)
    shown = timeline(one, own, Course(), stretch_of(one, [], START + 86_400))
    assert len(timeline_picture.wide(shown, "UTC")) < 90_000


def test_onsets_that_touch_are_one_mark() -> None:
    own = alerts(stream("Slow", "web", onsets=[START, START + 0.5, START + 300]), minutes=(minute(0, "web", 3),))
    one = incident()
    picture = Picture(timeline_picture.wide(timeline(one, own, Course(), stretch_of(one, [], START + 600)), "UTC"))
    [onsets] = [path.attrib["d"] for path in picture.root.iter("path") if path.get("class") == "onset"]
    assert onsets.count("M") == 2
