"""The chart of minutes draws what was counted, with the reader's clock."""

from __future__ import annotations

from xml.etree import ElementTree

from aiops.pages.minutes_chart import minutes_chart

AT = 1_772_359_200.0


def test_the_last_bar_is_the_present_minute_in_the_readers_zone() -> None:
    picture = minutes_chart([0] * 59 + [50], AT, "Europe/Berlin")
    found = ElementTree.fromstring(picture)
    assert found.get("aria-label") == "50 alerts in 60 minutes, at most 50 a minute, 50 in the last one"
    labels = [one.text for one in found.iter("text")]
    assert labels[:3] == ["0", "30", "60"]
    assert labels[3:5] == ["11:00", "10:50"]
    [bars] = [one for one in found.iter("path") if one.get("class") == "minutes-bars"]
    assert (bars.get("d") or "").count("M") == 1


def test_an_hour_without_alerts_is_drawn_without_bars() -> None:
    picture = minutes_chart([0] * 60, AT, "UTC")
    assert 'aria-label="no alerts in 60 minutes"' in picture
    assert 'class="minutes-bars" d=""' in picture


def test_a_small_count_is_still_seen() -> None:
    assert "v-1.5" in minutes_chart([1, 10_000], AT, "UTC")


def test_nothing_of_the_picture_needs_a_style() -> None:
    assert "style=" not in minutes_chart([3, 4], AT, "UTC")
