"""The stretch of a timeline: the whole incident by default, any other by the address, never an empty one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.views.stretch import LEAST_S, MAX_BARS, MOST_S, stretch_of, zooms
from tests.views.incidents import START, incident

TIMES = st.floats(0, 4_102_444_799, allow_nan=False)


def test_an_open_incident_is_shown_up_to_now() -> None:
    found = stretch_of(incident(), [], START + 700)
    assert found.start < START < START + 700 < found.end
    assert found.is_whole


def test_an_incident_long_quiet_is_shown_to_its_last_alert() -> None:
    found = stretch_of(incident(), [], START + 90_000)
    assert START + 600 < found.end < START + 1_000


def test_a_change_just_before_is_shown_and_one_long_before_can_be_reached() -> None:
    near = stretch_of(incident(), [START - 24], START + 600)
    assert near.start < START - 24
    far = stretch_of(incident(), [START - 3_000], START + 600)
    assert START - 3_000 < far.start < START
    assert far.first == START - 3_000
    assert "Earlier" in [one.name for one in zooms(far)]
    assert stretch_of(incident(), [START - 90_000], START).first == START


def test_the_address_gives_the_stretch() -> None:
    found = stretch_of(incident(), [], START + 600, START + 100, START + 400)
    assert (found.start, found.end, found.is_whole) == (START + 100, START + 400, False)
    assert [one.name for one in zooms(found)] == ["Earlier", "Later", "Zoom in", "Zoom out", "Whole incident"]
    assert zooms(found)[-1].start is None


def test_one_bound_keeps_the_length() -> None:
    whole = stretch_of(incident(), [], START + 600)
    later = stretch_of(incident(), [], START + 600, START + 300)
    assert round(later.end - later.start) == round(whole.end - whole.start)
    earlier = stretch_of(incident(), [], START + 600, None, START + 300)
    assert earlier.end == START + 300


@given(TIMES, TIMES, TIMES)
def test_any_address_gives_a_stretch_that_can_be_drawn(start: float, end: float, at: float) -> None:
    found = stretch_of(incident(), [], at, start, end)
    assert 0 <= found.start < found.end
    assert found.end - found.start + 1e-3 >= LEAST_S
    assert found.end - found.start <= MOST_S + 1e-3
    assert (found.end - found.start) / found.bucket_s <= MAX_BARS + 1
    for one in zooms(found):
        if one.start is not None and one.end is not None:
            assert 0 <= one.start < one.end


def test_an_incident_without_times_has_a_stretch() -> None:
    bare = incident(first_alert_at=None, last_alert_at=None, opened_at=None)
    found = stretch_of(bare, [], 100.0)
    assert found.end - found.start >= LEAST_S
