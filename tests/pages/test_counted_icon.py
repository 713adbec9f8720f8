"""The icon with a number: small, well-formed, and the plain icon for whatever is no number."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from aiops.pages.assets import STATIC
from aiops.pages.counted_icon import counted_icon

ICON = (STATIC / "icon.svg").read_bytes()


@pytest.mark.parametrize("count", ["", "0", "-1", "1.5", "x", "<b>", "9" * 10_000, "²", "٣"])
def test_icon_without_a_number_is_the_plain_one(count: str) -> None:
    assert counted_icon(ICON, count, "critical") == ICON


@pytest.mark.parametrize(("count", "text"), [("1", "1"), ("42", "42"), ("100", "99+"), ("999999", "99+")])
def test_icon_shows_the_number_within_its_frame(count: str, text: str) -> None:
    root = ElementTree.fromstring(counted_icon(ICON, count, "critical"))
    [shown] = [node for node in root.iter() if node.tag.endswith("text")]
    [badge] = [node for node in root.iter() if node.tag.endswith("rect")]
    assert shown.text == text
    assert float(badge.attrib["x"]) >= 0
    assert badge.attrib["fill"] == "#c3142d"


def test_icon_of_an_unknown_level_is_that_of_an_open_one() -> None:
    assert counted_icon(ICON, "3", '"/><script>') == counted_icon(ICON, "3", "open")
