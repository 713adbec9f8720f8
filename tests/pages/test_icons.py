"""Icons: each is one drawing of our own, and hostile words choose none."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from aiops.pages.icons import MARKS, NAMES, icon, mark
from aiops.pages.rail import ENTRIES


def test_every_drawing_is_sound_and_hidden_from_readers_of_the_screen() -> None:
    for drawn in [*map(icon, NAMES), *map(mark, MARKS)]:
        assert ElementTree.fromstring(drawn).get("aria-hidden") == "true"
        assert "style" not in drawn


def test_the_marks_differ_in_shape() -> None:
    assert len({mark(one) for one in MARKS}) == 5
    assert mark('"><script>') == mark("warning")


def test_the_rail_has_an_icon_for_each_page() -> None:
    assert {one.icon for one in ENTRIES} <= set(NAMES)


def test_an_unknown_icon_is_a_fault_of_the_template() -> None:
    with pytest.raises(KeyError):
        icon("nothing")
